import type { Hash } from '../../util/hash.ts';
import { BlockStatus } from './block-index.ts';

/** Bytes of a row before the parents: status, hash, time, bits. */
const FIXED_BYTES = 41;

/** Everything that is stored of one block. */
export interface BlockRow {
  readonly status: BlockStatus;
  readonly hash: Hash;
  readonly time: number;
  readonly bits: number;
  /** Message order, duplicates kept. */
  readonly parents: readonly number[];
  /** Of a connected block with parents. */
  readonly links?: RowLinks;
}

/** What colouring and reachability know of a connected block. */
export interface RowLinks {
  readonly selectedParent: number;
  readonly treeParent: number;
  /** The diff of the blue set: chains of related blocks, each ascending. */
  readonly chains: readonly (readonly number[])[];
  /** The rest of the merge set, descending; the diff belongs to the merge set if selected and tree parent are equal. */
  readonly rest: ArrayLike<number> & Iterable<number>;
}

/** A row or page that cannot be decoded. */
export class RowError extends Error {
  override name = 'RowError';
}

/** Writes bytes and variable-length integers (7 bits a byte, low first). */
export class RowWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  u32(value: number): void {
    for (let shift = 0; shift < 32; shift += 8) this.byte((value >>> shift) & 0xff);
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** An integer in [0, 2^31). */
  varint(value: number): void {
    this.#reserve(5);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A copy of what was written; the writer starts anew. */
  finish(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return bytes;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const bigger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
    bigger.set(this.#bytes);
    this.#bytes = bigger;
  }
}

/** Reads what {@link RowWriter} wrote. Every method throws {@link RowError} at the end of the bytes. */
export class RowReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new RowError('row is too short');
    return value;
  }

  u32(): number {
    return (this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)) >>> 0;
  }

  /** A view of the next bytes. */
  bytes(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new RowError('row is too short');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  varint(): number {
    let byte = this.byte();
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 28) throw new RowError('number is too long');
      byte = this.byte();
      value |= (byte & 0x7f) << shift;
    }
    if (value < 0) throw new RowError('number is too large');
    return value;
  }

  /** A varint that counts things of at least one byte each that follow. */
  count(): number {
    const value = this.varint();
    if (value > this.#bytes.length - this.#at) throw new RowError('row is too short');
    return value;
  }
}

/**
 * Row of a block: status (1 byte), hash (32), time and bits (4 each, little endian), then variable-length integers:
 * number of parents and id − parent each; for connected blocks with parents also the places of selected and tree parent
 * among the distinct parents, the chains of the diff and the rest of the merge set. A list of blocks is its length and
 * the differences from block to block, beginning at id. About 45 bytes for a block with one parent.
 */
export function encodeRow(id: number, row: BlockRow, writer: RowWriter): Uint8Array {
  writer.byte(row.status);
  writer.bytes(row.hash);
  writer.u32(row.time);
  writer.u32(row.bits);
  writer.varint(row.parents.length);
  for (const parent of row.parents) writer.varint(id - parent);
  if (row.links) {
    const distinct = distinctOf(row.parents);
    writer.varint(distinct.indexOf(row.links.selectedParent));
    writer.varint(distinct.indexOf(row.links.treeParent));
    writer.varint(row.links.chains.length);
    for (const chain of row.links.chains) writeDescending(writer, id, chain.toReversed());
    writeDescending(writer, id, row.links.rest);
  }
  return writer.finish();
}

/**
 * Reads a row.
 * @throws {RowError} if it is damaged: too short, too long, or naming blocks that are not older than itself.
 */
export function decodeRow(id: number, bytes: Uint8Array): BlockRow {
  if (bytes.length < FIXED_BYTES) throw new RowError('row is too short');
  const reader = new RowReader(bytes);
  const status = reader.byte();
  if (status !== BlockStatus.stored && status !== BlockStatus.valid && status !== BlockStatus.failed) {
    throw new RowError(`unknown status ${status}`);
  }
  const hash = reader.bytes(32);
  const time = reader.u32();
  const bits = reader.u32();
  const parents: number[] = [];
  for (let count = reader.count(); count > 0; count--) parents.push(older(id, id, reader.varint()));
  const hasLinks = status === BlockStatus.valid && parents.length > 0;
  const links = hasLinks ? readLinks(id, parents, reader) : undefined;
  if (!reader.isAtEnd) throw new RowError('row is too long');
  return { status, hash, time, bits, parents, ...(links && { links }) };
}

function readLinks(id: number, parents: readonly number[], reader: RowReader): RowLinks {
  const distinct = distinctOf(parents);
  const selectedParent = distinct[reader.varint()];
  const treeParent = distinct[reader.varint()];
  if (selectedParent === undefined || treeParent === undefined) throw new RowError('no such parent');
  const chains: number[][] = [];
  for (let count = reader.count(); count > 0; count--) chains.push(readDescending(reader, id).reverse());
  return { selectedParent, treeParent, chains, rest: readDescending(reader, id) };
}

function distinctOf(list: readonly number[]): readonly number[] {
  return list.length === 1 ? list : [...new Set(list)];
}

function writeDescending(writer: RowWriter, from: number, list: ArrayLike<number> & Iterable<number>): void {
  writer.varint(list.length);
  let last = from;
  for (const block of list) {
    writer.varint(last - block);
    last = block;
  }
}

function readDescending(reader: RowReader, from: number): number[] {
  const list: number[] = [];
  let last = from;
  for (let count = reader.count(); count > 0; count--) {
    last = older(from, last, reader.varint());
    list.push(last);
  }
  return list;
}

function older(id: number, from: number, difference: number): number {
  const block = from - difference;
  if (difference === 0 || block < 0) throw new RowError(`row of block ${id} names block ${block}`);
  return block;
}
