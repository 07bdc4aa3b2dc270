import type { NetworkParams } from '../../params/index.ts';
import type { ProofOfWork } from '../../pow/index.ts';
import {
  type KeyValueStore,
  MetaKey,
  numberKey,
  prepareSchema,
  StoreError,
  type TableName,
} from '../../store/index.ts';
import { asBuffer, bytesToHex, equalBytes } from '../../util/bytes.ts';
import { type Hash, hashToHex, sha256d } from '../../util/hash.ts';
import type { Clock } from '../../util/ports.ts';
import { Block, HEADER_SIZE, WireError } from '../../wire/index.ts';
import { Dag } from '../dag.ts';
import { type BlockRow, BlockStatus, decodeRow, PAGE_POSITIONS, pageBlocks, RowError } from '../engine/index.ts';
import { AssertError, RuleError } from '../errors.ts';
import { decodeEffects } from '../outputs/effects.ts';
import { decodeRecord } from '../outputs/output-record.ts';
import { decodeState } from '../persist/state-record.ts';
import { InlineScriptVerifier, type ScriptFailure, type ScriptJob, type ScriptVerifier } from '../rules/scripts.ts';
import { BorrowedBodies } from './borrowed-bodies.ts';
import {
  effectsDifference,
  type NameOf,
  outputDifference,
  rowDifference,
  sameRow,
  stateDifference,
  statusName,
  versus,
} from './describe.ts';

/** What is being compared. */
export type VerifyStage = 'blocks' | 'order' | 'effects' | 'outputs' | 'memory';

/** How far a verification has come. */
export interface VerifyProgress {
  readonly stage: VerifyStage;
  /** Blocks, positions of the order, or outputs. */
  readonly done: number;
  readonly total: number;
}

/** What a verification found. */
export interface VerifyReport {
  /** Blocks derived, failed ones and genesis included. */
  readonly blocks: number;
  /** Length of the derived order. */
  readonly positions: number;
  /** Derived outputs, spent and ignored ones included. */
  readonly outputs: number;
  /** The first difference in one line; undefined if there is none. */
  readonly difference: string | undefined;
}

/** Settings of a verification. */
export interface VerifyOptions {
  readonly params: NetworkParams;
  /** Run the scripts of all blocks, too, and not only of those that failed. Default false. */
  readonly scripts?: boolean;
  /** A step of the verification takes about this long, milliseconds. */
  readonly slice: number;
}

/** What a verification works with. */
export interface VerifyDeps {
  /** The database to be verified. It may grow between two steps. */
  readonly store: KeyValueStore;
  /** An empty store for the derived state; about as large as the other without its blocks. */
  readonly scratch: KeyValueStore;
  readonly pow: ProofOfWork;
  readonly clock: Clock;
  /** The DAG over `store`, asked for when the tables have been found right. */
  readonly subject?: () => Dag;
}

/** Found: ends the verification. */
class Difference extends Error {}

/** Whether a block came too early was decided when it came: no time is too late now. */
const END_OF_TIME: Clock = { now: () => 2 ** 32 * 1000, monotonic: () => 0 };

/** Scripts run only where that is asked for. */
class OptionalScripts implements ScriptVerifier {
  readonly #inner = new InlineScriptVerifier();
  enabled = false;

  verify(jobs: readonly ScriptJob[]): ScriptFailure | undefined {
    return this.enabled ? this.#inner.verify(jobs) : undefined;
  }
}

/**
 * Derives the whole state a second time, from nothing but the stored blocks in their order of arrival, and compares it with what is
 * stored: bodies with their rows, verdicts, colouring, order, what each position of the order did, outputs, digests, and at last
 * a DAG in memory. Every row is compared at a moment at which both sides know the same blocks.
 *
 * Not bound by a block's hash, and so not verifiable: witness data, and version and free data of the parent list.
 */
export class DagVerification {
  readonly #options: VerifyOptions;
  readonly #deps: VerifyDeps;
  readonly #scripts = new OptionalScripts();
  readonly #twin: Dag;
  #deadline = 0;
  /** Ids below have been derived. */
  #derived = 0;
  /** Positions below have been compared, by stage. */
  readonly #compared = { order: 0, effects: 0, memory: 0 };

  constructor(options: VerifyOptions, deps: VerifyDeps) {
    this.#options = options;
    this.#deps = deps;
    const store = new BorrowedBodies(deps.scratch, deps.store);
    const { params } = options;
    this.#twin = new Dag({ params }, { store, clock: END_OF_TIME, pow: deps.pow, scriptVerifier: this.#scripts });
  }

  /**
   * Verifies step by step: between two steps anything else may happen. May be left at any step.
   * @throws {StoreError} if the scratch store fails, or the database is not of this network or of a newer program.
   */
  *run(): Generator<VerifyProgress, VerifyReport> {
    let difference: string | undefined;
    try {
      prepareSchema(this.#deps.store, this.#options.params.genesisHash);
      this.#twin.open();
      this.#twin.events.on('reorder', ({ cut }) => this.#rewind(cut));
      yield* this.#stage(
        'blocks',
        () => true,
        () => this.#derived,
        () => this.#rows('index'),
      );
      this.#compareCounts('blocks', 'index');
      yield* this.#stage(
        'order',
        () => this.#compareOrder(),
        () => this.#compared.order,
        () => this.#twin.orderLength,
      );
      yield* this.#stage(
        'effects',
        () => this.#compareEffects(),
        () => this.#compared.effects,
        () => this.#twin.orderLength,
      );
      yield* this.#outputStage();
      const subject = this.#deps.subject?.();
      if (subject) {
        yield* this.#stage(
          'memory',
          () => this.#compareMemory(subject),
          () => this.#compared.memory,
          () => this.#derived,
        );
      }
    } catch (error) {
      if (!(error instanceof Difference || (error instanceof StoreError && error.kind === 'corrupt'))) throw error;
      difference = error.message;
    }
    return {
      blocks: this.#derived,
      positions: this.#derived > 0 ? this.#twin.orderLength : 0,
      outputs: this.#derived > 0 ? this.#deps.scratch.table('outputs').count() : 0,
      difference,
    };
  }

  /** Steps until `work` says that it is done while both sides know the same blocks. */
  *#stage(
    stage: VerifyStage,
    work: () => boolean,
    done: () => number,
    total: () => number,
  ): Generator<VerifyProgress, void> {
    for (;;) {
      this.#deadline = this.#deps.clock.monotonic() + this.#options.slice;
      if (this.#follow() && work()) return;
      yield { stage, done: done(), total: total() };
    }
  }

  *#outputStage(): Generator<VerifyProgress, void> {
    const stored = this.#deps.store.table('outputs');
    const derived = this.#deps.scratch.table('outputs');
    let next: Uint8Array | undefined;
    let seen = 0;
    const work = (): boolean => {
      const range = stored.range({ ...(next && { start: next }) });
      for (const { key, value } of range) {
        this.#compareOutput(key, value, derived.get(key));
        // The least key behind this one.
        next = Buffer.concat([key, Buffer.alloc(1)]);
        if (++seen % 64 === 0 && this.#isLate()) return false;
      }
      if (stored.count() !== derived.count()) this.#findMissingOutput();
      this.#compareState();
      return true;
    };
    yield* this.#stage(
      'outputs',
      work,
      () => seen,
      () => derived.count(),
    );
  }

  /** Derives blocks that are not derived yet. @returns true if there are no more. */
  #follow(): boolean {
    const from = this.#derived;
    const until = this.#rows('index');
    if (from === until) return true;
    try {
      this.#twin.batch(() => {
        do this.#derive(this.#derived++);
        while (this.#derived < until && !this.#isLate());
      });
    } catch (error) {
      // Whatever is wrong with a block, its own row says more than what came of it later.
      if (error instanceof Difference) this.#compareRows(from, this.#derived - 1);
      throw error;
    }
    this.#compareRows(from, this.#derived);
    return this.#derived === until;
  }

  #derive(id: number): void {
    const { params, scripts = false } = this.#options;
    const row = this.#row(id);
    const bytes = this.#body(id);
    const name = `block ${id} (${hashToHex(row.hash)})`;
    const hash = sha256d(bytes.subarray(0, HEADER_SIZE));
    if (!equalBytes(hash, row.hash)) throw new Difference(`${name}: its body has the hash ${hashToHex(hash)}`);
    if (id === 0) {
      if (!equalBytes(bytes, params.genesis.toBytes())) throw new Difference(`${name}: is not the genesis block`);
      return;
    }
    const block = this.#decode(bytes, name);
    this.#scripts.enabled = scripts || row.status === BlockStatus.failed;
    const derived = this.#verdict(block);
    const stored = statusName(row.status);
    if (!derived.startsWith(stored)) throw new Difference(`${name}: ${versus(stored, derived)}`);
  }

  /** What the rules say of a block. */
  #verdict(block: Block): string {
    try {
      const result = this.#twin.processBlock(block);
      if (result.status === 'accepted') return statusName(BlockStatus.valid);
      return `nothing, because its parent ${hashToHex(result.missing[0])} is not known before it`;
    } catch (error) {
      if (!(error instanceof RuleError || error instanceof AssertError)) throw error;
      const isKept = this.#twin.blockStatus(block.hash) === 'failed';
      const code = error instanceof RuleError ? `${error.code}: ` : '';
      return `${isKept ? statusName(BlockStatus.failed) : 'refused'} (${code}${error.message})`;
    }
  }

  #decode(bytes: Uint8Array, name: string): Block {
    let block: Block;
    try {
      block = Block.fromBytes(bytes, this.#options.params.generation);
    } catch (error) {
      if (error instanceof WireError) throw new Difference(`${name}: its body does not decode (${error.message})`);
      throw error;
    }
    if (!equalBytes(block.toBytes(), bytes)) throw new Difference(`${name}: its body is not in canonical form`);
    return block;
  }

  #compareRows(from: number, end: number): void {
    const derived = this.#deps.scratch.table('index');
    for (let id = from; id < end; id++) {
      const stored = this.#rowBytes(id);
      const other = derived.get(numberKey(id));
      if (sameRow(stored, other)) continue;
      const row = this.#row(id);
      const text = other ? rowDifference(row, decodeRow(id, other), this.#nameOf) : 'stored, but not derived';
      throw new Difference(`block ${id} (${hashToHex(row.hash)}): ${text}`);
    }
  }

  #compareOrder(): boolean {
    const derived = this.#deps.scratch.table('order');
    const length = this.#twin.orderLength;
    while (this.#compared.order < length) {
      const page = Math.floor(this.#compared.order / PAGE_POSITIONS);
      const a = this.#read('order', page, `order: page ${page}`);
      const b = derived.get(numberKey(page));
      if (!sameRow(a, b)) throw new Difference(this.#pageDifference(page, a, b));
      this.#compared.order = Math.min(length, (page + 1) * PAGE_POSITIONS);
      if (this.#isLate()) break;
    }
    if (this.#compared.order < length) return false;
    this.#compareCounts('order');
    return true;
  }

  #pageDifference(page: number, stored: Uint8Array | undefined, derived: Uint8Array | undefined): string {
    if (!stored || !derived) return `order: page ${page} is missing`;
    let blocks: readonly number[];
    try {
      blocks = pageBlocks(stored, page);
    } catch (error) {
      if (error instanceof RowError) return `order: page ${page} does not decode (${error.message})`;
      throw error;
    }
    const expected = pageBlocks(derived, page);
    for (let i = 0; i < Math.max(blocks.length, expected.length); i++) {
      if (blocks[i] === expected[i]) continue;
      const [a, b] = [blocks[i], expected[i]].map((id) => (id === undefined ? 'nothing' : this.#nameOf(id)));
      return `order position ${page * PAGE_POSITIONS + i}: ${versus(a, b)}`;
    }
    return `order: page ${page} has the right blocks and wrong notes for going on`;
  }

  #compareEffects(): boolean {
    const derived = this.#deps.scratch.table('effects');
    const length = this.#twin.orderLength;
    for (let count = 1; this.#compared.effects < length; count++) {
      const position = this.#compared.effects++;
      const a = this.#read('effects', position, `effects at order position ${position}`);
      const b = derived.get(numberKey(position));
      if (!sameRow(a, b)) throw new Difference(this.#effectsDifference(position, a, b));
      if (count % 64 === 0 && this.#isLate()) return false;
    }
    this.#compareCounts('effects');
    return true;
  }

  #effectsDifference(position: number, stored: Uint8Array | undefined, derived: Uint8Array | undefined): string {
    const hash = this.#twin.orderAt(position)!;
    const name = `effects at order position ${position} (block ${hashToHex(hash)})`;
    if (!stored || !derived) return `${name}: missing`;
    let a: ReturnType<typeof decodeEffects>;
    try {
      a = decodeEffects(stored);
    } catch (error) {
      if (error instanceof WireError || error instanceof RangeError) return `${name}: do not decode (${error.message})`;
      throw error;
    }
    const b = decodeEffects(derived);
    if (!equalBytes(a.orderHash, b.orderHash)) {
      return `${name}: hash of the order up to here: ${versus(hashToHex(a.orderHash), hashToHex(b.orderHash))}`;
    }
    const txids = this.#twin.getBlock(hash)!.transactions.map(({ txid }) => txid);
    return `${name}: ${effectsDifference(a.effects, b.effects, txids)}`;
  }

  #compareOutput(key: Uint8Array, stored: Uint8Array | undefined, derived: Uint8Array | undefined): void {
    if (sameRow(stored, derived)) return;
    if (key.length !== 36) throw new Difference(`outputs: ${bytesToHex(key)} is no outpoint`);
    const name = `output ${hashToHex(key.subarray(0, 32))}:${asBuffer(key).readUInt32BE(32)}`;
    let record: ReturnType<typeof decodeRecord> | undefined;
    try {
      record = stored && decodeRecord(stored);
    } catch (error) {
      if (error instanceof WireError || error instanceof RangeError) {
        throw new Difference(`${name}: does not decode (${error.message})`);
      }
      throw error;
    }
    throw new Difference(`${name}: ${outputDifference(record, derived && decodeRecord(derived))}`);
  }

  #findMissingOutput(): void {
    const stored = this.#deps.store.table('outputs');
    for (const { key, value } of this.#deps.scratch.table('outputs').range()) {
      if (!stored.has(key)) this.#compareOutput(key, undefined, value);
    }
  }

  /** The state record and the sum behind the hash over the outputs. */
  #compareState(): void {
    const [stored, derived] = [this.#deps.store, this.#deps.scratch].map((store) => store.table('meta'));
    const record = stored.get(MetaKey.state);
    if (!record) throw new Difference('the state record is missing');
    let state: ReturnType<typeof decodeState>;
    try {
      state = decodeState(record);
    } catch (error) {
      if (error instanceof WireError) throw new Difference(`the state record does not decode (${error.message})`);
      throw error;
    }
    const text = stateDifference(state, decodeState(derived.get(MetaKey.state)!), this.#nameOf);
    if (text !== undefined) throw new Difference(text);
    if (!sameRow(stored.get(MetaKey.outputsSum), derived.get(MetaKey.outputsSum))) {
      throw new Difference('the sum behind the hash of the output set is another');
    }
  }

  /** The DAG in memory: what it answers with, then block by block its place in the order and its colour. */
  #compareMemory(subject: Dag): boolean {
    const twin = this.#twin;
    for (const [name, answer] of MEMORY_FACTS) {
      const [a, b] = [answer(subject), answer(twin)];
      if (a !== b) throw new Difference(`${name} in memory: ${versus(a, b).replace('stored', 'kept')}`);
    }
    for (let count = 1; this.#compared.memory < this.#derived; count++) {
      const at = this.#compared.memory++;
      const [a, b] = [subject.orderAt(at), twin.orderAt(at)].map((hash) => (hash ? hashToHex(hash) : 'nothing'));
      if (a !== b) throw new Difference(`order position ${at} in memory: kept ${a}, derived ${b}`);
      const hash = this.#hash(at);
      const [blue, derived] = [subject.isVirtualBlue(hash), twin.isVirtualBlue(hash)];
      if (blue !== derived) {
        const text = (is: boolean): string => (is ? 'blue' : 'not blue');
        throw new Difference(`block ${this.#nameOf(at)} in memory: kept ${text(blue)}, derived ${text(derived)}`);
      }
      if (count % 64 === 0 && this.#isLate()) return false;
    }
    return true;
  }

  /** Rows from a position of the order on were rewritten: they are to be compared again. */
  #rewind(cut: number): void {
    const compared = this.#compared;
    compared.order = Math.min(compared.order, cut);
    compared.effects = Math.min(compared.effects, cut);
    compared.memory = Math.min(compared.memory, cut);
  }

  #compareCounts(...names: readonly TableName[]): void {
    const derived = this.#deps.scratch;
    for (const name of names) {
      // The scratch store keeps no bodies: there is one for each row of the index.
      const expected = derived.table(name === 'blocks' ? 'index' : name).count();
      const found = this.#rows(name);
      if (found !== expected) throw new Difference(`rows of table "${name}": ${versus(`${found}`, `${expected}`)}`);
    }
  }

  #rows(name: TableName): number {
    return this.#deps.store.table(name).count();
  }

  #isLate(): boolean {
    return this.#deps.clock.monotonic() >= this.#deadline;
  }

  #body(id: number): Uint8Array {
    const bytes = this.#read('blocks', id, `block ${id}: its body`);
    if (!bytes) throw new Difference(`block ${id}: its body is missing`);
    if (bytes.length < HEADER_SIZE) throw new Difference(`block ${id}: its body is too short`);
    return bytes;
  }

  #rowBytes(id: number): Uint8Array {
    const bytes = this.#read('index', id, `block ${id}: its row`);
    if (!bytes) throw new Difference(`block ${id}: its row is missing`);
    return bytes;
  }

  /** A numbered row of the database; `name` says in a message which one it is. */
  #read(table: TableName, number: number, name: string): Uint8Array | undefined {
    try {
      return this.#deps.store.table(table).get(numberKey(number));
    } catch (error) {
      if (error instanceof StoreError && error.kind === 'corrupt') throw new Difference(`${name}: ${error.message}`);
      throw error;
    }
  }

  #row(id: number): BlockRow {
    try {
      return decodeRow(id, this.#rowBytes(id));
    } catch (error) {
      if (error instanceof RowError) throw new Difference(`block ${id}: its row does not decode (${error.message})`);
      throw error;
    }
  }

  #hash(id: number): Hash {
    return this.#row(id).hash;
  }

  /** Id and hash of a block, for messages. */
  readonly #nameOf: NameOf = (id) => {
    if (!this.#deps.store.table('index').has(numberKey(id))) return `${id} (unknown)`;
    return `${id} (${hashToHex(this.#hash(id))})`;
  };
}

/** What a DAG in memory can be compared by at once. */
const MEMORY_FACTS: readonly (readonly [string, (dag: Dag) => string])[] = [
  ['number of blocks', (dag) => String(dag.snapshot().blockCount)],
  ['tips', (dag) => `[${dag.snapshot().tips.map(hashToHex).join(' ')}]`],
  ['tips hash', (dag) => hashToHex(dag.snapshot().hash)],
  ['virtual blue score', (dag) => String(dag.virtualBlueScore)],
  ['length of the order', (dag) => String(dag.orderLength)],
  ['hash of the order', (dag) => hashToHex(dag.orderHash())],
  ['number of outputs', (dag) => String(dag.outputCount)],
  ['hash of the output set', (dag) => hashToHex(dag.outputSetHash())],
  ['block connected last', (dag) => hashToHex(dag.bestState().hash)],
];
