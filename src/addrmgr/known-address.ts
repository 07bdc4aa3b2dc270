import type { NetAddress } from '../wire/index.ts';

/** Unix seconds that stand for "never" (the zero time of the reference node, as its file stores it). */
export const NEVER = -62_135_596_800;

const MINUTE = 60;
const DAY = 86_400;
/** An attempt this recent makes another one unlikely, seconds. */
const RECENT = 10 * MINUTE;
/** Not seen for this long: bad. */
const MISSING = 30 * DAY;
/** Failed attempts that make an address bad if none ever succeeded. */
const MAX_RETRIES = 3;
/** Failed attempts that make an address bad if none succeeded for {@link BAD_PERIOD}. */
const MAX_FAILURES = 10;
const BAD_PERIOD = 7 * DAY;

/** What is known of one address. Times in Unix seconds. */
export interface KnownAddress {
  readonly key: string;
  /** Replaced, never changed: copies that were handed out stay as they are. The timestamp is always set. */
  address: NetAddress & { readonly timestamp: number };
  /** Who told us. */
  readonly source: NetAddress;
  /** Failed attempts since the last success. */
  attempts: number;
  lastAttempt: number;
  lastSuccess: number;
  /** A handshake succeeded, and it is in a tried bucket. */
  tried: boolean;
  /** New buckets that hold it. */
  refs: number;
}

/** What an address's history says about trying it, the parts that the rules below need. */
export type AddressHistory = Pick<KnownAddress, 'attempts' | 'lastAttempt' | 'lastSuccess'> & {
  readonly address: { readonly timestamp: number };
};

/** Relative chance of being selected, in (0, 1]: less after a recent attempt, less with every failed one. */
export function selectionChance({ attempts, lastAttempt }: AddressHistory, now: number): number {
  const recent = Math.max(0, now - lastAttempt) < RECENT;
  return (recent ? 0.01 : 1) / 1.5 ** attempts;
}

/** True if the address is not worth its place in a bucket. */
export function isBad({ attempts, lastAttempt, lastSuccess, address }: AddressHistory, now: number): boolean {
  if (now - lastAttempt < MINUTE) return false;
  if (address.timestamp > now + RECENT) return true;
  if (now - address.timestamp > MISSING) return true;
  if (lastSuccess === NEVER && attempts >= MAX_RETRIES) return true;
  return now - lastSuccess > BAD_PERIOD && attempts >= MAX_FAILURES;
}
