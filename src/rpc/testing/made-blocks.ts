import { networkParams } from '../../params/index.ts';
import { payToPubKeyHash } from '../../script/index.ts';
import { type Hash, hashKey, ZERO_HASH } from '../../util/hash.ts';
import { Block, BlockHeader, type OutPoint, type Transaction } from '../../wire/index.ts';
import { coinbaseInput, finalInput, transactionOf } from '../../wire/testing/transactions.ts';
import type { RpcDag } from '../ports.ts';
import { genesisDag } from './idle-ports.ts';

/** A script that pays to an address whose hash is one byte repeated. */
export function payTo(byte: number): Uint8Array {
  return payToPubKeyHash(new Uint8Array(20).fill(byte));
}

/** A transaction without signatures. */
export function transaction(prevouts: readonly OutPoint[], ...scripts: readonly Uint8Array[]): Transaction {
  return transactionOf(
    prevouts.map((prevout) => finalInput(prevout)),
    scripts.map((pkScript) => ({ value: 5_000_000_000n, pkScript })),
  );
}

/** An output of a transaction. */
export function output(tx: Transaction, index = 0): OutPoint {
  return { hash: tx.txid, index };
}

let salt = 0;

/** A block that keeps few rules, with a coinbase and these transactions; no two are equal. */
export function madeBlock(parents: readonly Hash[], ...transactions: readonly Transaction[]): Block {
  const outputs = [{ value: 1n, pkScript: Uint8Array.of(0x51) }];
  const coinbase = transactionOf([coinbaseInput(Uint8Array.of(1, 2))], outputs, ++salt);
  return new Block({
    header: new BlockHeader({
      version: 1,
      prevBlock: ZERO_HASH,
      merkleRoot: coinbase.txid,
      timestamp: 1_600_000_000 + salt,
      bits: 0x207fffff,
      nonce: salt,
    }),
    parentsVersion: 1,
    parents: parents.map((hash) => ({ hash, data: new Uint8Array(32) })),
    transactions: [coinbase, ...transactions],
  });
}

/** Blocks in memory with the questions that a search asks; whoever listens is told of new ones. */
export class BlockShelf {
  readonly #blocks = new Map<string, { readonly block: Block; readonly height: number }>();
  readonly #listeners = new Set<(connected: { block: Block; height: number }) => void>();

  constructor() {
    this.add(networkParams('simnet').genesis, 0);
  }

  add(block: Block, height: number): Block {
    this.#blocks.set(hashKey(block.hash), { block, height });
    for (const listener of this.#listeners) listener({ block, height });
    return block;
  }

  onBlock(listener: (connected: { block: Block; height: number }) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  get dag(): RpcDag {
    const all = () => [...this.#blocks.values()];
    return {
      ...genesisDag(),
      snapshot: () => ({ ...genesisDag().snapshot(), maxHeight: Math.max(...all().map(({ height }) => height)) }),
      blocksAtHeight: (height) =>
        all()
          .filter((each) => each.height === height)
          .map(({ block }) => block.hash),
      blockHeight: (hash) => this.#blocks.get(hashKey(hash))?.height,
      getBlock: (hash) => this.#blocks.get(hashKey(hash))?.block,
    };
  }
}
