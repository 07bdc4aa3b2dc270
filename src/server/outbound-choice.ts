import { type AddressCandidate, groupKey } from '../addrmgr/index.ts';
import type { NetAddress } from '../wire/index.ts';

/** Candidates looked at for one connection. */
const TRIES = 100;
/** From this try on an address that was attempted lately is taken. */
const RECENT_FROM = 30;
/** From this try on another port than the network's is taken. */
const OTHER_PORT_FROM = 50;
/** What "lately" means, seconds. */
const RECENT_SECONDS = 600;

/** What the choice depends on. */
export interface OutboundChoice {
  /** The next candidate of the address manager; undefined if there is none. */
  select(): AddressCandidate | undefined;
  /** True if an outgoing connection leads into this network group already. */
  hasGroup(group: string): boolean;
  /** False for addresses that are not wanted at all: banned, or out of reach. */
  isAllowed(address: NetAddress): boolean;
  /** Port of the network. */
  readonly defaultPort: number;
  /** Unix seconds. */
  readonly now: number;
}

/**
 * Chooses the address of the next automatic connection: from a network group that no other one leads into, preferably
 * not attempted in the last ten minutes and with the network's port.
 * @returns undefined if nothing suits.
 */
export function chooseOutbound(choice: OutboundChoice): AddressCandidate | undefined {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const candidate = choice.select();
    if (!candidate) return undefined;
    if (!choice.isAllowed(candidate.address)) continue;
    if (choice.hasGroup(groupKey(candidate.address.ip))) continue;
    if (attempt < RECENT_FROM && choice.now - candidate.lastAttempt < RECENT_SECONDS) continue;
    if (attempt < OTHER_PORT_FROM && candidate.address.port !== choice.defaultPort) continue;
    return candidate;
  }
  return undefined;
}
