import { type KeyValueStore, numberKey, type Row, StoreError, type TableName } from '../../store/index.ts';
import { asBuffer, bytesToHex } from '../../util/bytes.ts';
import { hashToHex } from '../../util/hash.ts';
import { HEADER_SIZE } from '../../wire/index.ts';
import { type BlockRow, decodeRow, RowError } from '../engine/index.ts';

/** Bytes of a key of the table `outputs`. */
const OUTPOINT_SIZE = 36;

/** The output that a key of the table `outputs` stands for. */
export function outpointName(key: Uint8Array): string {
  if (key.length !== OUTPOINT_SIZE) return `${bytesToHex(key)}, which is no outpoint,`;
  return `output ${hashToHex(key.subarray(0, 32))}:${asBuffer(key).readUInt32BE(32)}`;
}

/** Something that is not as it should be: ends a verification. The message is the line for the operator. */
export class Difference extends Error {}

/** Reads the numbered rows of a database that may be damaged; what cannot be read is a {@link Difference}. */
export class StoredRows {
  readonly #store: KeyValueStore;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  /** Rows of a table. */
  count(table: TableName): number {
    return this.#store.table(table).count();
  }

  /** A row, undefined if it is missing. @param name of the row in a message. */
  read(table: TableName, number: number, name: string): Uint8Array | undefined {
    try {
      return this.#store.table(table).get(numberKey(number));
    } catch (error) {
      if (error instanceof StoreError && error.kind === 'corrupt') throw new Difference(`${name}: ${error.message}`);
      throw error;
    }
  }

  /** Canonical bytes of a block, long enough to hold a header. */
  body(id: number): Uint8Array {
    const bytes = this.read('blocks', id, `block ${id}: its body`);
    if (!bytes) throw new Difference(`block ${id}: its body is missing`);
    if (bytes.length < HEADER_SIZE) throw new Difference(`block ${id}: its body is too short`);
    return bytes;
  }

  /** Row of a block in the index, as it is. */
  rowBytes(id: number): Uint8Array {
    const bytes = this.read('index', id, `block ${id}: its row`);
    if (!bytes) throw new Difference(`block ${id}: its row is missing`);
    return bytes;
  }

  row(id: number): BlockRow {
    try {
      return decodeRow(id, this.rowBytes(id));
    } catch (error) {
      if (error instanceof RowError) throw new Difference(`block ${id}: its row does not decode (${error.message})`);
      throw error;
    }
  }

  /** Rows of the table `outputs` from a key on. */
  *outputs(start: Uint8Array | undefined): Iterable<Row> {
    let last = 'the beginning';
    try {
      for (const row of this.#store.table('outputs').range({ ...(start && { start }) })) {
        yield row;
        last = outpointName(row.key);
      }
    } catch (error) {
      if (!(error instanceof StoreError && error.kind === 'corrupt')) throw error;
      throw new Difference(`outputs, behind ${last}: ${error.message}`);
    }
  }

  /** Id and hash of a block, for messages. */
  readonly nameOf = (id: number): string => {
    const isKnown = Number.isInteger(id) && id >= 0 && id < this.count('index');
    if (!isKnown || !this.#store.table('index').has(numberKey(id))) return `${id} (unknown)`;
    return `${id} (${hashToHex(this.row(id).hash)})`;
  };
}
