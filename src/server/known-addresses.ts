import { addressKey } from '../addrmgr/index.ts';
import type { NetAddress } from '../wire/index.ts';

/** Addresses remembered for one peer; beyond it the oldest are forgotten. */
const MAX_KNOWN_ADDRESSES = 5000;

/** Addresses that a peer told us or was told: they need not be told to it again. */
export class KnownAddresses {
  readonly #addresses = new Map<string, NetAddress>();

  get size(): number {
    return this.#addresses.size;
  }

  add(address: NetAddress): void {
    const key = addressKey(address);
    if (this.#addresses.has(key)) return;
    this.#addresses.set(key, { ...address, ip: Uint8Array.from(address.ip) });
    if (this.#addresses.size <= MAX_KNOWN_ADDRESSES) return;
    for (const oldest of this.#addresses.keys()) {
      this.#addresses.delete(oldest);
      return;
    }
  }

  has(address: NetAddress): boolean {
    return this.#addresses.has(addressKey(address));
  }

  /** Oldest first. */
  list(): Iterable<NetAddress> {
    return this.#addresses.values();
  }

  /** Texts of the addresses, oldest first. */
  keys(): Iterable<string> {
    return this.#addresses.keys();
  }
}
