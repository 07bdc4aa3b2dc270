import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { effectiveLockTime, isFinalAt } from '../mempool/index.ts';
import { MAX_SIGOP_COST } from '../params/index.ts';
import { isUnspendable } from '../script/index.ts';
import { hashKey } from '../util/hash.ts';
import type { OutPoint, Transaction } from '../wire/index.ts';
import { EntryQueue } from './entry-queue.ts';
import { templatePolicy } from './policy.ts';
import type { StoredOutput } from './ports.ts';
import { MIN_HIGH_PRIORITY, type Selection, type SelectionContext, selectTransactions } from './selection.ts';
import { type Accepted, type MadeUp, madeUp, poolEntries, sourceOf, testHash } from './testing/pool.ts';

const HEIGHT = 1000;
const COIN = 1_000_000_000n;
const keyOf = ({ hash, index }: OutPoint) => `${hashKey(hash)}${index}`;

/** A made-up output state: outpoint n holds `value` nanoSoter since height `height`. */
class State {
  readonly #outputs = new Map<string, StoredOutput>();
  #next = 0;

  add(value: bigint, height = 900, isCoinbase = false): OutPoint {
    const outpoint = { hash: testHash(this.#next++), index: 0 };
    this.#outputs.set(keyOf(outpoint), { value, pkScript: new Uint8Array(0), height, isCoinbase });
    return outpoint;
  }

  utxo = (outpoint: OutPoint) => this.#outputs.get(keyOf(outpoint));
}

function contextFor(state: State, changes: Partial<SelectionContext> = {}): SelectionContext {
  return {
    height: HEIGHT,
    time: 1_800_000_000,
    dag: state,
    policy: templatePolicy({ blockPrioritySize: 0 }),
    coinbaseMaturity: 100,
    segwit: true,
    weight: 3000,
    sigOpCost: 4,
    ...changes,
  };
}

/** Few enough to be put in order at a time that pools of a test need several goes. */
const TIER = 4;

function select(accepted: readonly Accepted[], context: SelectionContext, tier = TIER): Selection {
  return selectTransactions(sourceOf(poolEntries(accepted, context.dag)), context, new EntryQueue(tier));
}

/** The selected transactions as positions in the pool. */
function chosen(accepted: readonly Accepted[], context: SelectionContext): number[] {
  return select(accepted, context).transactions.map(({ entry }) => entry.sequence);
}

/** A payment of a fresh coin. */
function payment(state: State, fee: bigint, parts: Partial<MadeUp> = {}, value = COIN): Accepted {
  return madeUp({ inputs: [state.add(value)], values: [value - fee], fee, ...parts });
}

const outputOf = ({ transaction }: Accepted, index = 0): OutPoint => ({ hash: transaction.txid, index });

describe('order', () => {
  test('by fee rate when there is no room for priority', () => {
    const state = new State();
    const pool = [payment(state, 1000n), payment(state, 3000n), payment(state, 2000n, { padding: 500 })];
    expect(chosen(pool, contextFor(state))).toEqual([1, 0, 2]);
  });

  test('equals stand in the order of the pool', () => {
    const state = new State();
    const pool = [5, 6, 7, 8].map(() => payment(state, 1000n));
    expect(chosen(pool, contextFor(state))).toEqual([0, 1, 2, 3]);
  });

  test('by priority first, without a fee, then by fee rate once priority sinks to a coin-day', () => {
    const state = new State();
    const old = (value: bigint, fee: bigint) => madeUp({ inputs: [state.add(value, 1)], values: [value - fee], fee });
    const pool = [payment(state, 5000n), old(100n * COIN, 0n), old(900n * COIN, 0n), payment(state, 6000n)];
    const policy = templatePolicy({ blockPrioritySize: 50_000 });
    expect(chosen(pool, contextFor(state, { policy }))).toEqual([2, 1, 3, 0]);
    // Without the area the free ones stay out.
    expect(chosen(pool, contextFor(state))).toEqual([3, 0]);
  });

  test('the priority area ends at the given weight', () => {
    const state = new State();
    const free = () => madeUp({ inputs: [state.add(500n * COIN, 1)], values: [500n * COIN], fee: 0n });
    const pool = [free(), free(), free(), free(), payment(state, 5000n)];
    const each = pool[0].transaction.weight;
    const policy = templatePolicy({ blockPrioritySize: 3000 + 2 * each + 1 });
    expect(chosen(pool, contextFor(state, { policy }))).toEqual([0, 1, 4]);
    // One that ends exactly at the limit is the last one taken by priority.
    const sized = (blockPrioritySize: number) => contextFor(state, { policy: templatePolicy({ blockPrioritySize }) });
    expect(chosen(pool, sized(3000 + 2 * each))).toEqual([0, 1, 4]);
    expect(chosen(pool, sized(3000 + 2 * each - 1))).toEqual([0, 4]);
  });

  test('a parent stands before its children, whatever they pay', () => {
    const state = new State();
    const parent = payment(state, 1000n);
    const child = madeUp({ inputs: [outputOf(parent)], values: [1n], fee: 900_000n });
    const grandchild = madeUp({ inputs: [outputOf(child)], values: [1n], fee: 0n });
    const both = madeUp({ inputs: [outputOf(payment(state, 1n)), outputOf(parent)], values: [1n], fee: 9000n });
    const pool = [child, grandchild, both, payment(state, 2000n), parent];
    expect(chosen(pool, contextFor(state))).toEqual([3, 4, 0]);
  });
});

describe('what stays out', () => {
  test('free transactions, unless the block is lighter than blockminweight', () => {
    const state = new State();
    const pool = [payment(state, 0n), payment(state, 0n), payment(state, 2000n)];
    expect(chosen(pool, contextFor(state))).toEqual([2]);
    const each = pool[0].transaction.weight;
    const policy = templatePolicy({ blockPrioritySize: 0, blockMinWeight: 3000 + 2 * each + 1 });
    expect(chosen(pool, contextFor(state, { policy }))).toEqual([2, 0]);
  });

  test('what does not fit, while smaller ones still do', () => {
    const state = new State();
    const pool = [payment(state, 900_000n, { padding: 3000 }), payment(state, 1000n)];
    const policy = templatePolicy({ blockPrioritySize: 0, blockMaxWeight: 10_000 });
    expect(chosen(pool, contextFor(state, { policy }))).toEqual([1]);
  });

  test('a transaction that would fill the block to its limit exactly', () => {
    const state = new State();
    const pool = [payment(state, 1000n)];
    const { weight } = pool[0].transaction;
    const limited = (blockMaxWeight: number) =>
      contextFor(state, { weight: 4000, policy: templatePolicy({ blockPrioritySize: 0, blockMaxWeight }) });
    expect(chosen(pool, limited(4000 + weight))).toEqual([]);
    expect(chosen(pool, limited(4001 + weight))).toEqual([0]);
  });

  test('too many signature operations', () => {
    const state = new State();
    const pool = Array.from({ length: 100 }, () => payment(state, 1000n, { sigOps: 250 }));
    const { transactions, sigOpCost } = select(pool, contextFor(state));
    expect(transactions.length).toBe(79);
    expect(sigOpCost).toBe(4 + 79 * 1000);
    expect(sigOpCost).toBeLessThanOrEqual(MAX_SIGOP_COST);
  });

  test('lock times in the future, missing and unspendable outputs, impossible amounts', () => {
    const state = new State();
    const unspendable = payment(state, 3000n, { unspendable: true });
    const pool = [
      payment(state, 1000n, { lockTime: HEIGHT }),
      payment(state, 1000n, { lockTime: 1_800_000_000 }),
      madeUp({ inputs: [{ hash: testHash(99_999), index: 0 }], values: [1n], fee: 9000n }),
      madeUp({ inputs: [state.add(COIN, 901, true)], values: [1n], fee: 9000n }),
      madeUp({ inputs: [state.add(COIN)], values: [COIN + 1n], fee: 9000n }),
      madeUp({ inputs: [state.add(-1n)], values: [0n], fee: 9000n }),
      unspendable,
      madeUp({ inputs: [outputOf(unspendable)], values: [1n], fee: 9000n }),
      payment(state, 1000n, { lockTime: HEIGHT, sequence: 0xffffffff }),
      payment(state, 1000n, { lockTime: HEIGHT - 1 }),
      madeUp({ inputs: [state.add(COIN, 900, true)], values: [1n], fee: 1100n }),
    ];
    expect(chosen(pool, contextFor(state)).sort((a, b) => a - b)).toEqual([6, 8, 9, 10]);
  });

  test('most of a pool that does not fit, and what does fit is found behind it', () => {
    const state = new State();
    const large = () => payment(state, 50_000n, { padding: 500 });
    const small = () => payment(state, 1000n);
    const pool = [large(), ...Array.from({ length: 1000 }, large), small(), small(), small()];
    const room = (weight: number) =>
      contextFor(state, { policy: templatePolicy({ blockPrioritySize: 0, blockMaxWeight: 3001 + weight }) });
    const [each, least] = [pool[0].transaction.weight, small().transaction.weight];
    expect(chosen(pool, room(each + 2 * least))).toEqual([0, 1001, 1002]);
  });

  test('the second of two that spend one output', () => {
    const state = new State();
    const coin = state.add(COIN);
    const pool = [1000n, 2000n].map((fee) => madeUp({ inputs: [coin], values: [COIN - fee], fee }));
    expect(chosen(pool, contextFor(state))).toEqual([1]);
  });
});

describe('witness data', () => {
  test('before activation: left out, no commitment', () => {
    const state = new State();
    const pool = [payment(state, 5000n, { witness: true }), payment(state, 1000n)];
    const selection = select(pool, contextFor(state, { segwit: false }));
    expect(selection.transactions.map(({ entry }) => entry.sequence)).toEqual([1]);
    expect(selection.commitment).toBe(false);
  });

  test('after activation: taken, and the commitment is paid for in weight once', () => {
    const state = new State();
    const pool = [payment(state, 5000n, { witness: true }), payment(state, 4000n, { witness: true })];
    const selection = select(pool, contextFor(state));
    expect(selection.commitment).toBe(true);
    expect(selection.weight).toBe(3000 + 224 + pool[0].transaction.weight + pool[1].transaction.weight);
  });

  test('the commitment stays if the transaction that asked for it does not', () => {
    const state = new State();
    const pool = [payment(state, 5000n, { witness: true, sigOps: 50_000 }), payment(state, 4000n)];
    expect(select(pool, contextFor(state))).toMatchObject({ commitment: true, transactions: [{ fee: 4000n }] });
    // Also when nobody looks at it any more because only free transactions are left.
    const free = [payment(state, 4000n), payment(state, 0n), payment(state, 0n, { witness: true })];
    expect(select(free, contextFor(state))).toMatchObject({ commitment: true });
  });
});

test('transactions that are at hand are not decoded again', () => {
  const state = new State();
  const [entry] = poolEntries([payment(state, 1000n)], state);
  const { transaction } = entry;
  const decoded = new Map([[entry, transaction]]);
  expect(selectTransactions(sourceOf([entry]), contextFor(state, { decoded })).transactions[0].transaction).toBe(
    transaction,
  );
});

/** Priority without the sums that the pool keeps. */
function slowPriority(tx: Transaction, confirmed: readonly (StoredOutput | undefined)[], height: number): number {
  const valueAge = confirmed.reduce(
    (sum, output) => sum + (output ? output.value * BigInt(height - output.height) : 0n),
    0n,
  );
  const free = tx.inputs.reduce((sum, { signatureScript }) => sum + 41 + Math.min(110, signatureScript.length), 0);
  return tx.size > free ? Number(valueAge) / (tx.size - free) : 0;
}

/** The rules written down step by step over sorted lists, without any shortcut. */
function slowSelection(accepted: readonly Accepted[], context: SelectionContext) {
  const { policy, height, segwit } = context;
  const prepared = accepted
    .map((entry, index) => ({ entry, index, inputs: entry.transaction.inputs.map(({ prevout }) => prevout) }))
    .filter(({ entry: { transaction } }) => isFinalAt(effectiveLockTime(transaction), height, context.time))
    .map((item) => ({
      ...item,
      priority: slowPriority(item.entry.transaction, item.inputs.map(context.dag.utxo), height),
      rate: Number((item.entry.fee * 1000n) / BigInt(item.entry.transaction.virtualSize)),
    }));
  const view = new Map<string, StoredOutput>();
  const spent = new Set<string>();
  const done = new Set<string>();
  const result: number[] = [];
  let queue = prepared.filter(({ inputs }) => inputs.every(context.dag.utxo));
  const queued = new Set(queue);
  let [weight, cost, byFee, commitment] = [context.weight, context.sigOpCost, policy.blockPrioritySize === 0, false];
  while (queue.length > 0) {
    queue.sort((a, b) => {
      const [fee, priority] = [b.rate - a.rate, b.priority - a.priority];
      return (byFee ? fee || priority : priority || fee) || a.index - b.index;
    });
    const item = queue[0];
    queue = queue.slice(1);
    const { transaction } = item.entry;
    if (transaction.hasWitness && !segwit) continue;
    if (transaction.hasWitness && !commitment) {
      commitment = true;
      weight += 224;
    }
    const total = weight + transaction.weight;
    if (total >= policy.blockMaxWeight) continue;
    const outputs = item.inputs.map((prevout) => context.dag.utxo(prevout) ?? view.get(keyOf(prevout)));
    if (outputs.some((output) => !output) || item.inputs.some((prevout) => spent.has(keyOf(prevout)))) continue;
    const own = item.entry.sigOpCost;
    if (cost + own > MAX_SIGOP_COST) continue;
    if (byFee && item.rate < policy.minFeeRate && total >= policy.blockMinWeight) continue;
    if (!byFee && (total >= policy.blockPrioritySize || item.priority <= MIN_HIGH_PRIORITY)) {
      byFee = true;
      if (total > policy.blockPrioritySize || item.priority < MIN_HIGH_PRIORITY) {
        queue.push(item);
        continue;
      }
    }
    const sumIn = outputs.reduce((sum, output) => sum + output!.value, 0n);
    const sumOut = transaction.outputs.reduce((sum, { value }) => sum + value, 0n);
    if (sumIn < sumOut) continue;
    [weight, cost] = [total, cost + own];
    result.push(item.index);
    done.add(hashKey(transaction.txid));
    for (const prevout of item.inputs) spent.add(keyOf(prevout));
    for (const [index, { value, pkScript }] of transaction.outputs.entries()) {
      if (isUnspendable(pkScript)) continue;
      view.set(keyOf({ hash: transaction.txid, index }), { value, pkScript, height, isCoinbase: false });
    }
    for (const other of prepared) {
      const ready = other.inputs.every((prevout) => context.dag.utxo(prevout) ?? done.has(hashKey(prevout.hash)));
      if (ready && !queued.has(other)) {
        queued.add(other);
        queue.push(other);
      }
    }
  }
  return { chosen: result, weight, cost, commitment };
}

test('equals the rules written down step by step, for generated pools and policies', () => {
  const arbitraryTx = fc.record({
    /** Below 0.5: a fresh coin; otherwise an output of an earlier transaction. */
    sources: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 }),
    coin: fc.bigInt(1n, 3n * COIN),
    age: fc.integer({ min: 0, max: 999 }),
    fee: fc.oneof(fc.constant(0n), fc.bigInt(0n, 3000n)),
    padding: fc.integer({ min: 0, max: 300 }),
    sigOps: fc.oneof(fc.constant(1), fc.integer({ min: 0, max: 255 })),
    witness: fc.boolean(),
    unspendable: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    lockTime: fc.constantFrom(0, 0, 0, HEIGHT),
  });
  const policyOptions = fc.record({
    blockPrioritySize: fc.constantFrom(0, 0, 4000, 8000, 50_000),
    blockMaxWeight: fc.constantFrom(6000, 12_000, 3_001_560),
    blockMinWeight: fc.constantFrom(0, 5000),
  });
  const property = fc.property(
    fc.array(arbitraryTx, { maxLength: 25 }),
    policyOptions,
    fc.boolean(),
    fc.infiniteStream(fc.nat(1000)),
    (parts, options, segwit, choices) => {
      const state = new State();
      const pool: Accepted[] = [];
      const free: OutPoint[] = [];
      for (const { sources, coin, age, ...rest } of parts) {
        const inputs = sources.map((source) => {
          const pick = Math.floor(source * 2 * free.length);
          return source < 0.5 || !free[pick - free.length]
            ? state.add(coin, HEIGHT - age)
            : free.splice(pick - free.length, 1)[0];
        });
        const entry = madeUp({ inputs, values: [1n, 2n], ...rest });
        free.push(outputOf(entry, 0), outputOf(entry, 1));
        pool.splice(choices.next().value % (pool.length + 1), 0, entry);
      }
      const context = contextFor(state, { policy: templatePolicy(options), segwit });
      const fast = select(pool, context);
      const slow = slowSelection(pool, context);
      expect(chosen(pool, context)).toEqual(slow.chosen);
      expect(fast.commitment).toBe(slow.commitment);
      if (!fast.commitment) expect(fast.weight).toBe(slow.weight);
      expect(fast.sigOpCost).toBe(slow.cost);
      expect(fast.fees).toBe(fast.transactions.reduce((sum, { fee }) => sum + fee, 0n));
    },
  );
  fc.assert(property, { numRuns: 500 });
});
