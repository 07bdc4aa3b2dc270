import { compareHashes, type Hash, hashFromKey, hashKey } from '../util/hash.ts';

/** Height of a transaction that is not mined, and of a history without blocks. */
export const NO_HEIGHT = 0x7fffffff;

/** A transaction whose way into a block is watched. */
export interface FeeRecord {
  /** See `hashKey`. */
  readonly key: string;
  /** nanoSoter per vbyte. */
  readonly rate: number;
  /** Greatest height when it entered the pool. */
  readonly observed: number;
  /** Height at which it was mined, or {@link NO_HEIGHT}. */
  mined: number;
}

/** What the fee estimator has learnt. */
export interface FeeHistory {
  /** Height registered last, or {@link NO_HEIGHT}. */
  lastHeight: number;
  /** Heights registered. */
  blocks: number;
  /** Everything that is watched or remembered, by key. */
  readonly records: Map<string, FeeRecord>;
  /** Mined transactions by the number of blocks they took, less one. */
  readonly bins: FeeRecord[][];
  /** What the last blocks pushed out of the bins, newest last. */
  readonly dropped: { readonly block: Hash; readonly records: FeeRecord[] }[];
}

/** The figures of the algorithm, which are saved with the history: one of other figures is of no use. */
export interface FeeFigures {
  readonly depth: number;
  readonly binSize: number;
  readonly maxReplacements: number;
  readonly maxRollback: number;
  readonly minBlocks: number;
}

const VERSION = 1;
const RECORD_SIZE = 48;

/** A history without content. */
export function emptyHistory({ depth }: Pick<FeeFigures, 'depth'>): FeeHistory {
  const bins = Array.from({ length: depth }, (): FeeRecord[] => []);
  return { lastHeight: NO_HEIGHT, blocks: 0, records: new Map(), bins, dropped: [] };
}

/**
 * Bytes of a history, as soterd 2.1.1 saves it; integers big endian. u32 version 1, u32 rollback depth, i32 bin size,
 * i32 replacements, u32 least blocks, i32 last height, u32 blocks; u32 count of records and each: hash (wire order), f64 rate, i32
 * observed, i32 mined, ascending by display form; for each bin u32 count and u32 numbers of records; u32 count of dropped lists
 * and each: block hash, u32 count, u32 numbers of records.
 */
export function encodeHistory(history: FeeHistory, figures: FeeFigures): Uint8Array {
  const { lastHeight, blocks, bins, dropped } = history;
  const hashes = Array.from(history.records.values(), (record) => ({ record, hash: hashFromKey(record.key) }));
  hashes.sort((a, b) => compareHashes(a.hash, b.hash));
  const numbers = new Map(hashes.map(({ record }, i) => [record, i]));
  const lists = [...bins, ...dropped.map(({ records }) => records)];
  const listed = lists.reduce((sum, list) => sum + 4 + 4 * list.length, 0);
  const bytes = Buffer.alloc(36 + RECORD_SIZE * hashes.length + listed + 32 * dropped.length);
  let at = 0;
  const u32 = (value: number): void => {
    at = bytes.writeUInt32BE(value, at);
  };
  const list = (records: readonly FeeRecord[]): void => {
    u32(records.length);
    for (const record of records) u32(numbers.get(record)!);
  };
  const { maxRollback, binSize, maxReplacements, minBlocks } = figures;
  for (const value of [VERSION, maxRollback, binSize, maxReplacements, minBlocks, lastHeight, blocks]) u32(value);
  u32(hashes.length);
  for (const { record, hash } of hashes) {
    bytes.set(hash, at);
    at = bytes.writeDoubleBE(record.rate, at + 32);
    at = bytes.writeInt32BE(record.observed, at);
    at = bytes.writeInt32BE(record.mined, at);
  }
  for (const bin of bins) list(bin);
  u32(dropped.length);
  for (const { block, records } of dropped) {
    bytes.set(block, at);
    at += 32;
    list(records);
  }
  return bytes;
}

/** Reads what {@link encodeHistory} wrote; undefined for anything else, also for a history of other figures. */
export function decodeHistory(bytes: Uint8Array, figures: FeeFigures): FeeHistory | undefined {
  try {
    return read(Buffer.from(bytes), figures);
  } catch (error) {
    // Reads beyond the end, and numbers of records that do not exist.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function read(bytes: Buffer, figures: FeeFigures): FeeHistory | undefined {
  let at = 0;
  const u32 = (): number => {
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  const take = (length: number): Buffer => {
    at += length;
    if (at > bytes.length) throw new RangeError('the history ends early');
    return bytes.subarray(at - length, at);
  };
  const { maxRollback, binSize, maxReplacements, minBlocks } = figures;
  for (const expected of [VERSION, maxRollback, binSize, maxReplacements, minBlocks]) {
    if (u32() !== expected) return undefined;
  }
  const history = { ...emptyHistory(figures), lastHeight: u32(), blocks: u32() };
  const records: FeeRecord[] = [];
  for (let left = u32(); left > 0; left--) {
    const row = take(RECORD_SIZE);
    const [observed, mined] = [row.readInt32BE(40), row.readInt32BE(44)];
    const record = { key: hashKey(row), rate: row.readDoubleBE(32), observed, mined };
    records.push(record);
    history.records.set(record.key, record);
  }
  const list = (): FeeRecord[] => {
    const numbers = take(4 * u32());
    return Array.from({ length: numbers.length / 4 }, (_, i) => {
      const record = records[numbers.readUInt32BE(4 * i)];
      if (!record) throw new RangeError('a record is missing');
      return record;
    });
  };
  for (const bin of history.bins) bin.push(...list());
  for (let left = u32(); left > 0; left--) {
    history.dropped.push({ block: Uint8Array.from(take(32)), records: list() });
  }
  return at === bytes.length && history.bins.every(({ length }) => length <= binSize) ? history : undefined;
}
