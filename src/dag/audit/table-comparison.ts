import { type KeyValueStore, MetaKey, numberKey, type TableName } from '../../store/index.ts';
import { equalBytes } from '../../util/bytes.ts';
import { hashToHex } from '../../util/hash.ts';
import { WireError } from '../../wire/index.ts';
import type { Dag } from '../dag.ts';
import { decodeRow, PAGE_POSITIONS, pageBlocks, RowError } from '../engine/index.ts';
import { decodeEffects } from '../outputs/effects.ts';
import { decodeRecord } from '../outputs/output-record.ts';
import { decodeState } from '../persist/state-record.ts';
import { effectsDifference, outputDifference, rowDifference, sameRow, stateDifference, versus } from './describe.ts';
import { Difference, outpointName, StoredRows } from './stored-rows.ts';

/**
 * Compares the tables of a database with those of a twin, row by row, while both know the same blocks. Rows are equal if their
 * bytes are; where they differ, both are decoded to say in what.
 */
export class TableComparison {
  readonly #store: KeyValueStore;
  readonly #derived: KeyValueStore;
  readonly #rows: StoredRows;
  readonly #twin: Dag;

  /** @param derived what `twin` has stored. */
  constructor(store: KeyValueStore, derived: KeyValueStore, twin: Dag) {
    this.#store = store;
    this.#derived = derived;
    this.#rows = new StoredRows(store);
    this.#twin = twin;
  }

  /** Compares a block's row of the index: facts, verdict, colouring. */
  index(id: number): void {
    const stored = this.#rows.rowBytes(id);
    const derived = this.#derived.table('index').get(numberKey(id));
    if (sameRow(stored, derived)) return;
    const row = this.#rows.row(id);
    const text = derived ? rowDifference(row, decodeRow(id, derived), this.#rows.nameOf) : 'stored, but not derived';
    throw new Difference(`block ${id} (${hashToHex(row.hash)}): ${text}`);
  }

  /** Compares the page of the order that holds a position. @returns first position behind the page. */
  orderPage(position: number): number {
    const page = Math.floor(position / PAGE_POSITIONS);
    const stored = this.#rows.read('order', page, `order: page ${page}`);
    const derived = this.#derived.table('order').get(numberKey(page));
    if (!sameRow(stored, derived)) throw new Difference(this.#pageDifference(page, stored, derived));
    return (page + 1) * PAGE_POSITIONS;
  }

  /** Compares what the block at a position of the order did. */
  effects(position: number): void {
    const stored = this.#rows.read('effects', position, `effects at order position ${position}`);
    const derived = this.#derived.table('effects').get(numberKey(position));
    if (!sameRow(stored, derived)) throw new Difference(this.#effectsDifference(position, stored, derived));
  }

  /** Compares an output that is stored. */
  output(key: Uint8Array, stored: Uint8Array): void {
    this.#compareOutput(key, stored, this.#derived.table('outputs').get(key));
  }

  /** Compares the number of rows of tables that were compared row by row. */
  counts(...names: readonly TableName[]): void {
    for (const name of names) {
      // The twin keeps no bodies: there is one for each row of the index.
      const expected = this.#derived.table(name === 'blocks' ? 'index' : name).count();
      const found = this.#rows.count(name);
      if (found === expected) continue;
      if (name === 'outputs') this.#findMissingOutput();
      throw new Difference(`rows of table "${name}": ${versus(`${found}`, `${expected}`)}`);
    }
  }

  /** Compares the state record and the sum behind the hash over the outputs. */
  state(): void {
    const [stored, derived] = [this.#store, this.#derived].map((store) => store.table('meta'));
    const record = stored.get(MetaKey.state);
    if (!record) throw new Difference('the state record is missing');
    const state = decoded(() => decodeState(record), 'the state record');
    const text = stateDifference(state, decodeState(derived.get(MetaKey.state)!), this.#rows.nameOf);
    if (text !== undefined) throw new Difference(text);
    if (!sameRow(stored.get(MetaKey.outputsSum), derived.get(MetaKey.outputsSum))) {
      throw new Difference('the sum behind the hash of the output set is another');
    }
  }

  #pageDifference(page: number, stored: Uint8Array | undefined, derived: Uint8Array | undefined): string {
    if (!stored || !derived) return `order: page ${page} is missing`;
    const blocks = decoded(() => pageBlocks(stored, page), `order: page ${page}`);
    const expected = pageBlocks(derived, page);
    for (let i = 0; i < Math.max(blocks.length, expected.length); i++) {
      if (blocks[i] === expected[i]) continue;
      const [a, b] = [blocks[i], expected[i]].map((id) => (id === undefined ? 'nothing' : this.#rows.nameOf(id)));
      return `order position ${page * PAGE_POSITIONS + i}: ${versus(a, b)}`;
    }
    return `order: page ${page} has the right blocks and wrong notes for going on`;
  }

  #effectsDifference(position: number, stored: Uint8Array | undefined, derived: Uint8Array | undefined): string {
    const hash = this.#twin.orderAt(position)!;
    const name = `effects at order position ${position} (block ${hashToHex(hash)})`;
    if (!stored || !derived) return `${name}: missing`;
    const a = decoded(() => decodeEffects(stored), name);
    const b = decodeEffects(derived);
    if (!equalBytes(a.orderHash, b.orderHash)) {
      return `${name}: hash of the order up to here: ${versus(hashToHex(a.orderHash), hashToHex(b.orderHash))}`;
    }
    const txids = this.#twin.getBlock(hash)!.transactions.map(({ txid }) => txid);
    return `${name}: ${effectsDifference(a.effects, b.effects, txids)}`;
  }

  #compareOutput(key: Uint8Array, stored: Uint8Array | undefined, derived: Uint8Array | undefined): void {
    if (sameRow(stored, derived)) return;
    const name = outpointName(key);
    const record = stored && decoded(() => decodeRecord(stored), name);
    throw new Difference(`${name}: ${outputDifference(record, derived && decodeRecord(derived))}`);
  }

  #findMissingOutput(): void {
    const stored = this.#store.table('outputs');
    for (const { key, value } of this.#derived.table('outputs').range()) {
      if (!stored.has(key)) this.#compareOutput(key, undefined, value);
    }
  }
}

/** Decodes something damaged: what fails is a {@link Difference}. */
function decoded<T>(decode: () => T, name: string): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof WireError || error instanceof RowError || error instanceof RangeError)) throw error;
    throw new Difference(`${name}: does not decode (${error.message})`);
  }
}
