import type { Random } from '../util/ports.ts';
import type { NetAddress } from '../wire/index.ts';
import { addressKey, type Endpoint } from './address-key.ts';
import { isBad, type KnownAddress, NEVER, selectionChance } from './known-address.ts';
import { NEW_BUCKETS, newBucket, TRIED_BUCKETS, triedBucket } from './placement.ts';
import { isRoutable } from './ranges.ts';

/** Entries of a new bucket. */
export const NEW_BUCKET_SIZE = 64;
/** Entries of a tried bucket. */
export const TRIED_BUCKET_SIZE = 256;
/** New buckets that may hold one address. */
const MAX_REFS = 8;
/** With the chance of an address multiplied by this for each one that was passed over, a selection soon ends. */
const IMPATIENCE = 1.2;
/** Least chance of an address, whatever its history: keeps a selection among hopeless addresses short. */
const MIN_CHANCE = 1e-9;

/** An address with the time it was last seen, which the pool needs. */
export type SeenAddress = NetAddress & { readonly timestamp: number };

/**
 * The addresses, in buckets: "new" ones were only heard of, "tried" ones answered. The buckets bound the pool, and
 * because nobody can choose his bucket, a flood of addresses from few sources replaces only a small part of it.
 * Times are Unix seconds.
 */
export class AddressPool {
  /** 32 secret bytes that decide over placement. */
  readonly key: Uint8Array;
  readonly #random: Random;
  readonly #known = new Map<string, KnownAddress>();
  readonly #new: KnownAddress[][] = Array.from({ length: NEW_BUCKETS }, () => []);
  readonly #tried: KnownAddress[][] = Array.from({ length: TRIED_BUCKETS }, () => []);
  #triedCount = 0;

  constructor(key: Uint8Array, random: Random) {
    this.key = key;
    this.#random = random;
  }

  /** All addresses. */
  get size(): number {
    return this.#known.size;
  }

  /** Addresses in tried buckets. */
  get triedCount(): number {
    return this.#triedCount;
  }

  /** The new buckets, for the file. */
  get newBuckets(): readonly (readonly KnownAddress[])[] {
    return this.#new;
  }

  /** The tried buckets, for the file. */
  get triedBuckets(): readonly (readonly KnownAddress[])[] {
    return this.#tried;
  }

  /** Every known address, in no particular order. */
  all(): IterableIterator<KnownAddress> {
    return this.#known.values();
  }

  /** What is known of an address. */
  find(address: Endpoint): KnownAddress | undefined {
    return this.#known.get(addressKey(address));
  }

  /**
   * Puts records into their places as read from the file; the order inside a bucket is kept. What nobody could connect to
   * is left out, and so is what a bucket cannot hold (those of soterd 2.1.1 have 65 places): what was not seen for longest.
   */
  restore(newBuckets: readonly (readonly KnownAddress[])[], triedBuckets: readonly (readonly KnownAddress[])[]): void {
    for (const [index, records] of newBuckets.entries()) {
      for (const record of latest(records, NEW_BUCKET_SIZE)) {
        if (record.refs === MAX_REFS) continue;
        this.#known.set(record.key, record);
        this.#new[index]!.push(record);
        record.refs++;
      }
    }
    for (const [index, records] of triedBuckets.entries()) {
      for (const record of latest(records, TRIED_BUCKET_SIZE)) {
        this.#known.set(record.key, record);
        this.#tried[index]!.push(record);
        record.tried = true;
        this.#triedCount++;
      }
    }
  }

  /** Takes note of an address that `source` told, if anybody could connect to it. */
  add(address: SeenAddress, source: NetAddress, now: number): void {
    if (!isUsable(address)) return;
    const key = addressKey(address);
    let record = this.#known.get(key);
    if (record) {
      refresh(record, address);
      if (record.tried || record.refs === MAX_REFS) return;
      // The more buckets hold it already, the less likely another one.
      if (this.#random.below(2 * record.refs) !== 0) return;
    } else {
      record = { key, address, source, attempts: 0, lastAttempt: NEVER, lastSuccess: NEVER, tried: false, refs: 0 };
      this.#known.set(key, record);
    }
    const bucket = this.#new[newBucket(this.key, address, source)]!;
    if (bucket.includes(record)) return;
    if (bucket.length >= NEW_BUCKET_SIZE) this.#makeRoom(bucket, now);
    record.refs++;
    bucket.push(record);
  }

  /** A handshake with this address succeeded: moves it to the tried ones. */
  good(record: KnownAddress, now: number): void {
    record.lastSuccess = now;
    record.lastAttempt = now;
    record.attempts = 0;
    if (record.tried) return;
    const left: KnownAddress[][] = [];
    for (const bucket of this.#new) if (remove(bucket, record)) left.push(bucket);
    record.refs = 0;
    record.tried = true;
    const bucket = this.#tried[triedBucket(this.key, record.address)]!;
    if (bucket.length < TRIED_BUCKET_SIZE) {
      bucket.push(record);
      this.#triedCount++;
      return;
    }
    const victim = oldest(bucket);
    bucket[bucket.indexOf(victim)] = record;
    const home = this.#new[newBucket(this.key, victim.address, victim.source)]!;
    // A place has just become free where the new one was.
    const target = home.length < NEW_BUCKET_SIZE ? home : (left[0] ?? home);
    target.push(victim);
    victim.refs = 1;
    victim.tried = false;
  }

  /** Forgets an address wherever it stands. */
  remove(record: KnownAddress): void {
    const buckets = record.tried ? this.#tried : this.#new;
    if (!this.#known.delete(record.key)) return;
    for (const bucket of buckets) remove(bucket, record);
    if (record.tried) this.#triedCount--;
    record.refs = 0;
  }

  /** Chooses a candidate: tried or new with equal chance, any bucket that is not empty, any entry, by its history. */
  select(now: number): KnownAddress | undefined {
    const fresh = this.size - this.#triedCount;
    const tried = this.#triedCount > 0 && (fresh === 0 || this.#random.below(2) === 0);
    const buckets = (tried ? this.#tried : this.#new).filter((bucket) => bucket.length > 0);
    if (buckets.length === 0) return undefined;
    for (let factor = 1; ; factor *= IMPATIENCE) {
      const bucket = buckets[this.#random.below(buckets.length)]!;
      const record = bucket[this.#random.below(bucket.length)]!;
      if (this.#random.float() < factor * Math.max(MIN_CHANCE, selectionChance(record, now))) return record;
    }
  }

  /** Clears a full new bucket of bad entries, or else of the one that was not seen for longest. */
  #makeRoom(bucket: KnownAddress[], now: number): void {
    const bad = bucket.filter((record) => isBad(record, now));
    for (const record of bad.length > 0 ? bad : [oldest(bucket)]) {
      remove(bucket, record);
      if (--record.refs === 0) this.#known.delete(record.key);
    }
  }
}

/** True if others could connect to an address: over the public internet or Tor, at a port. */
function isUsable({ ip, port }: Endpoint): boolean {
  return isRoutable(ip) && port > 0;
}

/** The usable ones of some records in their order, at most `count`, those seen last. */
function latest(records: readonly KnownAddress[], count: number): readonly KnownAddress[] {
  const usable = records.filter(({ address }) => isUsable(address));
  if (usable.length <= count) return usable;
  return usable.sort((a, b) => b.address.timestamp - a.address.timestamp).slice(0, count);
}

function remove(bucket: KnownAddress[], record: KnownAddress): boolean {
  const index = bucket.indexOf(record);
  if (index < 0) return false;
  bucket.splice(index, 1);
  return true;
}

function oldest(bucket: readonly KnownAddress[]): KnownAddress {
  return bucket.reduce((a, b) => (b.address.timestamp < a.address.timestamp ? b : a));
}

/**
 * Takes over news about an address: a later time of sight, and services that were not known. Nobody makes an address look
 * older than it is, which would have it displaced first.
 */
function refresh(record: KnownAddress, { services, timestamp }: SeenAddress): void {
  const old = record.address;
  if (timestamp <= old.timestamp && (services & ~old.services) === 0n) return;
  record.address = { ...old, timestamp: Math.max(timestamp, old.timestamp), services: old.services | services };
}
