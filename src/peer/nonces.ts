import { LRUCache } from 'lru-cache';

/**
 * Nonces of the version messages that a node sent lately. A version that arrives with one of them comes from the node
 * itself: it dialled its own address.
 */
export class SentNonces {
  readonly #nonces: LRUCache<bigint, true>;

  /** @param capacity nonces remembered; the least recently used one is forgotten first. */
  constructor(capacity = 50) {
    this.#nonces = new LRUCache({ max: capacity });
  }

  /** Remembers a nonce that is about to be sent. */
  add(nonce: bigint): void {
    this.#nonces.set(nonce, true);
  }

  /** True if we sent this nonce. */
  has(nonce: bigint): boolean {
    return this.#nonces.get(nonce) === true;
  }
}
