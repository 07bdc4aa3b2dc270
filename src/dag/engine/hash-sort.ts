import type { BlockIndex } from './block-index.ts';

/** Runs up to this length are sorted by insertion. */
const SMALL = 40;
const RADIX_BITS = 11;
const RADIX_SIZE = 1 << RADIX_BITS;

/**
 * Sorts `ids[from … to)` by the display form of their hashes, ascending, in place. Long runs are distributed by the
 * most significant word in which they differ, so that a large merge set costs a few passes instead of n · log n
 * comparisons of 32 bytes; blocks that agree in that word are sorted by the words below.
 */
export function sortByHash(index: BlockIndex, ids: Int32Array, from: number, to: number, topWord = 7): void {
  if (to - from <= SMALL) {
    insertionSort(index, ids, from, to);
    return;
  }
  let word = topWord;
  while (word >= 0 && sameWord(index, ids, from, to, word)) word--;
  if (word < 0) return;
  radixSort(index, ids, from, to, word);
  if (word === 0) return;
  for (let start = from; start < to; ) {
    const value = index.hashWord(ids[start]!, word);
    let end = start + 1;
    while (end < to && index.hashWord(ids[end]!, word) === value) end++;
    if (end - start > 1) sortByHash(index, ids, start, end, word - 1);
    start = end;
  }
}

function insertionSort(index: BlockIndex, ids: Int32Array, from: number, to: number): void {
  for (let i = from + 1; i < to; i++) {
    const id = ids[i]!;
    let at = i;
    while (at > from && index.compareHashes(ids[at - 1]!, id) > 0) {
      ids[at] = ids[at - 1]!;
      at--;
    }
    ids[at] = id;
  }
}

function sameWord(index: BlockIndex, ids: Int32Array, from: number, to: number, word: number): boolean {
  const value = index.hashWord(ids[from]!, word);
  for (let i = from + 1; i < to; i++) if (index.hashWord(ids[i]!, word) !== value) return false;
  return true;
}

/** Least-significant-digit radix sort by one word of the hash: three passes of eleven bits over copies of the words. */
function radixSort(index: BlockIndex, ids: Int32Array, from: number, to: number, word: number): void {
  const length = to - from;
  let source = ids.slice(from, to);
  let target = new Int32Array(length);
  let keys = new Uint32Array(length);
  let targetKeys = new Uint32Array(length);
  for (let i = 0; i < length; i++) keys[i] = index.hashWord(source[i]!, word);
  const counts = new Int32Array(RADIX_SIZE);
  for (let shift = 0; shift < 32; shift += RADIX_BITS) {
    counts.fill(0);
    for (let i = 0; i < length; i++) counts[(keys[i]! >>> shift) & (RADIX_SIZE - 1)]!++;
    for (let digit = 0, sum = 0; digit < RADIX_SIZE; digit++) {
      const count = counts[digit]!;
      counts[digit] = sum;
      sum += count;
    }
    for (let i = 0; i < length; i++) {
      const at = counts[(keys[i]! >>> shift) & (RADIX_SIZE - 1)]!++;
      target[at] = source[i]!;
      targetKeys[at] = keys[i]!;
    }
    [source, target] = [target, source];
    [keys, targetKeys] = [targetKeys, keys];
  }
  ids.set(source, from);
}
