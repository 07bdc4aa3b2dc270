import { asBuffer } from '../util/bytes.ts';
import type { KeyValueStore, Table, WriteTransaction } from './key-value.ts';
import { TABLES } from './tables.ts';

const Step = { put: 0, remove: 1, expect: 2, expectAbsent: 3 } as const;
/** Bytes in front of a key and its value. */
const PREFIX = 8;
const FIRST_SIZE = 1 << 20;
const NOTHING = new Uint8Array();

/**
 * The writes of one transaction as bytes, for a way between threads that copies no objects. For each: u8 what to do, u8 place of the
 * table in `TABLES`, u16 length of the key, u32 length of the value, key, value; little endian.
 */
export class WriteLoad implements WriteTransaction {
  #bytes = Buffer.from(new ArrayBuffer(FIRST_SIZE));
  #length = 0;

  put(table: Table, key: Uint8Array, value: Uint8Array): void {
    this.#add(Step.put, table, key, value);
  }

  remove(table: Table, key: Uint8Array): void {
    this.#add(Step.remove, table, key, NOTHING);
  }

  expect(table: Table, key: Uint8Array, value: Uint8Array | undefined): void {
    if (value) this.#add(Step.expect, table, key, value);
    else this.#add(Step.expectAbsent, table, key, NOTHING);
  }

  /** All of it, on memory of its own. The load cannot be used any more. */
  finish(): ArrayBuffer {
    return this.#bytes.buffer.slice(0, this.#length);
  }

  #add(step: number, table: Table, key: Uint8Array, value: Uint8Array): void {
    const at = this.#length;
    const end = at + PREFIX + key.length + value.length;
    if (end > this.#bytes.length) {
      const larger = Buffer.from(new ArrayBuffer(2 * end));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    const bytes = this.#bytes;
    bytes[at] = step;
    bytes[at + 1] = TABLES.indexOf(table.name);
    bytes.writeUInt16LE(key.length, at + 2);
    bytes.writeUInt32LE(value.length, at + 4);
    bytes.set(key, at + PREFIX);
    bytes.set(value, at + PREFIX + key.length);
    this.#length = end;
  }
}

/** Carries out what a {@link WriteLoad} holds. */
export function carryOut(load: ArrayBuffer, store: Pick<KeyValueStore, 'table'>, transaction: WriteTransaction): void {
  const bytes = asBuffer(new Uint8Array(load));
  const tables = TABLES.map((name) => store.table(name));
  for (let at = 0; at < bytes.length; ) {
    const table = tables[bytes[at + 1]];
    const valueAt = at + PREFIX + bytes.readUInt16LE(at + 2);
    const end = valueAt + bytes.readUInt32LE(at + 4);
    const key = bytes.subarray(at + PREFIX, valueAt);
    const value = bytes.subarray(valueAt, end);
    if (bytes[at] === Step.put) transaction.put(table, key, value);
    else if (bytes[at] === Step.remove) transaction.remove(table, key);
    else transaction.expect(table, key, bytes[at] === Step.expect ? value : undefined);
    at = end;
  }
}
