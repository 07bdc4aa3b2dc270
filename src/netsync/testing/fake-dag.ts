import { networkParams } from '../../params/index.ts';
import { equalBytes } from '../../util/bytes.ts';
import { Emitter } from '../../util/emitter.ts';
import { compareHashes, type Hash, hashKey, hashToHex, isZeroHash, sha256d } from '../../util/hash.ts';
import { Block, BlockHeader, checkBlockBinding, merkleRoot, Transaction, tipsHash } from '../../wire/index.ts';
import type { ProcessResult, SyncBlockInfo, SyncDag } from '../ports.ts';

/** Simnet, whose genesis block every fake DAG begins with. */
export const TEST_PARAMS = networkParams('simnet');

/** A broken rule, shaped like the consensus core's. */
export class FakeRuleError extends Error {
  override name = 'RuleError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Seconds between a parent and its child in made blocks. */
const BLOCK_SECONDS = 1;
/** Blocks of this version break a rule that only their context shows. */
const BAD_VERSION = 666;

function coinbase(height: number, salt: string): Transaction {
  const note = Buffer.from(salt).subarray(0, 60);
  const script = Buffer.concat([Buffer.from([3, height & 255, (height >> 8) & 255, height >> 16, note.length]), note]);
  return new Transaction({
    version: 1,
    inputs: [
      {
        prevout: { hash: new Uint8Array(32), index: 0xffffffff },
        signatureScript: script,
        sequence: 0xffffffff,
        witness: [],
      },
    ],
    outputs: [{ value: 1n, pkScript: Uint8Array.of(0x51) }],
    lockTime: 0,
  });
}

/** What distinguishes a made block from its siblings. */
export interface MakeOptions {
  readonly version?: number;
  readonly timestamp?: number;
  readonly transactions?: readonly Transaction[];
}

/** A block with real hashes, bound to its parents, without proof of work. `salt` makes siblings differ. */
export function makeBlock(parents: readonly SyncBlockInfo[], salt = '', options: MakeOptions = {}): Block {
  const height = Math.max(...parents.map((parent) => parent.height)) + 1;
  const time = Math.max(...parents.map((parent) => parent.block.header.timestamp)) + BLOCK_SECONDS;
  const transactions = [coinbase(height, salt), ...(options.transactions ?? [])];
  const hashes = parents.map(({ hash }) => hash);
  const header = new BlockHeader({
    version: options.version ?? 0x20000000,
    prevBlock: tipsHash(hashes),
    merkleRoot: merkleRoot(transactions.map(({ txid }) => txid)),
    timestamp: options.timestamp ?? time,
    bits: 0x207fffff,
    nonce: 0,
  });
  const entries = hashes.map((hash) => ({ hash, data: new Uint8Array(32) }));
  return new Block({ header, parentsVersion: 0, parents: entries, transactions });
}

/** A block of the same hash whose parents are not those its header names. */
export function withFalseParents(block: Block): Block {
  const parents = [{ hash: sha256d(block.hash), data: new Uint8Array(32) }];
  return new Block({ header: block.header, parentsVersion: 0, parents, transactions: block.transactions });
}

/** A block of the same hash with another coinbase. */
export function withFalseBody(block: Block): Block {
  const { header, parentsVersion, parents } = block;
  return new Block({ header, parentsVersion, parents, transactions: [coinbase(1, 'false')] });
}

/** A block that binds and hashes correctly but breaks a rule of its context. */
export function makeBadBlock(parents: readonly SyncBlockInfo[], salt = ''): Block {
  return makeBlock(parents, salt, { version: BAD_VERSION });
}

/**
 * A small honest DAG of real blocks for tests of what stands around the consensus core: bindings, bodies, heights,
 * orphans, tips and events are real; proof of work, scripts, order and storage are not there.
 */
export class FakeDag implements SyncDag {
  readonly events = new Emitter<{ accepted: SyncBlockInfo; connected: SyncBlockInfo }>();
  readonly genesis: SyncBlockInfo;
  /** Answer of {@link isCurrent}. */
  current = true;
  /** Calls of {@link processBlock}. */
  processed = 0;
  /** Time samples received, by source. */
  readonly timeSamples = new Map<string, number>();
  readonly #blocks = new Map<string, SyncBlockInfo>();
  readonly #heights: SyncBlockInfo[][] = [];
  readonly #orphans = new Map<string, Block>();
  #tips: SyncBlockInfo[];
  #batch: SyncBlockInfo[] | undefined;

  constructor() {
    const block = TEST_PARAMS.genesis;
    this.genesis = { hash: block.hash, height: 0, block };
    this.#tips = [this.genesis];
    this.#insert(this.genesis);
  }

  get orphanCount(): number {
    return this.#orphans.size;
  }

  get blockCount(): number {
    return this.#blocks.size;
  }

  /** Current tips. */
  get tips(): readonly SyncBlockInfo[] {
    return this.#tips;
  }

  /** Makes a block on the current tips and takes it in. */
  mine(salt = ''): SyncBlockInfo {
    return this.extend(this.#tips, salt);
  }

  /** Makes a block on the given parents and takes it in. */
  extend(parents: readonly SyncBlockInfo[], salt = ''): SyncBlockInfo {
    const block = makeBlock(parents, salt);
    const result = this.processBlock(block);
    if (result.status !== 'accepted') throw new Error('made an orphan');
    return result.accepted[0]!;
  }

  batch(work: () => void): void {
    const batch: SyncBlockInfo[] = [];
    this.#batch = batch;
    work();
    this.#batch = undefined;
    for (const info of batch) this.#emit(info);
  }

  processBlock(block: Block): ProcessResult {
    this.processed++;
    const key = hashKey(block.hash);
    if (this.#blocks.has(key))
      throw new FakeRuleError('ErrDuplicateBlock', `already have block ${hashToHex(block.hash)}`);
    if (this.#orphans.has(key)) {
      throw new FakeRuleError('ErrDuplicateBlock', `already have block (orphan) ${hashToHex(block.hash)}`);
    }
    const problem = checkBlockBinding(block);
    if (problem) throw Object.assign(new Error(problem.message), { name: 'AssertError' });
    if (!equalBytes(merkleRoot(block.transactions.map(({ txid }) => txid)), block.header.merkleRoot)) {
      throw new FakeRuleError('ErrBadMerkleRoot', 'block merkle root is invalid');
    }
    const missing = this.#missingOf(block);
    if (missing.length > 0) {
      this.#orphans.set(key, block);
      return { status: 'orphan', missing };
    }
    const accepted = [this.#accept(block)];
    for (let i = 0; i < accepted.length; i++) {
      for (const [orphanKey, orphan] of this.#orphans) {
        if (this.#missingOf(orphan).length > 0) continue;
        this.#orphans.delete(orphanKey);
        if (orphan.header.version !== BAD_VERSION) accepted.push(this.#accept(orphan));
      }
    }
    return { status: 'accepted', height: accepted[0]!.height, accepted };
  }

  haveBlock(hash: Hash): boolean {
    return this.#blocks.has(hashKey(hash)) || this.isOrphan(hash);
  }

  isOrphan(hash: Hash): boolean {
    return this.#orphans.has(hashKey(hash));
  }

  snapshot(): { readonly minHeight: number; readonly maxHeight: number } {
    const heights = this.#tips.map(({ height }) => height);
    return { minHeight: Math.min(...heights), maxHeight: Math.max(...heights) };
  }

  isCurrent(): boolean {
    return this.current;
  }

  utxo(): undefined {
    return undefined;
  }

  getBlock(hash: Hash): Block | undefined {
    return this.#blocks.get(hashKey(hash))?.block;
  }

  getHeader(hash: Hash): BlockHeader | undefined {
    return this.getBlock(hash)?.header;
  }

  blockHeight(hash: Hash): number | undefined {
    return this.#blocks.get(hashKey(hash))?.height;
  }

  blocksAtHeight(height: number): Hash[] {
    return (this.#heights[height] ?? []).map(({ hash }) => hash);
  }

  locate(locatorHeights: readonly number[], stopHash: Hash, max: number): { hash: Hash; height: number }[] {
    const zero = isZeroHash(stopHash);
    const stop = zero ? this.#heights.at(-1)!.at(-1)! : this.#blocks.get(hashKey(stopHash));
    if (!stop) return [];
    const [locator] = locatorHeights;
    if (locator === undefined) return [{ hash: stop.hash, height: stop.height }];
    const out: { hash: Hash; height: number }[] = [];
    for (let height = Math.max(0, locator + 1); height <= stop.height; height++) {
      for (const { hash } of this.#heights[height]!) {
        if (out.length === max) return out;
        out.push({ hash, height });
      }
    }
    return out;
  }

  addTimeSample(source: string, seconds: number): void {
    this.timeSamples.set(source, seconds);
  }

  #missingOf(block: Block): Hash[] {
    return block.parentHashes.filter((hash) => !this.#blocks.has(hashKey(hash)));
  }

  #accept(block: Block): SyncBlockInfo {
    if (block.header.version === BAD_VERSION) throw new FakeRuleError('ErrTimeTooOld', 'bad in context');
    const parents = block.parentHashes.map((hash) => this.#blocks.get(hashKey(hash))!);
    const info = { hash: block.hash, height: Math.max(...parents.map(({ height }) => height)) + 1, block };
    this.#tips = [...this.#tips.filter((tip) => !parents.includes(tip)), info];
    this.#insert(info);
    if (this.#batch) this.#batch.push(info);
    else this.#emit(info);
    return info;
  }

  #insert(info: SyncBlockInfo): void {
    this.#blocks.set(hashKey(info.hash), info);
    this.#heights[info.height] ??= [];
    this.#heights[info.height]!.push(info);
    this.#heights[info.height]!.sort((a, b) => compareHashes(a.hash, b.hash));
  }

  #emit(info: SyncBlockInfo): void {
    this.events.emit('connected', info);
    this.events.emit('accepted', info);
  }
}
