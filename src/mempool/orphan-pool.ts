import { outpointKey } from '../dag/index.ts';
import { type Hash, hashFromKey, hashKey } from '../util/hash.ts';
import type { Random } from '../util/ports.ts';
import { type OutPoint, Transaction } from '../wire/index.ts';

/** How long a transaction waits for its parents, seconds. */
const ORPHAN_SECONDS = 15 * 60;
/** Pause between two looks for those that waited too long. */
const SCAN_SECONDS = 5 * 60;

/**
 * Inputs of all orphans together. Each is an entry in the index of who waits for what; orphans of usual size never come near
 * it, but a hundred of the largest have 240,000.
 */
const MAX_INPUTS = 20_000;

interface Orphan {
  /** Decoded when needed: a decoded transaction can take a hundred times the memory of its bytes. */
  readonly bytes: Uint8Array;
  readonly txid: Hash;
  readonly key: string;
  readonly outputs: number;
  /** Keys of what it spends, see `outpointKey`. */
  readonly inputKeys: readonly string[];
  /** Id of the peer that sent it. */
  readonly tag: number;
  /** Unix seconds. */
  readonly expires: number;
  /** Place in the list of all. */
  index: number;
}

/**
 * Transactions of peers that wait for transactions they spend from. Bounded in number, bytes and inputs: a full pool drops one at
 * random, so that nobody can aim at one. They own their memory.
 */
export class OrphanTransactions {
  readonly #limit: number;
  readonly #random: Pick<Random, 'below'>;
  readonly #orphans = new Map<string, Orphan>();
  /** All of them, dense, for drawing one. */
  readonly #list: Orphan[] = [];
  /** Who waits for an output, by `outpointKey`. */
  readonly #waiting = new Map<string, Set<Orphan>>();
  #nextScan: number;
  #inputs = 0;

  /**
   * @param limit most orphans; 0 keeps none.
   * @param now Unix seconds.
   */
  constructor(limit: number, random: Pick<Random, 'below'>, now: number) {
    this.#limit = limit;
    this.#random = random;
    this.#nextScan = now + SCAN_SECONDS;
  }

  get size(): number {
    return this.#list.length;
  }

  /** @param key see `hashKey`. */
  has(key: string): boolean {
    return this.#orphans.has(key);
  }

  /**
   * Keeps a transaction.
   * @param tag id of the peer that sent it.
   * @param now Unix seconds.
   */
  add(tx: Transaction, tag: number, now: number): void {
    if (this.#limit <= 0) return;
    this.#dropExpired(now);
    const { inputKeys } = tx;
    while (
      this.#list.length >= this.#limit ||
      (this.#inputs + inputKeys.length > MAX_INPUTS && this.#list.length > 0)
    ) {
      this.#drop(this.#list[this.#random.below(this.#list.length)]);
    }
    const key = hashKey(tx.txid);
    const orphan: Orphan = {
      bytes: Uint8Array.from(tx.toBytes()),
      txid: hashFromKey(key),
      key,
      outputs: tx.outputs.length,
      inputKeys,
      tag,
      expires: now + ORPHAN_SECONDS,
      index: this.#list.length,
    };
    this.#list.push(orphan);
    this.#orphans.set(key, orphan);
    this.#inputs += inputKeys.length;
    for (const output of inputKeys) {
      const waiting = this.#waiting.get(output);
      if (waiting) waiting.add(orphan);
      else this.#waiting.set(output, new Set([orphan]));
    }
  }

  /**
   * Orphans that spend an output, decoded anew.
   * @param except keys of some that are not wanted.
   */
  waitingFor({ hash, index }: OutPoint, except?: ReadonlySet<string>): Transaction[] {
    if (this.#list.length === 0) return [];
    const waiting = [...(this.#waiting.get(outpointKey(hash, index)) ?? [])];
    return waiting.filter(({ key }) => !except?.has(key)).map(({ bytes }) => Transaction.fromBytes(bytes));
  }

  /** Forgets one; those that wait for its outputs stay. */
  remove(txid: Hash): void {
    const orphan = this.#orphans.get(hashKey(txid));
    if (orphan) this.#drop(orphan);
  }

  /** Forgets one and all that wait for it, directly or not. */
  removeWithDescendants(txid: Hash): void {
    const orphan = this.#orphans.get(hashKey(txid));
    if (orphan) this.#dropAll([orphan]);
  }

  /** Forgets all that spend what a transaction spends, itself included, and all that wait for these. */
  removeDoubleSpends(tx: Transaction): void {
    if (this.#list.length === 0) return;
    for (const output of tx.inputKeys) this.#dropAll(this.#waiting.get(output) ?? []);
  }

  /** Forgets those of a peer that left, and all that wait for these. */
  removeOf(tag: number): void {
    this.#dropAll(this.#list.filter((orphan) => orphan.tag === tag));
  }

  #dropExpired(now: number): void {
    if (now <= this.#nextScan) return;
    this.#nextScan = now + SCAN_SECONDS;
    this.#dropAll(this.#list.filter(({ expires }) => now > expires));
  }

  #dropAll(first: Iterable<Orphan>): void {
    const doomed = new Set(first);
    if (doomed.size === 0) return;
    // A set may grow while it is walked over.
    for (const { txid, outputs } of doomed) {
      for (let index = 0; index < outputs; index++) {
        for (const child of this.#waiting.get(outpointKey(txid, index)) ?? []) doomed.add(child);
      }
    }
    for (const orphan of doomed) this.#drop(orphan);
  }

  #drop(orphan: Orphan): void {
    this.#orphans.delete(orphan.key);
    const last = this.#list.pop();
    if (last && last !== orphan) {
      this.#list[orphan.index] = last;
      last.index = orphan.index;
    }
    this.#inputs -= orphan.inputKeys.length;
    for (const output of orphan.inputKeys) {
      const waiting = this.#waiting.get(output);
      waiting?.delete(orphan);
      if (waiting?.size === 0) this.#waiting.delete(output);
    }
  }
}
