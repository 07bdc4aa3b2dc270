/**
 * Sums for a lattice hash over a set: each element is hashed with SHA-256, the digest is stretched by ChaCha12 to 1024
 * numbers of 16 bits, and those are added to, or taken from, the sums. AssemblyScript; compiled by
 * scripts/build-wasm.mjs, used through src/util/set-hash-wasm.ts.
 */
import { compress, resetState, STATE, WORDS } from './sha256';

/** Bytes of an element's slot: three blocks of SHA-256. */
const SLOT: usize = 192;
/** Bytes of the sums. */
const SUMS: usize = 2048;
/** Double rounds of the stream cipher. */
const DOUBLE_ROUNDS = 6;
/** Bit in an element's mark: take it from the sums. */
const REMOVE: u32 = 0x80;

/** Digests of four elements, as they key the cipher: eight words each. */
const SEEDS: usize = memory.data(4 * 32, 16);

/** First address that the caller may use. */
export function bufferStart(): usize {
  return (__heap_base + 15) & ~15;
}

/** Loads block `block` of the four slots from `slots` on. */
function loadBlock(slots: usize, block: usize): void {
  for (let i: usize = 0; i < 16; i++) {
    const at = slots + block * 64 + i * 4;
    let words = i32x4.splat(bswap<u32>(load<u32>(at)));
    words = i32x4.replace_lane(words, 1, bswap<u32>(load<u32>(at + SLOT)));
    words = i32x4.replace_lane(words, 2, bswap<u32>(load<u32>(at + SLOT * 2)));
    words = i32x4.replace_lane(words, 3, bswap<u32>(load<u32>(at + SLOT * 3)));
    v128.store(WORDS + i * 16, words);
  }
}

/** Hashes the padded messages of four slots; each digest is kept when its last block has been hashed. */
function hashSlots(slots: usize, marks: usize): void {
  resetState();
  for (let block: usize = 0; block < SLOT / 64; block++) {
    loadBlock(slots, block);
    compress();
    let left = false;
    for (let lane: usize = 0; lane < 4; lane++) {
      const blocks = <usize>(load<u8>(marks + lane) & 0x7f);
      if (blocks === block + 1) {
        for (let i: usize = 0; i < 8; i++) store<u32>(SEEDS + lane * 32 + i * 4, load<u32>(STATE + i * 16 + lane * 4));
      } else if (blocks > block) left = true;
    }
    if (!left) break;
  }
}

// @ts-expect-error: decorator
function rotate16(x: v128): v128 {
  return i8x16.shuffle(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

// @ts-expect-error: decorator
function rotate8(x: v128): v128 {
  return i8x16.shuffle(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);
}

// @ts-expect-error: decorator
function rotateLeft(x: v128, n: i32): v128 {
  return v128.or(i32x4.shl(x, n), i32x4.shr_u(x, 32 - n));
}

/** Turns a row of the cipher's state by one, two or three words. */
// @ts-expect-error: decorator
function turn1(x: v128): v128 {
  return i32x4.shuffle(x, x, 1, 2, 3, 0);
}

// @ts-expect-error: decorator
function turn2(x: v128): v128 {
  return i32x4.shuffle(x, x, 2, 3, 0, 1);
}

// @ts-expect-error: decorator
function turn3(x: v128): v128 {
  return i32x4.shuffle(x, x, 3, 0, 1, 2);
}

// @ts-expect-error: decorator
function accumulate(sums: usize, stream: v128, remove: bool): void {
  const before = v128.load(sums);
  v128.store(sums, remove ? i16x8.sub(before, stream) : i16x8.add(before, stream));
}

/** Adds the stream of one seed to the sums, two blocks of the cipher (RFC 8439, zero nonce) at a time. */
function addStream(sums: usize, seed: usize, remove: bool): void {
  const row0 = i32x4(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574);
  const row1 = v128.load(seed);
  const row2 = v128.load(seed, 16);
  for (let counter: u32 = 0; counter < <u32>(SUMS / 64); counter += 2) {
    const row3a = i32x4.replace_lane(i32x4.splat(0), 0, counter);
    const row3b = i32x4.replace_lane(i32x4.splat(0), 0, counter + 1);
    let a0 = row0;
    let a1 = row1;
    let a2 = row2;
    let a3 = row3a;
    let b0 = row0;
    let b1 = row1;
    let b2 = row2;
    let b3 = row3b;
    for (let round = 0; round < DOUBLE_ROUNDS; round++) {
      a0 = i32x4.add(a0, a1);
      b0 = i32x4.add(b0, b1);
      a3 = rotate16(v128.xor(a3, a0));
      b3 = rotate16(v128.xor(b3, b0));
      a2 = i32x4.add(a2, a3);
      b2 = i32x4.add(b2, b3);
      a1 = rotateLeft(v128.xor(a1, a2), 12);
      b1 = rotateLeft(v128.xor(b1, b2), 12);
      a0 = i32x4.add(a0, a1);
      b0 = i32x4.add(b0, b1);
      a3 = rotate8(v128.xor(a3, a0));
      b3 = rotate8(v128.xor(b3, b0));
      a2 = i32x4.add(a2, a3);
      b2 = i32x4.add(b2, b3);
      a1 = turn1(rotateLeft(v128.xor(a1, a2), 7));
      b1 = turn1(rotateLeft(v128.xor(b1, b2), 7));
      a2 = turn2(a2);
      b2 = turn2(b2);
      a3 = turn3(a3);
      b3 = turn3(b3);
      a0 = i32x4.add(a0, a1);
      b0 = i32x4.add(b0, b1);
      a3 = rotate16(v128.xor(a3, a0));
      b3 = rotate16(v128.xor(b3, b0));
      a2 = i32x4.add(a2, a3);
      b2 = i32x4.add(b2, b3);
      a1 = rotateLeft(v128.xor(a1, a2), 12);
      b1 = rotateLeft(v128.xor(b1, b2), 12);
      a0 = i32x4.add(a0, a1);
      b0 = i32x4.add(b0, b1);
      a3 = rotate8(v128.xor(a3, a0));
      b3 = rotate8(v128.xor(b3, b0));
      a2 = i32x4.add(a2, a3);
      b2 = i32x4.add(b2, b3);
      a1 = turn3(rotateLeft(v128.xor(a1, a2), 7));
      b1 = turn3(rotateLeft(v128.xor(b1, b2), 7));
      a2 = turn2(a2);
      b2 = turn2(b2);
      a3 = turn1(a3);
      b3 = turn1(b3);
    }
    const at = sums + <usize>counter * 64;
    accumulate(at, i32x4.add(a0, row0), remove);
    accumulate(at + 16, i32x4.add(a1, row1), remove);
    accumulate(at + 32, i32x4.add(a2, row2), remove);
    accumulate(at + 48, i32x4.add(a3, row3a), remove);
    accumulate(at + 64, i32x4.add(b0, row0), remove);
    accumulate(at + 80, i32x4.add(b1, row1), remove);
    accumulate(at + 96, i32x4.add(b2, row2), remove);
    accumulate(at + 112, i32x4.add(b3, row3b), remove);
  }
}

/**
 * Adds elements to the sums (2048 bytes), or takes them away.
 * @param slots a slot for each element: its bytes with the padding of SHA-256, at most three blocks; three more slots
 *   behind the last one are read.
 * @param marks a byte for each element: the number of its blocks, and bit 7 to take it away; three more are read.
 */
export function absorb(sums: usize, slots: usize, marks: usize, count: usize): void {
  for (let i: usize = 0; i < count; i += 4) {
    hashSlots(slots + i * SLOT, marks + i);
    const group = min<usize>(4, count - i);
    for (let lane: usize = 0; lane < group; lane++) {
      addStream(sums, SEEDS + lane * 32, (load<u8>(marks + i + lane) & REMOVE) !== 0);
    }
  }
}
