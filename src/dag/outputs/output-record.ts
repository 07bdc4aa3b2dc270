import { ByteReader, ByteWriter } from '../../wire/index.ts';
import { type Output, sameOutput } from './output.ts';

/**
 * State of an output after the replay of the order: `absent`, no transaction has made it (yet); `unspent`; `spent`,
 * kept
 * for ever, because a later spend of it makes ignored outputs and not a skipped transaction; `ignored`, made by a
 * transaction that lost a double spend, or by one that spends such an output.
 */
export const ReplayState = { absent: 0, unspent: 1, spent: 2, ignored: 3 } as const;
export type ReplayState = (typeof ReplayState)[keyof typeof ReplayState];

/** Everything known of one outpoint. Immutable. */
export interface OutputRecord {
  readonly state: ReplayState;
  /** The output as the replay knows it; undefined exactly if `absent`. */
  readonly entry: Output | undefined;
  /** The output in the stored set, which checks of new blocks read; undefined if it is not there. */
  readonly stored: Output | undefined;
}

/** The record of an outpoint nobody has heard of. */
export const ABSENT: OutputRecord = { state: ReplayState.absent, entry: undefined, stored: undefined };

/** True if a record has a row in the database. */
export function hasContent({ entry, stored }: OutputRecord): boolean {
  return entry !== undefined || stored !== undefined;
}

/** True if two records have the same content. */
export function sameRecord(a: OutputRecord, b: OutputRecord): boolean {
  return a === b || (a.state === b.state && isSame(a.entry, b.entry) && isSame(a.stored, b.stored));
}

function isSame(a: Output | undefined, b: Output | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && sameOutput(a, b));
}

/** Bits of the first byte of a record. */
const STATE_MASK = 3;
const HAS_STORED = 4;
const STORED_IS_ENTRY = 8;

/**
 * Bytes of a record: u8 flags (bits 0–1 replay state, bit 2 in the stored set, bit 3 stored as the same output), then
 * the entry
 * unless absent, then the stored output if it differs. An output is: varint 2 × height + coinbase, varint value,
 * script with varint length. Undefined for a record without content, which has no row.
 */
export function encodeRecord(record: OutputRecord): Uint8Array | undefined {
  const writer = new ByteWriter(48);
  return writeRecord(writer, record) ? writer.finish() : undefined;
}

/** Writes a record as {@link encodeRecord} does. @returns false if it has no content, and nothing was written. */
export function writeRecord(writer: ByteWriter, { state, entry, stored }: OutputRecord): boolean {
  if (state === ReplayState.absent && !stored) return false;
  const shared = stored !== undefined && entry !== undefined && sameOutput(stored, entry);
  writer.u8(state | (stored ? HAS_STORED : 0) | (shared ? STORED_IS_ENTRY : 0));
  if (entry) writeOutput(writer, entry);
  if (stored && !shared) writeOutput(writer, stored);
  return true;
}

/**
 * Decodes a record.
 * @throws {WireError} if the bytes end early.
 */
export function decodeRecord(bytes: Uint8Array): OutputRecord {
  const reader = new ByteReader(bytes);
  const flags = reader.u8();
  const state = (flags & STATE_MASK) as ReplayState;
  const entry = state === ReplayState.absent ? undefined : readOutput(reader);
  if ((flags & HAS_STORED) === 0) return { state, entry, stored: undefined };
  return { state, entry, stored: (flags & STORED_IS_ENTRY) !== 0 ? entry : readOutput(reader) };
}

/** Writes an output as described at {@link encodeRecord}. */
export function writeOutput(writer: ByteWriter, { value, pkScript, height, isCoinbase }: Output): void {
  writer.varint(2 * height + (isCoinbase ? 1 : 0));
  writer.varint(value);
  writer.varBytes(pkScript);
}

/** Reads what {@link writeOutput} wrote; the script is a view. */
export function readOutput(reader: ByteReader): Output {
  const mark = Number(reader.varint());
  const value = BigInt(reader.varint());
  const pkScript = reader.bytes(Number(reader.varint()));
  return { value, pkScript, height: mark >>> 1, isCoinbase: (mark & 1) === 1 };
}
