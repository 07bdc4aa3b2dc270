import { ScriptError } from './errors.ts';
import { MAX_ELEMENT_SIZE, MAX_SCRIPT_SIZE } from './limits.ts';
import { encodeScriptNumber } from './number.ts';
import { Op } from './opcodes.ts';
import { shortestPush } from './parse.ts';

/**
 * Puts a script together with the shortest push for everything: numbers -1 and 1..16 by their opcodes, zero and empty
 * data by OP_0, other data by the smallest push opcode that holds it.
 *
 * The methods throw a {@link ScriptError}: `ErrElementTooBig` for data over 520 bytes, `ErrScriptTooBig` once the script
 * passes 10,000 bytes.
 */
export class ScriptBuilder {
  readonly #bytes: number[] = [];

  /** Appends opcodes as they are. */
  op(...opcodes: readonly number[]): this {
    return this.#append(opcodes);
  }

  /** Pushes a number; any size that fits an element. */
  int(value: number | bigint): this {
    if (value === 0 || value === 0n) return this.op(Op[0]);
    if (value >= -1 && value <= 16) return this.op(Op[1] - 1 + Number(value));
    return this.data(encodeScriptNumber(value));
  }

  /** Pushes data; a single byte 01..10 or 81 becomes the number it stands for. */
  data(data: Uint8Array): this {
    const { length } = data;
    if (length > MAX_ELEMENT_SIZE)
      throw new ScriptError(
        'ErrElementTooBig',
        `adding a data element of ${length} bytes would exceed the maximum allowed script element size of ${MAX_ELEMENT_SIZE}`,
      );
    if (length === 0 || (length === 1 && data[0] === 0)) return length === 0 ? this.op(Op[0]) : this.op(1, 0);
    if (length === 1 && data[0] <= 16) return this.op(Op[1] - 1 + data[0]);
    if (length === 1 && data[0] === 0x81) return this.op(Op['1NEGATE']);
    return this.op(...pushHeader(length)).#append(data);
  }

  #append(bytes: ArrayLike<number>): this {
    const size = this.#bytes.length + bytes.length;
    if (size > MAX_SCRIPT_SIZE)
      throw new ScriptError(
        'ErrScriptTooBig',
        `a script of ${size} bytes would exceed the maximum allowed script length of ${MAX_SCRIPT_SIZE}`,
      );
    for (let i = 0; i < bytes.length; i++) this.#bytes.push(bytes[i]);
    return this;
  }

  /** The script so far. */
  build(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

/** Opcode and length field in front of `length` bytes of data. */
function pushHeader(length: number): readonly number[] {
  const opcode = shortestPush(length);
  if (opcode < Op.PUSHDATA1) return [opcode];
  return opcode === Op.PUSHDATA1 ? [opcode, length] : [opcode, length & 0xff, length >> 8];
}
