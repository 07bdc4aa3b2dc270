import { expect, test } from 'vitest';
import { RuleError } from '../dag/index.ts';
import { ANYONE, makeBlock, spend, TestDag, testParams } from '../dag/testing/fixture.ts';
import { type Hash, hashFromKey, hashKey, hashToHex } from '../util/hash.ts';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import type { OutPoint, Transaction } from '../wire/index.ts';
import { PolicyError } from './errors.ts';
import { InputView, isComplete } from './input-view.ts';
import { MemoryPool } from './memory-pool.ts';

/** A pool on a real DAG whose blocks tests make at will. */
class Lab {
  readonly testDag = new TestDag();
  readonly pool: MemoryPool;
  readonly random: SeededRandom;
  /** Every transaction ever made, and every block by hash. */
  readonly transactions: Transaction[] = [];
  readonly blocks: { readonly hash: Hash; readonly height: number }[];
  #salt = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    const world = { clock: this.testDag.clock, random: this.random };
    this.pool = new MemoryPool({ acceptNonStandard: true }, { dag: this.dag, params: testParams, world });
    this.pool.start();
    this.dag.events.on('connected', (info) => this.pool.blockConnected(info));
    this.blocks = [{ hash: testParams.genesisHash, height: 0 }];
  }

  get dag(): TestDag['dag'] {
    return this.testDag.dag;
  }

  /** Connects a block; false if its transactions are not acceptable where it stands. */
  connect(parents: readonly Hash[], transactions: readonly Transaction[] = []): boolean {
    const height = 1 + Math.max(...parents.map((parent) => this.dag.blockHeight(parent)!));
    const block = makeBlock({ parents, height, salt: ++this.#salt, transactions });
    try {
      this.dag.processBlock(block);
    } catch (error) {
      if (error instanceof RuleError) return false;
      throw error;
    }
    this.blocks.push({ hash: block.hash, height });
    return true;
  }

  /** A chain on the tips whose last block makes `count` outputs of equal value; these. */
  fund(count: number): OutPoint[] {
    for (let i = 0; i < 3; i++) this.connect(this.dag.snapshot().tips);
    const first = this.dag.getBlock(this.blocks[1].hash)!.transactions[0];
    const value = first.outputs[0].value / BigInt(count);
    const fan = spend(
      [{ hash: first.txid, index: 0 }],
      Array.from({ length: count }, () => ({ value, pkScript: ANYONE })),
    );
    expect(this.connect(this.dag.snapshot().tips, [fan])).toBe(true);
    return fan.outputs.map((_, index) => ({ hash: fan.txid, index }));
  }

  make(prevouts: readonly OutPoint[], value: bigint, outputs = 1): Transaction {
    const tx = spend(
      prevouts,
      Array.from({ length: outputs }, () => ({ value, pkScript: ANYONE })),
    );
    this.transactions.push(tx);
    return tx;
  }

  submit(tx: Transaction): boolean {
    try {
      this.pool.submit(tx);
      return true;
    } catch (error) {
      if (error instanceof PolicyError) return false;
      throw error;
    }
  }

  isApplied(tx: Transaction): boolean {
    return this.view.isApplied(tx);
  }

  get view(): InputView {
    return new InputView(this.dag, { get: (key) => this.pool.entry(hashFromKey(key)) });
  }

  /** What holds after every step, found out the slow way. */
  check(): void {
    const { view } = this;
    const spenders = new Map<string, string>();
    let bytes = 0;
    for (const entry of this.pool.entries()) {
      const tx = entry.transaction;
      const name = hashToHex(tx.txid);
      expect(view.isApplied(tx), `${name} is in the pool although the order has applied it`).toBe(false);
      const spent = view.inputs(tx);
      expect(isComplete(spent), `${name} spends what is not there`).toBe(true);
      for (const [i, { prevout }] of tx.inputs.entries()) {
        const key = `${hashToHex(prevout.hash)}:${prevout.index}`;
        expect(spenders.get(key), `${key} is spent twice`).toBe(undefined);
        spenders.set(key, name);
        expect(this.pool.spenderOf(prevout)).toBe(entry);
        if (spent[i]?.parent) {
          expect(entry.parents?.has(spent[i].parent)).toBe(true);
          expect(spent[i].parent.children?.has(entry)).toBe(true);
        }
      }
      const parents = new Set(tx.inputs.flatMap(({ prevout }) => this.pool.entry(prevout.hash) ?? []));
      expect(new Set(entry.parents)).toEqual(parents);
      const fresh = entry.priorityAt(1000);
      if (isComplete(spent)) entry.setSpent(spent);
      expect(entry.priorityAt(1000), `priority of ${name}`).toBe(fresh);
      bytes += tx.size;
    }
    expect(this.pool.bytes).toBe(bytes);
  }
}

/** Acts at random on a lab and checks it after every step. */
class Chaos {
  readonly lab: Lab;
  readonly #random: SeededRandom;
  readonly #outputs: OutPoint[];
  /** Who ever spent an output. */
  readonly #spenders = new Map<string, Transaction[]>();
  readonly #byKey = new Map<string, Transaction>();
  readonly #parents = new Map<string, readonly Hash[]>();
  readonly #taken: Transaction[] = [];
  readonly #redundant: boolean;
  reorders = 0;
  /** Transactions that entered the pool, and payments that were taken: the others came back from blocks. */
  entered = 0;
  paid = 0;

  constructor(seed: number, redundant: boolean) {
    this.lab = new Lab(seed);
    this.#random = new SeededRandom(`chaos ${seed}`);
    this.#redundant = redundant;
    this.#outputs = this.lab.fund(30);
    this.lab.dag.events.on('reorder', ({ removed }) => {
      if (removed.length > 0) this.reorders++;
    });
    this.lab.pool.events.on('added', () => this.entered++);
  }

  step(): void {
    if (this.#random.chance(0.6)) this.#pay();
    else if (this.#random.chance(0.8)) this.#mine();
    else {
      // Several blocks in one commit: the pool is told of the first when the DAG has the last.
      this.lab.dag.batch(() => {
        for (let left = this.#random.between(2, 4); left > 0; left--) this.#mine();
      });
    }
    this.lab.check();
    if (!this.#redundant) this.#nothingIsLost();
  }

  #pay(): void {
    const { lab } = this;
    const prevouts = new Map<string, OutPoint>();
    for (let left = this.#random.between(1, 2); left > 0; left--) {
      const used = this.#random.chance(0.25);
      const choices = this.#outputs.slice(-40).filter((outpoint) => used || !this.#spenders.has(nameOf(outpoint)));
      if (choices.length === 0) continue;
      const outpoint = this.#random.pick(choices);
      prevouts.set(nameOf(outpoint), outpoint);
    }
    if (prevouts.size === 0) return;
    const tx = lab.make([...prevouts.values()], BigInt(this.#random.between(1000, 5000)), this.#random.between(1, 3));
    for (const name of prevouts.keys()) this.#spenders.set(name, [...(this.#spenders.get(name) ?? []), tx]);
    this.#byKey.set(hashKey(tx.txid), tx);
    if (lab.submit(tx)) {
      this.#taken.push(tx);
      this.paid++;
    }
    for (const [index] of tx.outputs.entries()) this.#outputs.push({ hash: tx.txid, index });
  }

  #mine(): void {
    const { lab } = this;
    const count = lab.blocks.length;
    const parents = this.#choose(this.#random.chance(0.3) ? lab.dag.snapshot().tips : []);
    const chosen = new Map<string, Transaction>();
    const want = (tx: Transaction): void => {
      for (const { prevout } of tx.inputs) {
        const parent = this.#byKey.get(hashKey(prevout.hash));
        if (parent && lab.pool.entry(parent.txid) && this.#random.chance(0.8)) want(parent);
      }
      chosen.set(hashKey(tx.txid), tx);
    };
    for (const entry of lab.pool.entries()) if (this.#random.chance(0.3)) want(entry.transaction);
    for (const tx of lab.transactions.slice(-20)) if (this.#random.chance(0.15)) want(tx);
    lab.connect(parents, [...chosen.values()]) || lab.connect(parents, [...chosen.values()].slice(0, 1));
    for (const { hash } of lab.blocks.slice(count)) this.#parents.set(hashKey(hash), parents);
  }

  /** Parents of a new block: mostly tips, sometimes older blocks; none an ancestor of another unless that is wanted. */
  #choose(given: readonly Hash[]): Hash[] {
    if (given.length > 0) return [...given];
    const recent = this.lab.blocks.slice(4).slice(-12);
    if (recent.length === 0) return [...this.lab.dag.snapshot().tips];
    const picked = new Map<string, Hash>();
    for (let left = this.#random.between(1, 3); left > 0; left--) {
      const { hash } = this.#random.pick(recent);
      picked.set(hashKey(hash), hash);
    }
    if (this.#redundant) return [...picked.values()];
    const past = new Set<string>();
    for (const hash of picked.values()) this.#addPast(hash, past);
    return [...picked.values()].filter((hash) => !past.has(hashKey(hash)));
  }

  #addPast(hash: Hash, past: Set<string>): void {
    for (const parent of this.#parents.get(hashKey(hash)) ?? []) {
      if (past.has(hashKey(parent))) continue;
      past.add(hashKey(parent));
      this.#addPast(parent, past);
    }
  }

  /** What the pool took and nobody disputes is in the pool or in effect, whatever the order does. */
  #nothingIsLost(): void {
    for (const tx of this.#taken) {
      if (!this.#isUndisputed(tx)) continue;
      const isThere = this.lab.pool.entry(tx.txid) !== undefined || this.lab.isApplied(tx);
      expect(isThere, `${hashToHex(tx.txid)} is lost`).toBe(true);
    }
  }

  #isUndisputed(tx: Transaction): boolean {
    return tx.inputs.every(({ prevout }) => {
      const parent = this.#byKey.get(hashKey(prevout.hash));
      return this.#spenders.get(nameOf(prevout))?.length === 1 && (!parent || this.#isUndisputed(parent));
    });
  }
}

function nameOf({ hash, index }: OutPoint): string {
  return `${hashToHex(hash)}:${index}`;
}

function run(seeds: number, redundant: boolean): { reorders: number; returned: number } {
  let reorders = 0;
  let returned = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const chaos = new Chaos(seed, redundant);
    for (let step = 0; step < 80; step++) chaos.step();
    reorders += chaos.reorders;
    returned += chaos.entered - chaos.paid;
  }
  return { reorders, returned };
}

test('random payments, double spends and blocks anywhere: the pool fits the order, and nothing undisputed is lost', () => {
  // Without these the test would test nothing.
  expect(run(30, false).reorders).toBeGreaterThan(100);
});

test('the same where redundant parents cut blocks out of the order and bring them back', () => {
  expect(run(25, true).returned).toBeGreaterThan(5);
});
