import type { BlockIndex } from './block-index.ts';
import type { BlueSets } from './blue-sets.ts';
import type { CandidateSearch } from './candidate-search.ts';
import { ChainSets } from './chain-sets.ts';
import type { Int32Column } from './columns.ts';
import { sortByHash } from './hash-sort.ts';
import { IntBuffer } from './int-buffer.ts';
import type { Reachability } from './reachability.ts';
import { RelationMatrix } from './relation-matrix.ts';

/**
 * Zones up to this size are coloured with a relation matrix, larger ones with reachability queries; where many targets
 * share the zone, up to eight times this size (2 MiB of matrix).
 */
export const MATRIX_LIMIT = 512;
const SHARED_FACTOR = 8;
/** Targets that make a zone worth the larger matrix, as a share of the zone. */
const SHARING = 16;

/** The blue set of one tip within a scope: B(tip) and the candidates added to it. */
export interface TipColouring {
  readonly tip: number;
  /** Size of the whole set. */
  readonly size: number;
  /** The candidates added, as chains of related blocks, each ascending by id. */
  readonly chains: number[][];
}

/**
 * The greedy loop of the colouring: starting from B(tip), take the tip's candidates ascending by hash and add each that
 * has at most k unrelated blocks in the set so far. Works on the zone a {@link CandidateSearch} has found.
 */
export class GreedyColouring {
  readonly #index: BlockIndex;
  readonly #reach: Reachability;
  readonly #blues: BlueSets;
  readonly #search: CandidateSearch;
  readonly #marks: Int32Column;
  readonly #k: number;
  readonly #matrixLimit: number;
  readonly #matrix: RelationMatrix;
  readonly #chains = new ChainSets();
  /** Per rank in the order of hashes: the block, and its place in the zone. */
  readonly #blockAt = new IntBuffer();
  readonly #placeAt = new IntBuffer();
  /** Per place in the zone: the rank. */
  readonly #rankOf = new IntBuffer();
  /** Ranks accepted for the tip at hand, ascending. */
  readonly #accepted = new IntBuffer();
  #acceptedBits = new Int32Array(64);
  #small = true;

  constructor(
    index: BlockIndex,
    reach: Reachability,
    blues: BlueSets,
    search: CandidateSearch,
    marks: Int32Column,
    k: number,
    matrixLimit: number,
  ) {
    this.#index = index;
    this.#reach = reach;
    this.#blues = blues;
    this.#search = search;
    this.#marks = marks;
    this.#k = k;
    this.#matrixLimit = matrixLimit;
    this.#matrix = new RelationMatrix(index, marks);
  }

  /** Takes over the zone of the search just run. */
  prepare(): void {
    const zone = this.#search.zone;
    const count = zone.length;
    const { data: sorted } = sized(this.#blockAt, count);
    sorted.set(zone.data.subarray(0, count));
    sortByHash(this.#index, sorted, 0, count);
    const { data: placeAt } = sized(this.#placeAt, count);
    const { data: rankOf } = sized(this.#rankOf, count);
    for (let place = 0; place < count; place++) this.#marks.set(zone.data[place]!, place);
    for (let rank = 0; rank < count; rank++) {
      const place = this.#marks.get(sorted[rank]!);
      this.#marks.set(sorted[rank]!, 0);
      placeAt[rank] = place;
      rankOf[place] = rank;
    }
    const isShared = this.#search.targetCount * SHARING >= count;
    this.#small = count <= this.#matrixLimit * (isShared ? SHARED_FACTOR : 1);
    if (this.#small) this.#matrix.build(zone, this.#rankOf);
  }

  /**
   * What the blue set of a tip can grow to at most, given the number of its candidates and the length of the longest
   * chain among them: what is added lies in at most k chains (see {@link BlueSets}).
   */
  bound(tip: number, candidates: number, longestChain: number): number {
    return this.#blues.blueCount(tip) + Math.min(candidates, this.#k * longestChain);
  }

  /**
   * Colours one target of the search. Gives up and returns undefined as soon as it is clear that the size will stay
   * below `least`.
   */
  colour(target: number, tip: number, least: number): TipColouring | undefined {
    const size = this.#small ? this.#colourSmall(target, tip, least) : this.#colourLarge(target, tip, least);
    if (size < least) return undefined;
    return { tip, size, chains: this.#small ? this.#chainsSmall() : this.#chainsLarge() };
  }

  #colourSmall(target: number, tip: number, least: number): number {
    const count = this.#blockAt.length;
    const { bits: related, words } = this.#matrix;
    if (this.#acceptedBits.length < words) this.#acceptedBits = new Int32Array(words * 2);
    const accepted = this.#acceptedBits.fill(0, 0, words);
    const isRedundant = this.#search.isRedundant(target);
    const k = this.#k;
    let size = this.#blues.blueCount(tip);
    const most = this.bound(tip, count, this.#search.longestChain);
    this.#accepted.clear();
    for (let rank = 0; rank < count && size < most; rank++) {
      if (size + count - rank < least) return size;
      if (!this.#search.isOutside(this.#placeAt.data[rank]!, target)) continue;
      const block = this.#blockAt.data[rank]!;
      if (isRedundant && this.#reach.isAncestor(tip, block)) continue;
      let unrelated = 1;
      const row = rank * words;
      if (this.#accepted.length <= words) {
        for (let i = this.#accepted.length - 1; i >= 0 && unrelated <= k; i--) {
          const other = this.#accepted.data[i]!;
          unrelated += 1 - ((related[row + (other >>> 5)]! >>> (other & 31)) & 1);
        }
      } else {
        for (let word = rank >>> 5; word >= 0 && unrelated <= k; word--) {
          const rest = accepted[word]! & ~related[row + word]!;
          if (rest !== 0) unrelated += popCount(rest);
        }
      }
      if (unrelated > k || unrelated + this.#blues.countUnrelated(tip, block, k - unrelated) > k) continue;
      accepted[rank >>> 5]! |= 1 << (rank & 31);
      this.#accepted.push(rank);
      size++;
    }
    return size;
  }

  #colourLarge(target: number, tip: number, least: number): number {
    const count = this.#blockAt.length;
    const isRedundant = this.#search.isRedundant(target);
    const k = this.#k;
    let size = this.#blues.blueCount(tip);
    const most = this.bound(tip, count, this.#search.longestChain);
    this.#accepted.clear();
    this.#chains.reset(count);
    for (let rank = 0; rank < count && size < most; rank++) {
      if (size + count - rank < least) return size;
      const place = this.#placeAt.data[rank]!;
      if (!this.#search.isOutside(place, target)) continue;
      const block = this.#blockAt.data[rank]!;
      if (isRedundant && this.#reach.isAncestor(tip, block)) continue;
      let unrelated = 1;
      let home = -1;
      for (let chain = 0; chain < this.#chains.count && unrelated <= k; chain++) {
        const before = unrelated;
        unrelated += this.#unrelatedInChain(chain, place, block, k - unrelated);
        if (unrelated === before && home < 0) home = chain;
      }
      if (unrelated > k || unrelated + this.#blues.countUnrelated(tip, block, k - unrelated) > k) continue;
      this.#chains.add(home < 0 ? this.#chains.open() : home, place);
      this.#accepted.push(rank);
      size++;
    }
    return size;
  }

  /** Unrelated members of a chain, counted outwards from the block's own place; stops beyond `limit`. */
  #unrelatedInChain(chain: number, place: number, block: number, limit: number): number {
    const zone = this.#search.zone.data;
    let count = 0;
    for (let at = this.#chains.behind(chain, place); at >= 0; at = this.#chains.behind(chain, at)) {
      if (this.#reach.isAncestor(zone[at]!, block)) break;
      if (++count > limit) return count;
    }
    for (let at = this.#chains.before(chain, place); at >= 0; at = this.#chains.before(chain, at)) {
      if (this.#reach.isAncestor(block, zone[at]!)) break;
      if (++count > limit) return count;
    }
    return count;
  }

  /** Splits what was accepted into chains, in the order of acceptance: see {@link BlueSets} why k of them do. */
  #chainsSmall(): number[][] {
    const chains: number[][] = [];
    const chainBits: Int32Array[] = [];
    const { bits: related, words } = this.#matrix;
    for (let i = 0; i < this.#accepted.length; i++) {
      const rank = this.#accepted.data[i]!;
      let home = 0;
      while (home < chains.length && !isSubset(chainBits[home]!, related, rank * words, (rank >>> 5) + 1)) home++;
      if (home === chains.length) {
        chains.push([]);
        chainBits.push(new Int32Array(words));
      }
      chains[home]!.push(this.#blockAt.data[rank]!);
      chainBits[home]![rank >>> 5]! |= 1 << (rank & 31);
    }
    for (const chain of chains) chain.sort((a, b) => a - b);
    return chains;
  }

  #chainsLarge(): number[][] {
    const chains: number[][] = [];
    for (let chain = 0; chain < this.#chains.count; chain++) {
      const blocks: number[] = [];
      const end = this.#blockAt.length;
      for (let at = this.#chains.before(chain, end); at >= 0; at = this.#chains.before(chain, at)) {
        blocks.push(this.#search.zone.data[at]!);
      }
      chains.push(blocks);
    }
    return chains;
  }
}

/** Empties a buffer and makes it hold `length` numbers to be written. */
function sized(buffer: IntBuffer, length: number): IntBuffer {
  buffer.clear();
  buffer.reserve(length);
  buffer.length = length;
  return buffer;
}

/** True if the first `words` words of a bit set have no bit that the row beginning at `from` lacks. */
function isSubset(set: Int32Array, rows: Int32Array, from: number, words: number): boolean {
  for (let word = 0; word < words; word++) if ((set[word]! & ~rows[from + word]!) !== 0) return false;
  return true;
}

/** Number of bits set in a 32-bit word. */
function popCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
