/**
 * SHA-256 (FIPS 180-4) on four messages at once: lane i of every 128-bit value belongs to message i.
 * AssemblyScript; compiled by scripts/build-wasm.mjs.
 */

/** The 64 round constants. */
const ROUND_CONSTANTS: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);

/** The initial chaining value. */
const INITIAL_STATE: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

/** Chaining value of the four messages: eight vectors. */
export const STATE: usize = memory.data(8 * 16, 16);
/** The current 64-byte block of the four messages: sixteen vectors of big-endian words. */
export const WORDS: usize = memory.data(16 * 16, 16);

/** Sets the chaining value of all lanes to the initial one. */
export function resetState(): void {
  for (let i: usize = 0; i < 8; i++) v128.store(STATE + i * 16, v128.load32_splat(INITIAL_STATE + i * 4));
}

/** Puts one word into all lanes of message word `index`. */
export function setWord(index: usize, value: u32): void {
  v128.store(WORDS + index * 16, i32x4.splat(value));
}

/** Makes the block "32-byte digest in STATE, padded": the input of the second hash. */
export function digestToWords(): void {
  for (let i: usize = 0; i < 8; i++) v128.store(WORDS + i * 16, v128.load(STATE + i * 16));
  setWord(8, 0x80000000);
  for (let i: usize = 9; i < 15; i++) setWord(i, 0);
  setWord(15, 256);
}

function rotateRight(x: v128, n: i32): v128 {
  return v128.or(i32x4.shr_u(x, n), i32x4.shl(x, 32 - n));
}

function bigSigma0(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 2), rotateRight(x, 13)), rotateRight(x, 22));
}

function bigSigma1(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 6), rotateRight(x, 11)), rotateRight(x, 25));
}

function smallSigma0(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 7), rotateRight(x, 18)), i32x4.shr_u(x, 3));
}

function smallSigma1(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 17), rotateRight(x, 19)), i32x4.shr_u(x, 10));
}

/** h + S1(e) + choose(e, f, g) + k + w: the part of a round that both new words share. */
function mix(e: v128, f: v128, g: v128, h: v128, w: v128, k: usize): v128 {
  const left = i32x4.add(h, i32x4.add(w, v128.load32_splat(k)));
  return i32x4.add(left, i32x4.add(bigSigma1(e), v128.bitselect(f, g, e)));
}

/** t + S0(a) + majority(a, b, c). */
function spread(t: v128, a: v128, b: v128, c: v128): v128 {
  return i32x4.add(t, i32x4.add(bigSigma0(a), v128.bitselect(c, a, v128.xor(a, b))));
}

/** The next word of the message schedule from the words 16, 15, 7 and 2 places before it. */
function extend(w16: v128, w15: v128, w7: v128, w2: v128): v128 {
  return i32x4.add(i32x4.add(w16, smallSigma0(w15)), i32x4.add(w7, smallSigma1(w2)));
}

/** One compression: STATE := STATE + rounds(STATE, WORDS). WORDS stays as it is. */
export function compress(): void {
  let w0 = v128.load(WORDS, 0);
  let w1 = v128.load(WORDS, 16);
  let w2 = v128.load(WORDS, 32);
  let w3 = v128.load(WORDS, 48);
  let w4 = v128.load(WORDS, 64);
  let w5 = v128.load(WORDS, 80);
  let w6 = v128.load(WORDS, 96);
  let w7 = v128.load(WORDS, 112);
  let w8 = v128.load(WORDS, 128);
  let w9 = v128.load(WORDS, 144);
  let w10 = v128.load(WORDS, 160);
  let w11 = v128.load(WORDS, 176);
  let w12 = v128.load(WORDS, 192);
  let w13 = v128.load(WORDS, 208);
  let w14 = v128.load(WORDS, 224);
  let w15 = v128.load(WORDS, 240);
  let a = v128.load(STATE, 0);
  let b = v128.load(STATE, 16);
  let c = v128.load(STATE, 32);
  let d = v128.load(STATE, 48);
  let e = v128.load(STATE, 64);
  let f = v128.load(STATE, 80);
  let g = v128.load(STATE, 96);
  let h = v128.load(STATE, 112);
  let t: v128;

  // Sixteen rounds a turn: the names rotate instead of the values. Unrolling all 64 gains only 3 %.
  for (let k = ROUND_CONSTANTS; ; ) {
    t = mix(e, f, g, h, w0, k);
    d = i32x4.add(d, t);
    h = spread(t, a, b, c);
    t = mix(d, e, f, g, w1, k + 4);
    c = i32x4.add(c, t);
    g = spread(t, h, a, b);
    t = mix(c, d, e, f, w2, k + 8);
    b = i32x4.add(b, t);
    f = spread(t, g, h, a);
    t = mix(b, c, d, e, w3, k + 12);
    a = i32x4.add(a, t);
    e = spread(t, f, g, h);
    t = mix(a, b, c, d, w4, k + 16);
    h = i32x4.add(h, t);
    d = spread(t, e, f, g);
    t = mix(h, a, b, c, w5, k + 20);
    g = i32x4.add(g, t);
    c = spread(t, d, e, f);
    t = mix(g, h, a, b, w6, k + 24);
    f = i32x4.add(f, t);
    b = spread(t, c, d, e);
    t = mix(f, g, h, a, w7, k + 28);
    e = i32x4.add(e, t);
    a = spread(t, b, c, d);
    t = mix(e, f, g, h, w8, k + 32);
    d = i32x4.add(d, t);
    h = spread(t, a, b, c);
    t = mix(d, e, f, g, w9, k + 36);
    c = i32x4.add(c, t);
    g = spread(t, h, a, b);
    t = mix(c, d, e, f, w10, k + 40);
    b = i32x4.add(b, t);
    f = spread(t, g, h, a);
    t = mix(b, c, d, e, w11, k + 44);
    a = i32x4.add(a, t);
    e = spread(t, f, g, h);
    t = mix(a, b, c, d, w12, k + 48);
    h = i32x4.add(h, t);
    d = spread(t, e, f, g);
    t = mix(h, a, b, c, w13, k + 52);
    g = i32x4.add(g, t);
    c = spread(t, d, e, f);
    t = mix(g, h, a, b, w14, k + 56);
    f = i32x4.add(f, t);
    b = spread(t, c, d, e);
    t = mix(f, g, h, a, w15, k + 60);
    e = i32x4.add(e, t);
    a = spread(t, b, c, d);

    k += 64;
    if (k === ROUND_CONSTANTS + 256) break;
    w0 = extend(w0, w1, w9, w14);
    w1 = extend(w1, w2, w10, w15);
    w2 = extend(w2, w3, w11, w0);
    w3 = extend(w3, w4, w12, w1);
    w4 = extend(w4, w5, w13, w2);
    w5 = extend(w5, w6, w14, w3);
    w6 = extend(w6, w7, w15, w4);
    w7 = extend(w7, w8, w0, w5);
    w8 = extend(w8, w9, w1, w6);
    w9 = extend(w9, w10, w2, w7);
    w10 = extend(w10, w11, w3, w8);
    w11 = extend(w11, w12, w4, w9);
    w12 = extend(w12, w13, w5, w10);
    w13 = extend(w13, w14, w6, w11);
    w14 = extend(w14, w15, w7, w12);
    w15 = extend(w15, w0, w8, w13);
  }

  v128.store(STATE, i32x4.add(v128.load(STATE, 0), a), 0);
  v128.store(STATE, i32x4.add(v128.load(STATE, 16), b), 16);
  v128.store(STATE, i32x4.add(v128.load(STATE, 32), c), 32);
  v128.store(STATE, i32x4.add(v128.load(STATE, 48), d), 48);
  v128.store(STATE, i32x4.add(v128.load(STATE, 64), e), 64);
  v128.store(STATE, i32x4.add(v128.load(STATE, 80), f), 80);
  v128.store(STATE, i32x4.add(v128.load(STATE, 96), g), 96);
  v128.store(STATE, i32x4.add(v128.load(STATE, 112), h), 112);
}
