import { type Hash, hashKey } from '../../util/hash.ts';
import type { Transaction } from '../../wire/index.ts';
import { finalInput, transactionOf } from '../../wire/testing/transactions.ts';
import type { PoolEntry, ServerPool } from '../ports.ts';

/** A transaction without meaning; `salt` makes it differ from others. */
export function makeTransaction(salt: number): Transaction {
  const input = finalInput({ hash: Buffer.alloc(32, 9), index: salt });
  return transactionOf([input], [{ value: 1n, pkScript: Uint8Array.of(0x51) }], salt);
}

/** A pool that takes everything. */
export class FakePool implements ServerPool {
  readonly #entries = new Map<string, PoolEntry>();

  add(transaction: Transaction, feeRate = 1000n): void {
    const { txid } = transaction;
    this.#entries.set(hashKey(txid), { txid, transaction, feeRate });
  }

  have(txid: Hash): boolean {
    return this.#entries.has(hashKey(txid));
  }

  entry(txid: Hash): PoolEntry | undefined {
    return this.#entries.get(hashKey(txid));
  }

  entries(): Iterable<PoolEntry> {
    return this.#entries.values();
  }

  process(tx: Transaction): readonly Transaction[] {
    this.add(tx);
    return [tx];
  }

  blockConnected(): readonly Transaction[] {
    return [];
  }

  removeOrphansOf(): void {
    // Has no orphans.
  }
}
