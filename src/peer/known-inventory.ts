import { LRUCache } from 'lru-cache';
import { hashKey } from '../util/hash.ts';
import { INV_WITNESS_FLAG, type InvVector } from '../wire/index.ts';

/**
 * Key of an inventory item: kind and hash. Neither the height, which is a hint, nor the witness flag make another item,
 * so a block that was fetched in witness form with unknown height is not announced back to its source.
 */
export function itemKey(item: InvVector): string {
  return `${item.type & ~INV_WITNESS_FLAG}:${hashKey(item.hash)}`;
}

/** Items that the remote is known to have, least recently used ones forgotten first. */
export class KnownInventory {
  readonly #items: LRUCache<string, true>;

  constructor(capacity: number) {
    this.#items = new LRUCache({ max: capacity });
  }

  get size(): number {
    return this.#items.size;
  }

  /** Remembers that the remote has the item. */
  add(item: InvVector): void {
    this.#items.set(itemKey(item), true);
  }

  /** True if the remote is known to have the item; counts as a use. */
  has(item: InvVector): boolean {
    return this.#items.get(itemKey(item)) === true;
  }
}
