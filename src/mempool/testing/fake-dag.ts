import { type OrderChange, type Output, type OutputRecord, outpointKey, ReplayState } from '../../dag/index.ts';
import { networkParams } from '../../params/index.ts';
import { isUnspendable } from '../../script/index.ts';
import { Emitter } from '../../util/emitter.ts';
import { type Hash, hashKey } from '../../util/hash.ts';
import type { OutPoint, Transaction } from '../../wire/index.ts';
import { coinbaseInput, transactionOf } from '../../wire/testing/transactions.ts';
import type { MemoryPool } from '../memory-pool.ts';
import type { PoolDag } from '../ports.ts';

/** Simnet. */
export const fakeParams = networkParams('simnet');

const COINBASE = transactionOf([coinbaseInput(new Uint8Array(4))], []);

/** A hash made of a number. */
export function fakeHash(number: number): Hash {
  const hash = Buffer.alloc(32);
  hash.writeUInt32LE(number, 0);
  hash[31] = 0xaa;
  return hash;
}

/**
 * A DAG that is a plain chain without rules: outputs are what a test says, and blocks apply all their transactions. Orders
 * that change are tested with the real one.
 */
export class FakePoolDag implements PoolDag {
  readonly events = new Emitter<{ reorder: OrderChange }>();
  readonly #outputs = new Map<string, Pick<OutputRecord, 'state' | 'entry'>>();
  readonly #medianTimes = new Map<number, number>();
  minHeight = 200;
  maxHeight = 200;
  medianTimeOfBest = 1_700_000_000;
  #funds = 0;

  snapshot(): { minHeight: number; maxHeight: number } {
    return { minHeight: this.minHeight, maxHeight: this.maxHeight };
  }

  bestState(): { medianTime: number } {
    return { medianTime: this.medianTimeOfBest };
  }

  outputRecord({ hash, index }: OutPoint): Pick<OutputRecord, 'state' | 'entry'> {
    return this.#outputs.get(outpointKey(hash, index)) ?? { state: ReplayState.absent, entry: undefined };
  }

  blocksAtHeight(height: number): Hash[] {
    return this.#medianTimes.has(height) ? [fakeHash(height)] : [];
  }

  medianTime(hash: Hash): number | undefined {
    for (const [height, time] of this.#medianTimes) if (hashKey(fakeHash(height)) === hashKey(hash)) return time;
    return undefined;
  }

  getBlock(): undefined {
    return undefined;
  }

  setMedianTime(height: number, time: number): void {
    this.#medianTimes.set(height, time);
  }

  /** Makes an unspent output out of nothing. */
  fund(output: Partial<Output> = {}): OutPoint {
    const outpoint = { hash: fakeHash(this.#funds++), index: 0 };
    const entry = { value: 100_000_000n, pkScript: Uint8Array.of(0x51), height: 100, isCoinbase: false, ...output };
    this.#outputs.set(outpointKey(outpoint.hash, outpoint.index), { state: ReplayState.unspent, entry });
    return outpoint;
  }

  /** Connects a block with these transactions (and a coinbase that does not matter) and tells the pool. */
  connect(transactions: readonly Transaction[], pool?: Pick<MemoryPool, 'blockConnected'>): readonly Transaction[] {
    const height = ++this.maxHeight;
    this.minHeight = height;
    for (const tx of transactions) {
      for (const { prevout } of tx.inputs) this.#spend(prevout);
      for (const [index, { value, pkScript }] of tx.outputs.entries()) {
        if (isUnspendable(pkScript)) continue;
        const entry = { value, pkScript, height, isCoinbase: false };
        this.#outputs.set(outpointKey(tx.txid, index), { state: ReplayState.unspent, entry });
      }
    }
    const block = { transactions: [COINBASE, ...transactions] };
    return pool?.blockConnected({ hash: fakeHash(1_000_000 + height), height, block }) ?? [];
  }

  #spend(outpoint: OutPoint): void {
    const { entry } = this.outputRecord(outpoint);
    this.#outputs.set(outpointKey(outpoint.hash, outpoint.index), { state: ReplayState.spent, entry });
  }
}
