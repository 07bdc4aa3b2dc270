import type { Hash } from '../util/hash.ts';

const TWO_POW_256 = 1n << 256n;

/**
 * The integer of a 32-bit compact target: 8 bits exponent (base 256), sign bit 0x00800000, 23 bits mantissa. The value
 * may be zero or negative, which no valid block has.
 */
export function compactToTarget(bits: number): bigint {
  const mantissa = bits & 0x007fffff;
  const exponent = bits >>> 24;
  const value =
    exponent <= 3 ? BigInt(mantissa >>> (8 * (3 - exponent))) : BigInt(mantissa) << BigInt(8 * (exponent - 3));
  return bits & 0x00800000 ? -value : value;
}

/** The compact form of an integer (u32). Digits below the 23-bit mantissa are cut off. */
export function targetToCompact(target: bigint): number {
  if (target === 0n) return 0;
  const magnitude = target < 0n ? -target : target;
  let exponent = Math.ceil(magnitude.toString(16).length / 2);
  let mantissa = Number(
    exponent <= 3 ? magnitude << BigInt(8 * (3 - exponent)) : magnitude >> BigInt(8 * (exponent - 3)),
  );
  if (mantissa & 0x00800000) {
    mantissa >>>= 8;
    exponent++;
  }
  return ((exponent << 24) | mantissa | (target < 0n ? 0x00800000 : 0)) >>> 0;
}

/** The integer that a hash stands for: its 32 bytes little endian, so that the display form is its hex. */
export function hashToTarget(hash: Hash): bigint {
  const view = new DataView(hash.buffer, hash.byteOffset, 32);
  return (
    (view.getBigUint64(24, true) << 192n) |
    (view.getBigUint64(16, true) << 128n) |
    (view.getBigUint64(8, true) << 64n) |
    view.getBigUint64(0, true)
  );
}

/** Expected number of hashes to find a block of this difficulty, 2^256 / (target + 1); 0 for a target below 1. */
export function workFromBits(bits: number): bigint {
  const target = compactToTarget(bits);
  return target <= 0n ? 0n : TWO_POW_256 / (target + 1n);
}
