import type { Random } from '../util/ports.ts';
import type { NetAddress } from '../wire/index.ts';
import { addressKey, type Endpoint, parseAddressKey } from './address-key.ts';
import { AddressPool } from './address-pool.ts';
import type { KnownAddress } from './known-address.ts';
import { NEW_BUCKETS, TRIED_BUCKETS } from './placement.ts';

/** The only version of the file. */
const FILE_VERSION = 1;

/** One address in the file. Times are Unix seconds, "never" is -62135596800. */
interface FileAddress {
  readonly Addr: string;
  readonly Src: string;
  readonly Attempts: number;
  readonly TimeStamp: number;
  readonly LastAttempt: number;
  readonly LastSuccess: number;
  /** Our addition, ignored by other nodes: the service bits, if they fit a JSON number. */
  readonly Services?: number;
}

/** The file is not one of ours, or damaged. */
export class PeersFileError extends Error {
  override name = 'PeersFileError';
}

/** Content of `peers.json`: one line, readable by soterd 2.1.1 and later. */
export function writePeersFile(pool: AddressPool): string {
  const addresses: FileAddress[] = [];
  for (const record of pool.all()) addresses.push(fileAddress(record));
  const keys = (buckets: readonly (readonly KnownAddress[])[]) =>
    buckets.map((bucket) => bucket.map((record) => record.key));
  const content = {
    Version: FILE_VERSION,
    Key: [...pool.key],
    Addresses: addresses,
    NewBuckets: keys(pool.newBuckets),
    TriedBuckets: keys(pool.triedBuckets),
  };
  return `${JSON.stringify(content)}\n`;
}

function fileAddress({ key, address, source, attempts, lastAttempt, lastSuccess }: KnownAddress): FileAddress {
  return {
    Addr: key,
    Src: addressKey(source),
    Attempts: attempts,
    TimeStamp: address.timestamp,
    LastAttempt: lastAttempt,
    LastSuccess: lastSuccess,
    ...(address.services <= Number.MAX_SAFE_INTEGER && { Services: Number(address.services) }),
  };
}

/**
 * Reads `peers.json`. Every address must be in new buckets or in a tried one, not in both and not in none.
 * @param services given to addresses without stored services.
 * @throws {PeersFileError}
 */
export function readPeersFile(text: string, random: Random, services: bigint): AddressPool {
  const file = object(parseJson(text), 'file');
  if (file.Version !== FILE_VERSION) throw new PeersFileError(`unknown version ${String(file.Version)}`);
  const key = Uint8Array.from(list(file.Key, 'Key', 32), (byte) => integer(byte, 'Key', 0, 255));
  const records = new Map<string, KnownAddress>();
  for (const entry of list(file.Addresses, 'Addresses')) {
    const record = knownAddress(object(entry, 'Addresses'), services);
    if (records.has(record.key)) throw new PeersFileError(`${record.key} is listed twice`);
    records.set(record.key, record);
  }
  const fresh = buckets(file.NewBuckets, 'NewBuckets', NEW_BUCKETS, records);
  const tried = buckets(file.TriedBuckets, 'TriedBuckets', TRIED_BUCKETS, records);
  const inNew = new Set(fresh.flat());
  const inTried = new Set(tried.flat());
  for (const record of records.values()) {
    if (inNew.has(record) === inTried.has(record)) {
      throw new PeersFileError(`${record.key} must be in new buckets or in a tried one`);
    }
  }
  if (inTried.size !== tried.flat().length) throw new PeersFileError('an address is in two tried buckets');
  const pool = new AddressPool(key, random);
  pool.restore(fresh, tried);
  return pool;
}

/** The records that the keys of each bucket name. */
function buckets(
  value: unknown,
  name: string,
  count: number,
  records: ReadonlyMap<string, KnownAddress>,
): KnownAddress[][] {
  return list(value, name, count).map((bucket) => {
    const held = new Set<KnownAddress>();
    for (const key of list(bucket, name)) {
      const record = typeof key === 'string' ? records.get(key) : undefined;
      if (!record) throw new PeersFileError(`${name} names an address without record`);
      if (held.has(record)) throw new PeersFileError(`${record.key} is in one bucket twice`);
      held.add(record);
    }
    return [...held];
  });
}

function knownAddress(entry: Record<string, unknown>, defaultServices: bigint): KnownAddress {
  const { ip, port } = endpoint(entry.Addr, 'Addr');
  const source: NetAddress = { ...endpoint(entry.Src, 'Src'), services: defaultServices };
  const stored = entry.Services;
  const services = stored === undefined ? defaultServices : BigInt(integer(stored, 'Services', 0));
  return {
    key: addressKey({ ip, port }),
    address: { ip, port, services, timestamp: integer(entry.TimeStamp, 'TimeStamp') },
    source,
    attempts: integer(entry.Attempts, 'Attempts', 0),
    lastAttempt: integer(entry.LastAttempt, 'LastAttempt'),
    lastSuccess: integer(entry.LastSuccess, 'LastSuccess'),
    tried: false,
    refs: 0,
  };
}

function endpoint(value: unknown, name: string): Endpoint {
  const parsed = typeof value === 'string' ? parseAddressKey(value) : undefined;
  if (!parsed) throw new PeersFileError(`${name} is no address: ${String(value).slice(0, 80)}`);
  return parsed;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PeersFileError(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PeersFileError(`${name} is no object`);
  }
  return value as Record<string, unknown>;
}

function list(value: unknown, name: string, length?: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new PeersFileError(`${name} is no list`);
  if (length !== undefined && value.length !== length) throw new PeersFileError(`${name} has not ${length} entries`);
  return value;
}

function integer(value: unknown, name: string, low = Number.MIN_SAFE_INTEGER, high = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
    throw new PeersFileError(`${name} is no number as expected: ${String(value).slice(0, 80)}`);
  }
  return value;
}
