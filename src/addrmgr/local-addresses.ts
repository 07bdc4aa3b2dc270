import type { NetAddress } from '../wire/index.ts';
import { addressKey, hostOf } from './address-key.ts';
import { isIpv4, isOnion, isRoutable } from './ranges.ts';
import { reachability } from './reachability.ts';

/** How an own address became known, least trusted first. */
export const LocalPriority = { interface: 0, bound: 1, upnp: 2, http: 3, manual: 4 } as const;
export type LocalPriority = (typeof LocalPriority)[keyof typeof LocalPriority];

/** An own address that nobody outside could reach. */
export class UnroutableAddressError extends Error {
  override name = 'UnroutableAddressError';

  constructor(ip: Uint8Array) {
    super(`address ${hostOf(ip)} is not routable`);
  }
}

/** Own addresses are few: interfaces, mappings, what the operator says. Beyond this no more are taken. */
const MAX_LOCAL_ADDRESSES = 256;

/** An own address and how much it is trusted. */
export interface LocalAddress {
  readonly address: NetAddress;
  readonly score: number;
}

const UNSPECIFIED_IPV6 = new Uint8Array(16);
const UNSPECIFIED_IPV4 = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0]);

/** Our own addresses as others may reach us. */
export class LocalAddresses {
  readonly #addresses = new Map<string, { readonly address: NetAddress; score: number }>();

  /**
   * Adds an own address; a known one rises in rank if `priority` is above its score.
   * @throws {UnroutableAddressError}
   */
  add(address: NetAddress, priority: LocalPriority): void {
    if (!isRoutable(address.ip)) throw new UnroutableAddressError(address.ip);
    const key = addressKey(address);
    const known = this.#addresses.get(key);
    if (!known) {
      if (this.#addresses.size < MAX_LOCAL_ADDRESSES) this.#addresses.set(key, { address, score: priority });
    } else if (known.score < priority) {
      known.score = priority + 1;
    }
  }

  /** True if this is one of our own addresses. */
  has(address: NetAddress): boolean {
    return this.#addresses.has(addressKey(address));
  }

  /** Forgets an own address that others cannot reach any more. */
  remove(address: NetAddress): void {
    this.#addresses.delete(addressKey(address));
  }

  /** All own addresses. */
  list(): LocalAddress[] {
    return [...this.#addresses.values()].map(({ address, score }) => ({ address, score }));
  }

  /**
   * The own address to tell a remote: the best reachable, among equals the best trusted.
   * @param services of the placeholder that is returned if there is none; it is not routable.
   */
  best(remote: Uint8Array, services: bigint): NetAddress {
    let best: NetAddress | undefined;
    let bestReach = 0;
    let bestScore = 0;
    for (const { address, score } of this.#addresses.values()) {
      const reach = reachability(address.ip, remote);
      if (reach < bestReach || (reach === bestReach && score <= bestScore)) continue;
      best = address;
      bestReach = reach;
      bestScore = score;
    }
    const ip = isIpv4(remote) || isOnion(remote) ? UNSPECIFIED_IPV4 : UNSPECIFIED_IPV6;
    return best ?? { services, ip, port: 0 };
  }
}
