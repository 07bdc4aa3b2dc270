import { concatBytes } from '../util/bytes.ts';
import { sha256d } from '../util/hash.ts';
import type { NetAddress } from '../wire/index.ts';
import { addressKey, type Endpoint, groupKey } from './address-key.ts';

/** Buckets of addresses that were only heard of. */
export const NEW_BUCKETS = 1024;
/** Buckets of addresses with which a handshake succeeded. */
export const TRIED_BUCKETS = 64;
/** Among how many new buckets the addresses of one source group can be spread. */
const NEW_BUCKETS_PER_SOURCE_GROUP = 64n;
/** Among how many tried buckets the addresses of one group can be spread. */
const TRIED_BUCKETS_PER_GROUP = 8n;

/** The first eight bytes of the double SHA-256, little-endian. */
function hash64(...parts: Uint8Array[]): bigint {
  const hash = sha256d(concatBytes(...parts));
  return new DataView(hash.buffer, hash.byteOffset, 8).getBigUint64(0, true);
}

function uint64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

/**
 * The new bucket of an address heard from a source. With a secret key nobody can aim for a bucket, and one source group
 * reaches only a 16th of the buckets.
 * @param key 32 random bytes.
 */
export function newBucket(key: Uint8Array, { ip }: Pick<NetAddress, 'ip'>, source: Pick<NetAddress, 'ip'>): number {
  const sourceGroup = Buffer.from(groupKey(source.ip));
  const slot = hash64(key, Buffer.from(groupKey(ip)), sourceGroup) % NEW_BUCKETS_PER_SOURCE_GROUP;
  return Number(hash64(key, sourceGroup, uint64(slot)) % BigInt(NEW_BUCKETS));
}

/** The tried bucket of an address; one group reaches only an eighth of them. */
export function triedBucket(key: Uint8Array, address: Endpoint): number {
  const slot = hash64(key, Buffer.from(addressKey(address))) % TRIED_BUCKETS_PER_GROUP;
  return Number(hash64(key, Buffer.from(groupKey(address.ip)), uint64(slot)) % BigInt(TRIED_BUCKETS));
}
