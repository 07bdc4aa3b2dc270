import { EMPTY_BYTES } from '../util/bytes.ts';
import { ScriptError } from './errors.ts';
import { Op, opcodeName } from './opcodes.ts';

/** A view of part of a byte array, never a Buffer and cheaper than `subarray`. */
export function view(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

/**
 * Walks over a script opcode by opcode without allocating anything. After each successful {@link next} the fields
 * describe the opcode that was passed.
 */
export class ScriptCursor {
  readonly script: Uint8Array;
  /** Where the next opcode begins. */
  offset: number;
  /** The opcode that was passed last. */
  opcode = 0;
  /** Where that opcode begins. */
  start = 0;
  /** Where its data begins; equals {@link offset} if it carries none. */
  dataStart = 0;

  constructor(script: Uint8Array, offset = 0) {
    this.script = script;
    this.offset = offset;
  }

  /**
   * Passes one opcode; false at the end of the script.
   * @throws {ScriptError} `ErrMalformedPush` if its data reaches beyond the end. The cursor does not move then.
   */
  next(): boolean {
    const script = this.script;
    const start = this.offset;
    const length = script.length;
    if (start >= length) return false;
    const opcode = script[start];
    let dataStart = start + 1;
    let size = 0;
    if (opcode < Op.PUSHDATA1) {
      size = opcode;
      if (size >= length - start) throw malformed(opcode, 'requires', size + 1, length - start);
    } else if (opcode <= Op.PUSHDATA4) {
      const width = opcode === Op.PUSHDATA1 ? 1 : opcode === Op.PUSHDATA2 ? 2 : 4;
      if (width > length - dataStart) throw malformed(opcode, 'requires', width, length - dataStart);
      for (let i = width - 1; i >= 0; i--) size = size * 256 + script[dataStart + i];
      dataStart += width;
      if (size > length - dataStart) throw malformed(opcode, 'pushes', size, length - dataStart);
    }
    this.opcode = opcode;
    this.start = start;
    this.dataStart = dataStart;
    this.offset = dataStart + size;
    return true;
  }

  /** Bytes of data behind the opcode that was passed last. */
  get dataLength(): number {
    return this.offset - this.dataStart;
  }

  /** View of that data. */
  get data(): Uint8Array {
    return this.offset === this.dataStart ? EMPTY_BYTES : view(this.script, this.dataStart, this.offset);
  }
}

function malformed(opcode: number, verb: string, wanted: number, left: number): ScriptError {
  return new ScriptError(
    'ErrMalformedPush',
    `opcode ${opcodeName(opcode)} ${verb} ${wanted} bytes, but script only has ${left} remaining`,
  );
}

/** One opcode of a script. */
export interface ParsedOp {
  readonly opcode: number;
  /** View of the pushed data for the opcodes 0x01..0x4e (it may be empty), undefined for all others and for OP_0. */
  readonly data: Uint8Array | undefined;
}

/** The opcodes of a script up to its end or to the first malformed push. */
export interface ParsedPrefix {
  readonly ops: readonly ParsedOp[];
  /** Why parsing stopped early. */
  readonly error: ScriptError | undefined;
}

/** True for the opcodes that carry data of their own: 0x01..0x4b and the three PUSHDATA. */
export function carriesData(opcode: number): boolean {
  return opcode > Op[0] && opcode <= Op.PUSHDATA4;
}

/** Parses as far as possible; never throws. */
export function parsePrefix(script: Uint8Array): ParsedPrefix {
  const ops: ParsedOp[] = [];
  const cursor = new ScriptCursor(script);
  try {
    while (cursor.next()) {
      ops.push({ opcode: cursor.opcode, data: carriesData(cursor.opcode) ? cursor.data : undefined });
    }
  } catch (error) {
    if (error instanceof ScriptError) return { ops, error };
    throw error;
  }
  return { ops, error: undefined };
}

/**
 * Parses a whole script.
 * @throws {ScriptError} `ErrMalformedPush`.
 */
export function parseScript(script: Uint8Array): readonly ParsedOp[] {
  const { ops, error } = parsePrefix(script);
  if (error) throw error;
  return ops;
}

/**
 * Walks over a script to its end.
 * @throws {ScriptError} `ErrMalformedPush`.
 */
export function assertParses(script: Uint8Array): void {
  const cursor = new ScriptCursor(script);
  while (cursor.next());
}

/** Calls `visit` after each opcode until it returns false; returns false then, and for a script that does not parse. */
function everyOp(script: Uint8Array, visit: (cursor: ScriptCursor) => boolean): boolean {
  const cursor = new ScriptCursor(script);
  try {
    while (cursor.next()) if (!visit(cursor)) return false;
  } catch (error) {
    if (error instanceof ScriptError) return false;
    throw error;
  }
  return true;
}

/** True if the script parses. */
export function parses(script: Uint8Array): boolean {
  return everyOp(script, () => true);
}

/** True if the script parses and holds no opcode above OP_16. OP_RESERVED passes for a push (BIP 16). */
export function isPushOnly(script: Uint8Array): boolean {
  return everyOp(script, (cursor) => cursor.opcode <= Op[16]);
}

/**
 * What a script pushes as data, in order: the data of each push opcode, and an empty item for OP_0. Numbers pushed by
 * OP_1NEGATE and OP_1..OP_16 are not data. Undefined if the script does not parse.
 */
export function pushedData(script: Uint8Array): Uint8Array[] | undefined {
  const items: Uint8Array[] = [];
  const whole = everyOp(script, (cursor) => {
    if (cursor.opcode <= Op.PUSHDATA4) items.push(cursor.data);
    return true;
  });
  return whole ? items : undefined;
}

/**
 * True unless a shorter opcode could push the same data. Opcodes that are not pushes count as canonical. Unlike the
 * minimal-data rule this lets `01 81` (minus one) pass.
 */
export function isCanonicalPush(opcode: number, data: Uint8Array): boolean {
  if (opcode < Op.PUSHDATA1) return !(opcode === 1 && data[0] <= 16);
  if (opcode === Op.PUSHDATA1) return data.length >= Op.PUSHDATA1;
  if (opcode === Op.PUSHDATA2) return data.length > 0xff;
  if (opcode === Op.PUSHDATA4) return data.length > 0xffff;
  return true;
}

/**
 * The rule of MinimalData (BIP 62, rule 3) for an executed push opcode 0x00..0x4e.
 * @throws {ScriptError} `ErrMinimalData` naming the opcode that should have been used.
 */
export function checkMinimalPush(opcode: number, data: Uint8Array): void {
  const length = data.length;
  if (length === 0) {
    if (opcode !== Op[0])
      throw notMinimal(`zero length data push is encoded with opcode ${opcodeName(opcode)} instead of OP_0`);
    return;
  }
  if (length === 1 && data[0] >= 1 && data[0] <= 16)
    throw notMinimal(
      `data push of the value ${data[0]} encoded with opcode ${opcodeName(opcode)} instead of OP_${data[0]}`,
    );
  if (length === 1 && data[0] === 0x81)
    throw notMinimal(`data push of the value -1 encoded with opcode ${opcodeName(opcode)} instead of OP_1NEGATE`);
  const wanted = shortestPush(length);
  if (opcode !== wanted)
    throw notMinimal(
      `data push of ${length} bytes encoded with opcode ${opcodeName(opcode)} instead of ${opcodeName(wanted)}`,
    );
}

/** The shortest opcode that pushes `length` (at least 1) arbitrary bytes. */
export function shortestPush(length: number): number {
  if (length < Op.PUSHDATA1) return length;
  if (length <= 0xff) return Op.PUSHDATA1;
  return length <= 0xffff ? Op.PUSHDATA2 : Op.PUSHDATA4;
}

function notMinimal(text: string): ScriptError {
  return new ScriptError('ErrMinimalData', text);
}
