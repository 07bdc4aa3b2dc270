/** The state: four 64-bit words, low and high half each. One computation at a time uses it. */
const V = new Int32Array(8);

/** Word i += word j. */
function add(i: number, j: number): void {
  const low = (V[2 * i] >>> 0) + (V[2 * j] >>> 0);
  V[2 * i] = low;
  V[2 * i + 1] += V[2 * j + 1] + (low >= 0x1_0000_0000 ? 1 : 0);
}

/** Word i = rotate left(word i, bits) xor word j. */
function rotateXor(i: number, bits: number, j: number): void {
  const low = V[2 * i];
  const high = V[2 * i + 1];
  V[2 * i] = ((low << bits) | (high >>> (32 - bits))) ^ V[2 * j];
  V[2 * i + 1] = ((high << bits) | (low >>> (32 - bits))) ^ V[2 * j + 1];
}

/** Swaps the halves of word i: a rotation by 32 bits. */
function swapHalves(i: number): void {
  const low = V[2 * i];
  V[2 * i] = V[2 * i + 1];
  V[2 * i + 1] = low;
}

function rounds(count: number): void {
  for (let round = 0; round < count; round++) {
    add(0, 1);
    rotateXor(1, 13, 0);
    swapHalves(0);
    add(2, 3);
    rotateXor(3, 16, 2);
    add(0, 3);
    rotateXor(3, 21, 0);
    add(2, 1);
    rotateXor(1, 17, 2);
    swapHalves(2);
  }
}

/** A key of {@link sipHash24}: its four 32-bit words, little endian. */
export type SipKey = readonly [number, number, number, number];

/** @param bytes 16 bytes or more; the first 16 are the key. */
export function sipKey(bytes: Uint8Array): SipKey {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return [view.getInt32(0, true), view.getInt32(4, true), view.getInt32(8, true), view.getInt32(12, true)];
}

/** SipHash-2-4 (Aumasson and Bernstein, 2012) as an unsigned 64-bit number. */
export function sipHash24([k0, k1, k2, k3]: SipKey, data: Uint8Array): bigint {
  V[0] = k0 ^ 0x70736575;
  V[1] = k1 ^ 0x736f6d65;
  V[2] = k2 ^ 0x6e646f6d;
  V[3] = k3 ^ 0x646f7261;
  V[4] = k0 ^ 0x6e657261;
  V[5] = k1 ^ 0x6c796765;
  V[6] = k2 ^ 0x79746573;
  V[7] = k3 ^ 0x74656462;
  const { length } = data;
  const whole = length & ~7;
  for (let at = 0; at < whole; at += 8) absorb(word(data, at, 4), word(data, at + 4, 4));
  const rest = length - whole;
  // The last word ends in the length.
  absorb(word(data, whole, Math.min(rest, 4)), word(data, whole + 4, Math.max(0, rest - 4)) | (length << 24));
  V[4] ^= 0xff;
  rounds(4);
  const low = (V[0] ^ V[2] ^ V[4] ^ V[6]) >>> 0;
  const high = (V[1] ^ V[3] ^ V[5] ^ V[7]) >>> 0;
  return (BigInt(high) << 32n) | BigInt(low);
}

function absorb(low: number, high: number): void {
  V[6] ^= low;
  V[7] ^= high;
  rounds(2);
  V[0] ^= low;
  V[1] ^= high;
}

/** Up to four bytes, little endian, filled with zeros. */
function word(data: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value |= data[at + i] << (8 * i);
  return value;
}
