import type { Address } from '../../script/index.ts';
import { type OutPoint, outpointKey } from '../../wire/index.ts';
import { AddressSet } from './address-set.ts';
import type { SeenTransaction } from './seen-transaction.ts';

/**
 * The filter of one client (`loadtxfilter`): a transaction matches if it spends an output of the filter or pays to an address of
 * it. Outputs that match join the filter, and stay when they are spent.
 */
export class TransactionFilter {
  readonly #addresses = new AddressSet();
  readonly #outpoints = new Set<string>();

  /** Addresses and outputs in the filter. */
  get size(): number {
    return this.#addresses.size + this.#outpoints.size;
  }

  addAddress(address: Address): void {
    this.#addresses.add(address);
  }

  addOutpoint({ hash, index }: OutPoint): void {
    this.#outpoints.add(outpointKey(hash, index));
  }

  /** Whether a transaction matches; the filter grows by its matching outputs. */
  take(seen: SeenTransaction): boolean {
    const { inputs, txid, isCoinbase } = seen.transaction;
    let matches =
      !isCoinbase &&
      this.#outpoints.size > 0 &&
      inputs.some(({ prevout }) => this.#outpoints.has(outpointKey(prevout.hash, prevout.index)));
    // Finding the addresses is the costly part.
    if (this.#addresses.size === 0) return matches;
    for (const [index, found] of seen.addresses.entries()) {
      if (!found.some((address) => this.#addresses.has(address))) continue;
      this.#outpoints.add(outpointKey(txid, index));
      matches = true;
    }
    return matches;
  }
}
