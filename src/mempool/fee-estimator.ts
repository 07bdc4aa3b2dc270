import { equalBytes } from '../util/bytes.ts';
import type { Hash } from '../util/hash.ts';
import type { Random } from '../util/ports.ts';
import {
  decodeHistory,
  emptyHistory,
  encodeHistory,
  type FeeFigures,
  type FeeHistory,
  type FeeRecord,
  NO_HEIGHT,
} from './fee-history.ts';

const FIGURES = {
  depth: 25,
  binSize: 100,
  maxReplacements: 10,
  maxRollback: 2,
  minBlocks: 3,
} as const satisfies FeeFigures;
/** Transactions that are watched for being mined; more are not looked at. */
const MAX_WATCHED = 500_000;
const BYTES_PER_KB = 1000;
const COINS_PER_NANO = 1e-9;

/** The estimator cannot do what it was asked; RPC clients see the text. */
export class FeeEstimateError extends Error {
  override name = 'FeeEstimateError';
}

/** A transaction that entered the pool. */
export interface ObservedTransaction {
  /** See `hashKey`. */
  readonly key: string;
  /** Fee, nanoSoter. */
  readonly feeValue: number;
  readonly virtualSize: number;
  /** Greatest height of the DAG when it entered. */
  readonly height: number;
}

/**
 * Tells which fee rate gets a transaction into one of the next blocks, from what the transactions paid that were mined and how many
 * heights they waited. The algorithm is that of soterd 2.1.1, which stops learning for ever at the first block that shares its height
 * with another. Here all blocks of a height count as one.
 */
export class FeeEstimator {
  readonly #random: Pick<Random, 'below'>;
  #history: FeeHistory;
  /** Records of the history that are not mined, those that were observed first in front. */
  readonly #watched = new Map<string, FeeRecord>();
  /** Rates of all bins, falling; until something changes. */
  #sorted: Float64Array | undefined;

  /** @param history what an earlier estimator has learnt, see {@link FeeEstimator.restore}. */
  constructor(random: Pick<Random, 'below'>, history: FeeHistory = emptyHistory(FIGURES)) {
    this.#random = random;
    this.#history = history;
    this.#watchAgain();
  }

  /** Goes on from what {@link save} gave; undefined if the bytes are of no use. */
  static restore(bytes: Uint8Array, random: Pick<Random, 'below'>): FeeEstimator | undefined {
    const history = decodeHistory(bytes, FIGURES);
    return history && new FeeEstimator(random, history);
  }

  /** Everything learnt, for a later {@link restore}. */
  save(): Uint8Array {
    return encodeHistory(this.#history, FIGURES);
  }

  /** Height registered last; undefined before the first block. */
  get lastHeight(): number | undefined {
    return this.#history.lastHeight === NO_HEIGHT ? undefined : this.#history.lastHeight;
  }

  /** Transactions that are watched or remembered. */
  get recordCount(): number {
    return this.#history.records.size;
  }

  /** A transaction entered the pool. Without effect before the first block. */
  observe({ key, feeValue, virtualSize, height }: ObservedTransaction): void {
    const { lastHeight, records } = this.#history;
    if (lastHeight === NO_HEIGHT || records.has(key) || this.#watched.size >= MAX_WATCHED) return;
    const record = { key, rate: feeValue / virtualSize, observed: height, mined: NO_HEIGHT };
    records.set(key, record);
    this.#watched.set(key, record);
  }

  /**
   * A block was connected. Counts as a block of its own if it is higher than all before; otherwise its
   * transactions count for the height registered last. A gap in the heights begins a new history.
   * @param keys of its transactions, see `hashKey`.
   */
  blockConnected(height: number, hash: Hash, keys: readonly string[]): void {
    const { lastHeight, dropped } = this.#history;
    if (lastHeight !== NO_HEIGHT && height <= lastHeight) {
      this.#sorted = undefined;
      const replaced = this.#mine(keys);
      dropped.at(-1)?.records.push(...replaced);
      return;
    }
    if (lastHeight !== NO_HEIGHT && height > lastHeight + 1) {
      this.#history = emptyHistory(FIGURES);
      this.#watchAgain();
    }
    this.registerBlock(height, hash, keys);
  }

  /**
   * Learns from the first block of a height.
   * @param keys of its transactions, see `hashKey`.
   * @throws {FeeEstimateError} unless it is the height after the last one.
   */
  registerBlock(height: number, hash: Hash, keys: readonly string[]): void {
    const history = this.#history;
    this.#sorted = undefined;
    if (history.lastHeight !== NO_HEIGHT && height !== history.lastHeight + 1) {
      throw new FeeEstimateError(
        `intermediate block not recorded; current height is ${history.lastHeight}; new height is ${height}`,
      );
    }
    history.lastHeight = height;
    history.blocks++;
    const records = this.#mine(keys);
    this.#forgetOld();
    history.dropped.push({ block: hash, records });
    if (history.dropped.length <= FIGURES.maxRollback) return;
    for (const { key } of history.dropped.shift()?.records ?? []) history.records.delete(key);
  }

  /**
   * Takes back the last blocks down to and including one.
   * @throws {FeeEstimateError} if that is not one of the last two.
   */
  rollback(hash: Hash): void {
    const { dropped } = this.#history;
    const place = dropped.findIndex(({ block }) => equalBytes(block, hash));
    if (place === -1) throw new FeeEstimateError('no such block was recently registered');
    while (dropped.length > place) this.#rollbackOne();
  }

  /**
   * The fee rate that gets a transaction into one of the next blocks.
   * @param blocks how many, 1 to 25.
   * @returns coins per 1,000 vbytes; 0 if nothing is known yet.
   * @throws {FeeEstimateError} if no estimate can be given.
   */
  estimate(blocks: number): number {
    if (this.#history.blocks < FIGURES.minBlocks) {
      throw new FeeEstimateError('not enough blocks have been observed');
    }
    if (blocks === 0) throw new FeeEstimateError('cannot confirm transaction in zero blocks');
    if (blocks > FIGURES.depth) {
      // The text of soterd 2.1.1, which means the depth.
      throw new FeeEstimateError('can only estimate fees for up to 100 blocks from now');
    }
    const { bins } = this.#history;
    this.#sorted ??= Float64Array.from(bins.flat(), ({ rate }) => rate)
      .sort()
      .reverse();
    if (this.#sorted.length === 0) return 0;
    let low = 0;
    for (let i = 0; i < blocks - 1; i++) low += bins[i].length;
    const high = Math.max(low, low + bins[blocks - 1].length - 1);
    const index = Math.min((low + high) >> 1, this.#sorted.length - 1);
    return this.#sorted[index] * BYTES_PER_KB * COINS_PER_NANO;
  }

  /**
   * Puts the watched ones among the transactions of a block into their bins. They come in random order: where a block may
   * replace only few, nobody shall choose which.
   * @returns what they replaced.
   */
  #mine(keys: readonly string[]): FeeRecord[] {
    const { bins, lastHeight } = this.#history;
    const replaced: FeeRecord[] = [];
    const replacements = new Uint8Array(FIGURES.depth);
    for (const record of this.#shuffled(keys.flatMap((key) => this.#watched.get(key) ?? []))) {
      // A block beside the last one can hold what was observed after that one.
      const waited = Math.max(0, lastHeight - record.observed - 1);
      if (waited >= FIGURES.depth || replacements[waited] >= FIGURES.maxReplacements) continue;
      const bin = bins[waited];
      if (bin.length < FIGURES.binSize) bin.push(record);
      else {
        const end = FIGURES.binSize - replacements[waited]++;
        const place = this.#random.below(end);
        replaced.push(bin[place]);
        bin[place] = bin[end - 1];
        bin[end - 1] = record;
      }
      record.mined = lastHeight;
      this.#watched.delete(record.key);
    }
    return replaced;
  }

  #shuffled(records: FeeRecord[]): FeeRecord[] {
    for (let i = records.length - 1; i > 0; i--) {
      const j = this.#random.below(i + 1);
      [records[i], records[j]] = [records[j], records[i]];
    }
    return records;
  }

  /** Whatever is still not mined is of no use for an estimate. */
  #forgetOld(): void {
    const { lastHeight, records } = this.#history;
    for (const { key, observed } of this.#watched.values()) {
      if (lastHeight - observed < FIGURES.depth) return;
      this.#watched.delete(key);
      records.delete(key);
    }
  }

  #rollbackOne(): void {
    const { bins, dropped, lastHeight } = this.#history;
    this.#sorted = undefined;
    for (const [waited, bin] of bins.entries()) {
      for (const record of bin) if (record.mined === lastHeight) record.mined = NO_HEIGHT;
      bins[waited] = bin.filter(({ mined }) => mined !== NO_HEIGHT);
    }
    for (const record of dropped.pop()?.records ?? []) {
      // A sibling block can replace what the first one of its height has put there.
      if (record.mined === lastHeight) record.mined = NO_HEIGHT;
      else bins[Math.max(0, record.mined - record.observed - 1)].push(record);
    }
    this.#history.lastHeight--;
    this.#history.blocks--;
    this.#watchAgain();
  }

  #watchAgain(): void {
    const waiting = [...this.#history.records.values()].filter(({ mined }) => mined === NO_HEIGHT);
    waiting.sort((a, b) => a.observed - b.observed);
    this.#watched.clear();
    for (const record of waiting) this.#watched.set(record.key, record);
  }
}
