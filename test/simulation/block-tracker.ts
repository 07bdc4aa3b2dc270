import { type Hash, hashKey } from '../../src/util/hash.ts';
import type { SimNode } from './sim-node.ts';

/** What is known of one block that an honest node mined. */
interface Tracked {
  readonly hash: Hash;
  readonly miner: SimNode;
  /** Virtual milliseconds. */
  readonly minedAt: number;
  /** Who accepted it, and when. */
  readonly seen: Map<SimNode, number>;
}

/** Time that blocks took to reach nodes, milliseconds. */
export interface RelayTimes {
  readonly count: number;
  readonly median: number;
  readonly p99: number;
  readonly worst: number;
}

/** Follows every block of honest miners through the network. */
export class BlockTracker {
  readonly #now: () => number;
  readonly #blocks = new Map<string, Tracked>();

  /** @param now virtual milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Blocks mined so far. */
  get count(): number {
    return this.#blocks.size;
  }

  mined(miner: SimNode, hash: Hash): void {
    this.#blocks.set(hashKey(hash), { hash, miner, minedAt: this.#now(), seen: new Map() });
  }

  accepted(node: SimNode, hash: Hash): void {
    const block = this.#blocks.get(hashKey(hash));
    if (block && !block.seen.has(node)) block.seen.set(node, this.#now());
  }

  /** Blocks mined in a period. */
  between(from: number, until: number): Tracked[] {
    return [...this.#blocks.values()].filter(({ minedAt }) => minedAt >= from && minedAt < until);
  }

  /** How long the blocks of a period took to reach each node. */
  relayTimes(from: number, until: number): RelayTimes {
    const times = this.between(from, until)
      .flatMap(({ minedAt, miner, seen }) =>
        [...seen].filter(([node]) => node !== miner).map(([, seenAt]) => seenAt - minedAt),
      )
      .sort((a, b) => a - b);
    const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
    return { count: times.length, median: at(0.5), p99: at(0.99), worst: times.at(-1) ?? 0 };
  }
}
