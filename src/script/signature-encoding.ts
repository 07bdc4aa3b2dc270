import { ScriptError } from './errors.ts';
import { ScriptFlag, type ScriptFlags } from './flags.ts';
import { view } from './parse.ts';
import { SigHash } from './sighash.ts';

/** Order of the group, big endian. */
const ORDER = Buffer.from('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141', 'hex');

/** Half the order, rounded down: the largest S that LowS lets pass. */
const HALF_ORDER = Buffer.from('7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0', 'hex');

const MIN_SIZE = 8;
const MAX_SIZE = 72;
const SEQUENCE_TAG = 0x30;
const INTEGER_TAG = 0x02;

/** Flags that ask for strict DER. */
const STRICT_DER = ScriptFlag.derSignatures | ScriptFlag.lowS | ScriptFlag.strictEncoding;

/**
 * StrictEncoding knows the hash types all, none and single, alone or with anyOneCanPay.
 * @throws {ScriptError} `ErrInvalidSigHashType`.
 */
export function checkHashType(hashType: number, flags: ScriptFlags): void {
  if ((flags & ScriptFlag.strictEncoding) === 0) return;
  const base = hashType & ~SigHash.anyOneCanPay;
  if (base < SigHash.all || base > SigHash.single)
    throw new ScriptError('ErrInvalidSigHashType', `invalid hash type 0x${hashType.toString(16)}`);
}

/**
 * Strict DER (BIP 66) and low S (BIP 62), as far as the flags ask for them.
 * @param signature without the hash type byte.
 * @throws {ScriptError} one of the `ErrSig…` codes.
 */
export function checkSignatureEncoding(signature: Uint8Array, flags: ScriptFlags): void {
  if ((flags & STRICT_DER) === 0) return;
  const length = signature.length;
  if (length < MIN_SIZE) throw malformed('ErrSigTooShort', `too short: ${length} < ${MIN_SIZE}`);
  if (length > MAX_SIZE) throw malformed('ErrSigTooLong', `too long: ${length} > ${MAX_SIZE}`);
  if (signature[0] !== SEQUENCE_TAG)
    throw malformed('ErrSigInvalidSeqID', `format has wrong type: ${hexByte(signature[0])}`);
  if (signature[1] !== length - 2)
    throw malformed('ErrSigInvalidDataLen', `bad length: ${signature[1]} != ${length - 2}`);

  const rLength = signature[3];
  const sTag = 4 + rLength;
  if (sTag >= length) throw malformed('ErrSigMissingSTypeID', 'S type indicator missing');
  if (sTag + 1 >= length) throw malformed('ErrSigMissingSLen', 'S length missing');
  const s = sTag + 2;
  const sLength = signature[sTag + 1];
  if (s + sLength !== length) throw malformed('ErrSigInvalidSLen', 'invalid S length');

  if (signature[2] !== INTEGER_TAG)
    throw malformed('ErrSigInvalidRIntID', `R integer marker: ${hexByte(signature[2])} != 0x2`);
  if (rLength === 0) throw malformed('ErrSigZeroRLen', 'R length is zero');
  if (signature[4] >= 0x80) throw malformed('ErrSigNegativeR', 'R is negative');
  if (rLength > 1 && signature[4] === 0 && signature[5] < 0x80)
    throw malformed('ErrSigTooMuchRPadding', 'R value has too much padding');

  if (signature[sTag] !== INTEGER_TAG)
    throw malformed('ErrSigInvalidSIntID', `S integer marker: ${hexByte(signature[sTag])} != 0x2`);
  if (sLength === 0) throw malformed('ErrSigZeroSLen', 'S length is zero');
  if (signature[s] >= 0x80) throw malformed('ErrSigNegativeS', 'S is negative');
  if (sLength > 1 && signature[s] === 0 && signature[s + 1] < 0x80)
    throw malformed('ErrSigTooMuchSPadding', 'S value has too much padding');

  if ((flags & ScriptFlag.lowS) !== 0) {
    const value = new Uint8Array(32);
    // A value that does not fit in 32 bytes is above the order.
    if (!copyInteger(signature, s, sLength, value, 0) || isAbove(value, 0, HALF_ORDER))
      throw new ScriptError('ErrSigHighS', 'signature is not canonical due to unnecessarily high S value');
  }
}

function malformed(code: ScriptError['code'], text: string): ScriptError {
  return new ScriptError(code, `malformed signature: ${text}`);
}

function hexByte(byte: number): string {
  return `0x${byte.toString(16)}`;
}

/**
 * Reads R and S the lenient way of block validation: bytes behind the announced end are ignored, integers are unsigned
 * with any number of leading zeros, lengths have one byte. What passed {@link checkSignatureEncoding} reads the same.
 * @param signature without the hash type byte.
 * @returns R and S, 32 bytes each, big endian, S brought into the lower half of the group (the signature is as valid as
 *   before); undefined if the form is wrong or R or S is zero or not below the group order.
 */
export function parseSignature(signature: Uint8Array): Uint8Array | undefined {
  if (signature.length < MIN_SIZE || signature[0] !== SEQUENCE_TAG) return undefined;
  // The reference adds in one byte: an announced length of 254 or 255 wraps around to 0 or 1 and is too short.
  const end = (signature[1] + 2) & 0xff;
  if (end < MIN_SIZE || end > signature.length) return undefined;
  if (signature[2] !== INTEGER_TAG) return undefined;
  const rLength = signature[3];
  if (rLength === 0 || rLength > end - 7) return undefined;
  const sTag = 4 + rLength;
  if (signature[sTag] !== INTEGER_TAG) return undefined;
  const sLength = signature[sTag + 1];
  if (sLength === 0 || sTag + 2 + sLength !== end) return undefined;

  const compact = new Uint8Array(64);
  if (!copyInteger(signature, 4, rLength, compact, 0) || !isScalar(compact, 0)) return undefined;
  if (!copyInteger(signature, sTag + 2, sLength, compact, 32) || !isScalar(compact, 32)) return undefined;
  if (isAbove(compact, 32, HALF_ORDER)) negate(compact, 32);
  return compact;
}

/** Right-aligns an unsigned big endian integer in 32 zero bytes; false if it needs more. */
function copyInteger(source: Uint8Array, start: number, length: number, target: Uint8Array, at: number): boolean {
  let from = start;
  const end = start + length;
  while (end - from > 32) if (source[from++] !== 0) return false;
  for (let to = at + 32 - (end - from); from < end; from++, to++) target[to] = source[from];
  return true;
}

/** True if the 32 bytes at `at` are a number from 1 to the order minus one. */
function isScalar(bytes: Uint8Array, at: number): boolean {
  let i = 0;
  while (i < 32 && bytes[at + i] === 0) i++;
  if (i === 32) return false;
  return compare(bytes, at, ORDER) < 0;
}

function isAbove(bytes: Uint8Array, at: number, bound: Uint8Array): boolean {
  return compare(bytes, at, bound) > 0;
}

function compare(bytes: Uint8Array, at: number, other: Uint8Array): number {
  for (let i = 0; i < 32; i++) {
    const difference = bytes[at + i] - other[i];
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Replaces the scalar at `at` by the order minus itself. */
function negate(bytes: Uint8Array, at: number): void {
  let borrow = 0;
  for (let i = 31; i >= 0; i--) {
    const difference = ORDER[i] - bytes[at + i] - borrow;
    borrow = difference < 0 ? 1 : 0;
    bytes[at + i] = difference;
  }
}

/** DER form of a compact signature (R and S, 32 bytes each, big endian), without a hash type byte. */
export function encodeSignature(compact: Uint8Array): Uint8Array {
  const r = derInteger(view(compact, 0, 32));
  const s = derInteger(view(compact, 32, 64));
  return Uint8Array.of(SEQUENCE_TAG, r.length + s.length, ...r, ...s);
}

function derInteger(value: Uint8Array): number[] {
  let from = 0;
  while (from < value.length - 1 && value[from] === 0) from++;
  const bytes = [...value.subarray(from)];
  if (bytes[0] >= 0x80) bytes.unshift(0);
  return [INTEGER_TAG, bytes.length, ...bytes];
}
