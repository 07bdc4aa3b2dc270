import type { NetworkParams } from '../../params/index.ts';
import { type Address, addressesOf } from '../../script/index.ts';
import { bytesToHex } from '../../util/bytes.ts';
import { hashToHex } from '../../util/hash.ts';
import type { Block, Transaction } from '../../wire/index.ts';
import { plainText } from './message.ts';

/** A block in which a transaction is seen. */
export interface SeenBlock {
  readonly height: number;
  readonly block: Block;
}

/** A transaction that clients may have to hear of. What they are told of it is computed when the first of them needs it. */
export class SeenTransaction {
  readonly transaction: Transaction;
  readonly #params: NetworkParams;
  readonly #block: SeenBlock | undefined;
  readonly #index: number;
  #hex: string | undefined;
  #addresses: readonly (readonly Address[])[] | undefined;

  /** @param index place in the block, if it is in one. */
  constructor(transaction: Transaction, params: NetworkParams, block?: SeenBlock, index = 0) {
    this.transaction = transaction;
    this.#params = params;
    this.#block = block;
    this.#index = index;
  }

  /** Whether it is seen in a block, and not in the memory pool. */
  get isInBlock(): boolean {
    return this.#block !== undefined;
  }

  /** The serialised transaction, hexadecimal. */
  get hex(): string {
    this.#hex ??= bytesToHex(this.transaction.toBytes());
    return this.#hex;
  }

  /** The same as JSON text. */
  get hexText(): string {
    return plainText(this.hex);
  }

  /** Addresses of each output. */
  get addresses(): readonly (readonly Address[])[] {
    this.#addresses ??= this.transaction.outputs.map(({ pkScript }) => addressesOf(pkScript, this.#params).addresses);
    return this.#addresses;
  }

  /** Parameters of `recvtx` and `redeemingtx`: the transaction, and its place if it is in a block. */
  get placeTexts(): readonly string[] {
    if (!this.#block) return [this.hexText];
    const { height, block } = this.#block;
    const place = `{"height":${height},"hash":"${hashToHex(block.hash)}","index":${this.#index},"time":${block.header.timestamp}}`;
    return [this.hexText, place];
  }
}
