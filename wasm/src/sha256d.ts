/**
 * Double SHA-256 for the three places where a node hashes in bulk: block headers, pairs of a merkle tree, and the search
 * for a header nonce. AssemblyScript; compiled by scripts/build-wasm.mjs, used through src/util/sha256d-wasm.ts.
 */
import { compress, digestToWords, resetState, STATE, setWord, WORDS } from './sha256';

/** Chaining value of the searched header's first 64 bytes, in all lanes. */
const MIDSTATE: usize = memory.data(8 * 16, 16);
/** The target as eight 32-bit words, most significant first. */
const TARGET: usize = memory.data(8 * 4, 16);
/** Words 16 to 18 of the searched header: end of the merkle root, timestamp, bits. */
let tail0: u32 = 0;
let tail1: u32 = 0;
let tail2: u32 = 0;

/** First address that the caller may use for input and output. */
export function bufferStart(): usize {
  return (__heap_base + 15) & ~15;
}

function loadWord(address: usize): u32 {
  return bswap<u32>(load<u32>(address));
}

/** Loads `count` message words from four messages that start `stride` bytes apart. */
function loadLanes(input: usize, stride: usize, count: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const at = input + i * 4;
    let words = i32x4.splat(loadWord(at));
    words = i32x4.replace_lane(words, 1, loadWord(at + stride));
    words = i32x4.replace_lane(words, 2, loadWord(at + stride * 2));
    words = i32x4.replace_lane(words, 3, loadWord(at + stride * 3));
    v128.store(WORDS + i * 16, words);
  }
}

/** Writes the digests of the first `lanes` messages one after the other. */
function storeDigests(output: usize, lanes: usize): void {
  for (let lane: usize = 0; lane < lanes; lane++) {
    for (let i: usize = 0; i < 8; i++) {
      store<u32>(output + lane * 32 + i * 4, bswap<u32>(load<u32>(STATE + i * 16 + lane * 4)));
    }
  }
}

function secondHash(): void {
  digestToWords();
  resetState();
  compress();
}

/** Padding of an 80-byte message behind its words 16 to 19. */
function padHeader(): void {
  setWord(4, 0x80000000);
  for (let i: usize = 5; i < 15; i++) setWord(i, 0);
  setWord(15, 640);
}

/**
 * Hashes `count` headers of 80 bytes each. Reads up to three headers of whatever lies behind the last one.
 * `output` (32 bytes a header) may equal `input`.
 */
export function hashHeaders(input: usize, output: usize, count: usize): void {
  for (let i: usize = 0; i < count; i += 4) {
    const at = input + i * 80;
    resetState();
    loadLanes(at, 80, 16);
    compress();
    loadLanes(at + 64, 80, 4);
    padHeader();
    compress();
    secondHash();
    storeDigests(output + i * 32, min<usize>(4, count - i));
  }
}

/**
 * Hashes `count` messages of 64 bytes each. Reads up to three messages of whatever lies behind the last one.
 * `output` (32 bytes a message) may equal `input`.
 */
export function hashPairs(input: usize, output: usize, count: usize): void {
  for (let i: usize = 0; i < count; i += 4) {
    resetState();
    loadLanes(input + i * 64, 64, 16);
    compress();
    setWord(0, 0x80000000);
    for (let word: usize = 1; word < 15; word++) setWord(word, 0);
    setWord(15, 512);
    compress();
    secondHash();
    storeDigests(output + i * 32, min<usize>(4, count - i));
  }
}

/**
 * Folds `count` ≥ 1 hashes of 32 bytes into their merkle root, in place: the root ends at `hashes`. A level of odd length
 * repeats its last hash, so one more hash may be written behind the list.
 */
export function merkleRoot(hashes: usize, count: usize): void {
  while (count > 1) {
    if (count & 1) {
      memory.copy(hashes + count * 32, hashes + (count - 1) * 32, 32);
      count++;
    }
    count >>= 1;
    hashPairs(hashes, hashes, count);
  }
}

/** Prepares a search: `header` is 80 bytes, `target` 32 bytes little endian. */
export function startSearch(header: usize, target: usize): void {
  resetState();
  loadLanes(header, 0, 16);
  compress();
  memory.copy(MIDSTATE, STATE, 8 * 16);
  tail0 = loadWord(header + 64);
  tail1 = loadWord(header + 68);
  tail2 = loadWord(header + 72);
  for (let i: usize = 0; i < 8; i++) store<u32>(TARGET + i * 4, load<u32>(target + (7 - i) * 4));
}

/** Whether lane `lane` of the digests, read as a little-endian number, is at most the target. */
function meetsTarget(lane: usize): bool {
  for (let i: usize = 0; i < 8; i++) {
    const digest = bswap<u32>(load<u32>(STATE + (7 - i) * 16 + lane * 4));
    const target = load<u32>(TARGET + i * 4);
    if (digest !== target) return digest < target;
  }
  return true;
}

/**
 * Tries the nonces first, first + 1, … first + count - 1 in this order (`count` a multiple of four).
 * @returns how many nonces failed before the first that solves the header; `count` if none does.
 */
export function search(first: u32, count: u32): u32 {
  const limit = load<u32>(TARGET);
  for (let done: u32 = 0; done < count; done += 4) {
    memory.copy(STATE, MIDSTATE, 8 * 16);
    setWord(0, tail0);
    setWord(1, tail1);
    setWord(2, tail2);
    // Nonces stand in the header in little-endian order, message words are big endian.
    const nonce = first + done;
    let words = i32x4.splat(bswap<u32>(nonce));
    words = i32x4.replace_lane(words, 1, bswap<u32>(nonce + 1));
    words = i32x4.replace_lane(words, 2, bswap<u32>(nonce + 2));
    words = i32x4.replace_lane(words, 3, bswap<u32>(nonce + 3));
    v128.store(WORDS + 48, words);
    padHeader();
    compress();
    secondHash();
    // The last word of a digest is the number's most significant one and decides nearly always.
    for (let lane: usize = 0; lane < 4; lane++) {
      if (bswap<u32>(load<u32>(STATE + 112 + lane * 4)) <= limit && meetsTarget(lane)) return done + <u32>lane;
    }
  }
  return count;
}
