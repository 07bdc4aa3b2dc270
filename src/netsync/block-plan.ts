import { type Hash, hashKey } from '../util/hash.ts';
import type { Block, InvVector } from '../wire/index.ts';
import { PLAN_BLOCKS, PLAN_BYTES } from './limits.ts';
import type { PeerState } from './peer-state.ts';

/** One block of a {@link BlockPlan}. */
export interface PlannedBlock {
  readonly key: string;
  readonly hash: Hash;
  /** As the list has it: what is needed first has the lower one. */
  readonly height: number;
  /** The sync peer that listed it. */
  readonly lister: PeerState;
  /** Place in the plan. */
  place: number;
  /** Who was asked last and has neither delivered nor failed. */
  owner: PeerState | undefined;
  /** Steady time of that. */
  askedAt: number;
  /** Who was asked before and is overtaken. */
  overtaken: PeerState | undefined;
  /** Who was asked and did not have it, or let the time pass. */
  readonly deniedBy: PeerState[];
  /** What came, and from whom; it waits for what lies below. */
  held: { readonly block: Block; readonly from: PeerState } | undefined;
}

/**
 * Blocks that several peers are fetching, by height. They come in any order and leave in that of the plan, so that parents
 * are processed before their children. Bounded in blocks and in bytes: if those that came early take too much room, the
 * one that is needed last is dropped and fetched again.
 */
export class BlockPlan {
  #blocks: PlannedBlock[] = [];
  /** Place of the first one that has not left. */
  #head = 0;
  readonly #byKey = new Map<string, PlannedBlock>();
  #heldBytes = 0;
  #asked = 0;
  #held = 0;
  /** No block before this place is one that nobody was asked for. */
  #unaskedFrom = 0;

  /** Blocks that have not left. */
  get size(): number {
    return this.#byKey.size;
  }

  /** Blocks that may be added. */
  get room(): number {
    return PLAN_BLOCKS - this.#byKey.size;
  }

  /** Memory of the blocks that wait here, bytes. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Blocks that somebody was asked for and that have not come. */
  get asked(): number {
    return this.#asked;
  }

  /** Blocks that nobody was asked for and that have not come. */
  get unasked(): number {
    return this.#byKey.size - this.#asked - this.#held;
  }

  /** True if the next block has come. */
  get isReady(): boolean {
    return this.#first()?.held !== undefined;
  }

  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  get(key: string): PlannedBlock | undefined {
    return this.#byKey.get(key);
  }

  /** Adds blocks that are not here yet. More than there is room for are left out, the last ones. */
  add(lister: PeerState, entries: readonly Pick<InvVector, 'hash' | 'height'>[]): PlannedBlock[] {
    const added: PlannedBlock[] = [];
    for (const { hash, height } of entries) {
      const key = hashKey(hash);
      if (this.#byKey.has(key)) continue;
      if (this.room === 0) break;
      const own = Uint8Array.from(hash);
      const planned = {
        key,
        hash: own,
        height,
        lister,
        place: 0,
        owner: undefined,
        askedAt: 0,
        overtaken: undefined,
        deniedBy: [],
        held: undefined,
      };
      this.#byKey.set(key, planned);
      added.push(planned);
    }
    if (added.length > 0) this.#merge(added);
    return added;
  }

  /** Blocks from the first on, those that were taken out excepted. */
  *upcoming(limit: number): Iterable<PlannedBlock> {
    let left = limit;
    for (let i = this.#head; i < this.#blocks.length && left > 0; i++) {
      const planned = this.#blocks[i]!;
      if (this.#byKey.get(planned.key) !== planned) continue;
      left--;
      yield planned;
    }
  }

  /** Those that nobody was asked for and that have not come, at most `ahead` places from the front. */
  *unaskedBlocks(ahead: number): Iterable<PlannedBlock> {
    if (this.unasked === 0) return;
    const end = Math.min(this.#blocks.length, this.#head + ahead);
    let place = Math.max(this.#unaskedFrom, this.#head);
    for (; place < end && !this.#isUnasked(this.#blocks[place]!); place++);
    this.#unaskedFrom = place;
    for (; place < end; place++) {
      const planned = this.#blocks[place]!;
      if (this.#isUnasked(planned)) yield planned;
    }
  }

  /** True for the first block of the plan. */
  isNext(planned: PlannedBlock): boolean {
    return planned === this.#first();
  }

  /** A peer is asked for a block. */
  give(planned: PlannedBlock, peer: PeerState, now: number): void {
    planned.overtaken = planned.owner;
    this.#setOwner(planned, peer);
    planned.askedAt = now;
  }

  /** Whoever was asked for a block will not bring it. */
  free(planned: PlannedBlock): void {
    this.#setOwner(planned, undefined);
    planned.overtaken = undefined;
    this.#unaskedFrom = Math.min(this.#unaskedFrom, planned.place);
  }

  /** A peer was asked for a block and will not bring it. */
  deny(planned: PlannedBlock, peer: PeerState): void {
    if (!planned.deniedBy.includes(peer)) planned.deniedBy.push(peer);
    if (planned.owner === peer) this.free(planned);
  }

  /** A block has come. */
  hold(planned: PlannedBlock, block: Block, from: PeerState): void {
    if (planned.held) return;
    this.#setOwner(planned, undefined);
    planned.held = { block, from };
    this.#held++;
    this.#heldBytes += block.memory;
    for (let i = this.#blocks.length - 1; i > this.#head && this.#heldBytes > PLAN_BYTES; i--) {
      this.#drop(this.#blocks[i]!);
    }
  }

  /** Takes out the first block if it has come. */
  takeReady(): PlannedBlock | undefined {
    const first = this.#first();
    if (!first?.held) return undefined;
    this.remove(first);
    return first;
  }

  /** Takes out blocks from the front that have not come, as long as the condition holds. */
  skipWhile(condition: (planned: PlannedBlock) => boolean): void {
    for (let first = this.#first(); first && !first.held && condition(first); first = this.#first()) this.remove(first);
  }

  /** Takes out a block. */
  remove(planned: PlannedBlock): void {
    if (!this.#byKey.delete(planned.key)) return;
    this.#setOwner(planned, undefined);
    if (!planned.held) return;
    this.#held--;
    this.#heldBytes -= planned.held.block.memory;
  }

  /** Takes out everything. */
  clear(): void {
    for (const planned of this.#byKey.values()) this.#setOwner(planned, undefined);
    this.#byKey.clear();
    this.#blocks = [];
    this.#head = 0;
    this.#heldBytes = 0;
    this.#held = 0;
    this.#unaskedFrom = 0;
  }

  #first(): PlannedBlock | undefined {
    for (; this.#head < this.#blocks.length; this.#head++) {
      const planned = this.#blocks[this.#head]!;
      if (this.#byKey.get(planned.key) === planned) return planned;
    }
    return undefined;
  }

  #merge(added: readonly PlannedBlock[]): void {
    const left = this.#blocks.slice(this.#head).filter((planned) => this.#byKey.get(planned.key) === planned);
    // Stable: blocks of one height keep the order of the lists.
    this.#blocks = [...left, ...added].sort((a, b) => a.height - b.height);
    for (const [place, planned] of this.#blocks.entries()) planned.place = place;
    this.#head = 0;
    this.#unaskedFrom = 0;
  }

  #setOwner(planned: PlannedBlock, peer: PeerState | undefined): void {
    if (planned.owner) {
      planned.owner.plannedBlocks--;
      this.#asked--;
    }
    planned.owner = peer;
    if (!peer) return;
    peer.plannedBlocks++;
    this.#asked++;
  }

  /** Forgets a block that came before its turn: it is fetched again. The next one stays. */
  #drop(planned: PlannedBlock): void {
    if (!planned.held || this.#byKey.get(planned.key) !== planned || planned === this.#first()) return;
    this.#heldBytes -= planned.held.block.memory;
    this.#held--;
    planned.held = undefined;
    this.#unaskedFrom = Math.min(this.#unaskedFrom, planned.place);
  }

  #isUnasked(planned: PlannedBlock): boolean {
    return !planned.owner && !planned.held && this.#byKey.get(planned.key) === planned;
  }
}
