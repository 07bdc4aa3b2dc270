import { AssertError, type Dag, RuleError } from '../../src/dag/index.ts';
import { MemoryStore } from '../../src/store/index.ts';
import { hashFromKey, hashKey } from '../../src/util/hash.ts';
import type { Block } from '../../src/wire/index.ts';
import { type Digest, digestOf } from './digest.ts';
import { makeArrival, openDag } from './scenario.ts';

/** Where the row of a block has its hash. */
const ROW_HASH = 1;

/** Feeds a block; a refusal is an ordinary outcome. */
export function feed(dag: Dag, block: Block): void {
  try {
    dag.processBlock(block);
  } catch (error) {
    if (!(error instanceof RuleError || error instanceof AssertError)) throw error;
  }
}

/** The twin that is never killed: knows every state through which a node must pass, by the number of known blocks. */
export class Twin {
  readonly #arrival: readonly Block[];
  /** Blocks in the order in which they became known, failed ones included; the first is genesis. */
  readonly #known: readonly Block[];
  readonly #connected: number;
  readonly #digests = new Map<number, Digest>();
  #store = new MemoryStore();
  #dag: Dag;

  constructor(arrival: readonly Block[]) {
    this.#arrival = arrival;
    const store = new MemoryStore();
    const dag = openDag(store);
    for (const block of arrival) feed(dag, block);
    this.#connected = dag.snapshot().blockCount;
    const byHash = new Map(arrival.map((block) => [hashKey(block.hash), block]));
    const rows = [...store.table('index').range()].map(({ value }) => value.subarray(ROW_HASH, ROW_HASH + 32));
    this.#known = rows.map((hash) => byHash.get(hashKey(hash)) ?? dag.getBlock(hashFromKey(hashKey(hash)))!);
    this.#dag = openDag(this.#store);
  }

  /** Number of blocks known in the end, genesis and failed ones included. */
  get size(): number {
    return this.#known.length;
  }

  /** Those of them that are part of the DAG. */
  get connected(): number {
    return this.#connected;
  }

  /** State with `count` known blocks, genesis included. */
  at(count: number): Digest {
    const cached = this.#digests.get(count);
    if (cached) return cached;
    if (this.#fed > count) {
      this.#store = new MemoryStore();
      this.#dag = openDag(this.#store);
    }
    while (this.#fed < count) feed(this.#dag, this.#known[this.#fed]);
    const digest = digestOf(this.#dag, this.#store, this.#arrival);
    this.#digests.set(count, digest);
    return digest;
  }

  get #fed(): number {
    return this.#store.table('index').count();
  }
}

/** Blocks in their order of arrival, and the twin that got all of them. */
export interface Scenario {
  readonly arrival: readonly Block[];
  readonly twin: Twin;
}

/**
 * The first DAG of a seed that most nodes would accept: a late block can make an honest one fail, and with it all that
 * stands on it.
 */
export function makeScenario(seed: string, size: number): Scenario {
  for (let attempt = 0; ; attempt++) {
    const arrival = makeArrival(`${seed}/${attempt}`, size);
    const twin = new Twin(arrival);
    if (twin.connected > 0.9 * size) return { arrival, twin };
  }
}
