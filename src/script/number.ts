import { bytesToHex, EMPTY_BYTES } from '../util/bytes.ts';
import { ScriptError } from './errors.ts';

/** Longest operand of arithmetic opcodes, in bytes. Their results may be longer and are then no operands any more. */
export const MAX_NUMBER_SIZE = 4;

/** Longest operand of the lock time opcodes, in bytes (BIP 65, BIP 112). */
export const MAX_LOCK_TIME_SIZE = 5;

/**
 * Reads a script number: little endian, the top bit of the last byte is the sign, no bytes are zero.
 * @param requireMinimal refuse encodings with a needless last byte.
 * @param maxSize bytes, at most 6 so that the value is exact.
 * @throws {ScriptError} `ErrNumberTooBig`, `ErrMinimalData`.
 */
export function decodeScriptNumber(bytes: Uint8Array, requireMinimal: boolean, maxSize = MAX_NUMBER_SIZE): number {
  const length = bytes.length;
  if (length > maxSize)
    throw new ScriptError(
      'ErrNumberTooBig',
      `numeric value encoded as ${bytesToHex(bytes)} is ${length} bytes which exceeds the max allowed of ${maxSize}`,
    );
  if (length === 0) return 0;
  const last = bytes[length - 1];
  // The last byte is needless if it holds no more than the sign and the byte before has room for that.
  if (requireMinimal && (last & 0x7f) === 0 && (length === 1 || bytes[length - 2] < 0x80))
    throw new ScriptError('ErrMinimalData', `numeric value encoded as ${bytesToHex(bytes)} is not minimally encoded`);
  let value = last & 0x7f;
  for (let i = length - 2; i >= 0; i--) value = value * 256 + bytes[i];
  return last >= 0x80 && value !== 0 ? -value : value;
}

/** The shortest script number of an integer of any size. */
export function encodeScriptNumber(value: number | bigint): Uint8Array {
  let rest = BigInt(value);
  if (rest === 0n) return EMPTY_BYTES;
  const negative = rest < 0n;
  if (negative) rest = -rest;
  const bytes: number[] = [];
  for (; rest > 0n; rest >>= 8n) bytes.push(Number(rest & 0xffn));
  if (bytes[bytes.length - 1] >= 0x80) bytes.push(negative ? 0x80 : 0);
  else if (negative) bytes[bytes.length - 1] |= 0x80;
  return Uint8Array.from(bytes);
}

/** Truth of a stack item: false if it is empty or all zero, where the last byte may also be 0x80 (negative zero). */
export function isTrue(bytes: Uint8Array): boolean {
  const last = bytes.length - 1;
  for (let i = 0; i < last; i++) if (bytes[i] !== 0) return true;
  return last >= 0 && bytes[last] !== 0 && bytes[last] !== 0x80;
}
