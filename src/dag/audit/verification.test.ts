import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { generateDag } from '../../../test/model/block-builder-dag.ts';
import { minersPlan } from '../../../test/model/block-builder-plans.ts';
import { networkParams } from '../../params/index.ts';
import { sha256dPow } from '../../pow/index.ts';
import { MemoryStore, MetaKey, numberKey, type TableName } from '../../store/index.ts';
import { TABLES } from '../../store/tables.ts';
import { hashToHex } from '../../util/hash.ts';
import { SeededRandom } from '../../util/testing/seeded-random.ts';
import type { Block } from '../../wire/index.ts';
import { Dag } from '../dag.ts';
import { decodeEffects, encodeEffects, TxEffect } from '../outputs/effects.ts';
import { DagVerification, type VerifyOptions, type VerifyReport } from './verification.ts';

const params = { ...networkParams('simnet'), coinbaseMaturity: 4 };
const clock = { now: () => Date.UTC(2100, 0, 1), monotonic: () => 0 };
const SIZE = 80;

let blocks: Block[];
let good: MemoryStore;

function openDag(store: MemoryStore): Dag {
  const dag = new Dag({ params }, { store, clock, pow: sha256dPow });
  dag.open();
  return dag;
}

/** Blocks with forks, conflicts and some that fail. */
beforeAll(() => {
  good = new MemoryStore();
  const dag = openDag(good);
  blocks = [];
  const plan = minersPlan(new SeededRandom(4), SIZE);
  const isStored = (outpoint: Parameters<Dag['utxo']>[0]): boolean => dag.utxo(outpoint) !== undefined;
  const options = { transactions: 2, doubleSpends: 0.3, greedy: 0.05, locks: ['key', 'keyHash'] as const, isStored };
  for (const { block } of generateDag({ seed: 4, params, plan, ...options })) {
    blocks.push(block);
    dag.processBlocks([block]);
  }
  expect(good.table('index').count()).toBeGreaterThan(dag.snapshot().blockCount);
  expect(dag.outputCount).toBeLessThan(good.table('outputs').count());
});

/** Verifies to the end; `between` runs between two steps, which are as small as they can be. */
function verify(
  store: MemoryStore,
  {
    subject = () => openDag(store),
    between,
    ...options
  }: Partial<VerifyOptions> & {
    subject?: () => Dag;
    between?: (stage: string) => void;
  } = {},
): VerifyReport {
  let time = 0;
  const verification = new DagVerification(
    { params, slice: 1, ...options },
    { store, scratch: new MemoryStore(), pow: sha256dPow, clock: { now: () => 0, monotonic: () => time++ }, subject },
  );
  const steps = verification.run();
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    between?.(value.stage);
  }
}

/** The good database with one row changed; undefined removes it. */
function changed(table: TableName, key: Uint8Array, change: (row: Uint8Array) => Uint8Array | undefined): MemoryStore {
  const store = good.reopen();
  const value = change(store.table(table).get(key)!);
  store.transaction((transaction) => {
    if (value) transaction.put(store.table(table), key, value);
    else transaction.remove(store.table(table), key);
  });
  return store;
}

function flipped(row: Uint8Array, at: number, bits = 1): Uint8Array {
  return row.map((byte, i) => (i === at ? byte ^ bits : byte));
}

describe('DagVerification', () => {
  test.each([false, true])('finds nothing in a good database (scripts: %s)', (scripts) => {
    const report = verify(good.reopen(), { scripts });
    expect(report).toEqual({
      blocks: good.table('index').count(),
      positions: good.table('effects').count(),
      outputs: good.table('outputs').count(),
      difference: undefined,
    });
  });

  test('follows a DAG that grows meanwhile', () => {
    const store = new MemoryStore();
    const dag = openDag(store);
    let next = 50;
    dag.processBlocks(blocks.slice(0, next));
    const stages = new Set<string>();
    const report = verify(store, {
      subject: () => dag,
      between: (stage) => {
        stages.add(stage);
        if (next < blocks.length && stage !== 'blocks') dag.processBlocks(blocks.slice(next, ++next));
      },
    });
    expect(report).toMatchObject({ difference: undefined, blocks: store.table('index').count() });
    expect([...stages]).toEqual(['blocks', 'order', 'effects', 'outputs', 'memory']);
    expect(next).toBeGreaterThan(70);
  });

  test('waits for blocks that are in memory only', () => {
    const store = new MemoryStore();
    const dag = openDag(store);
    dag.processBlocks(blocks.slice(0, 50));
    let waits = 0;
    let close: (() => void) | undefined;
    const report = verify(store, {
      subject: () => {
        close = dag.openBatch();
        dag.processBlocks(blocks.slice(50, 60));
        return dag;
      },
      between: (stage) => {
        if (stage === 'memory' && ++waits === 5) close?.();
      },
    });
    expect(report.difference).toBeUndefined();
    expect(waits).toBeGreaterThanOrEqual(5);
    expect(report.blocks).toBe(store.table('index').count());
  });

  test('compares the DAG in memory, not only the tables', () => {
    const other = new MemoryStore();
    const short = openDag(other);
    short.processBlocks(blocks.slice(0, 50));
    expect(verify(good.reopen(), { subject: () => short }).difference).toMatch(
      /^number of blocks: in memory \d+, derived \d+$/u,
    );
  });

  test('a body of another block', () => {
    const other = good.table('blocks').get(numberKey(8))!;
    const { difference } = verify(changed('blocks', numberKey(7), () => other));
    expect(difference).toMatch(/^block 7 \([0-9a-f]{64}\): its body has the hash [0-9a-f]{64}$/u);
  });

  test('a body with a changed transaction', () => {
    const { difference } = verify(changed('blocks', numberKey(7), (row) => flipped(row, row.length - 8)));
    expect(difference).toMatch(/^block 7 .*: stored connected, derived refused \(ErrBadMerkleRoot: /u);
  });

  test('missing rows', () => {
    const gone = (): undefined => undefined;
    expect(verify(changed('blocks', numberKey(7), gone)).difference).toBe('block 7: its body is missing');
    const last = good.table('blocks').count() - 1;
    expect(verify(changed('index', numberKey(last), gone)).difference).toBe(
      `rows of table "blocks": stored ${last + 1}, derived ${last}`,
    );
    expect(verify(changed('order', numberKey(1), gone)).difference).toBe('order: page 1 is missing');
    expect(verify(changed('effects', numberKey(9), gone)).difference).toMatch(
      /^effects at order position 9 \(block .*\): missing$/u,
    );
    expect(verify(changed('meta', MetaKey.state, gone)).difference).toBe('the state record is missing');
    expect(verify(changed('meta', MetaKey.outputsSum, gone)).difference).toMatch(/^the sum behind/u);
  });

  test('a failed block that is said to be connected, and the other way round', () => {
    const rows = [...good.table('index').range()].map(({ value }) => value);
    const failed = rows.findIndex(([status]) => status === 2);
    const asConnected = Uint8Array.from([1, ...rows[failed].subarray(1), 0, 0, 0, 0]);
    expect(verify(changed('index', numberKey(failed), () => asConnected)).difference).toMatch(
      new RegExp(`^block ${failed} .*: stored connected, derived failed \\(ErrBadCoinbaseValue: `, 'u'),
    );
    // Status, hash, time, bits, one parent and where it is.
    const connected = rows.findIndex(([status], id) => status === 1 && id > 50 && rows[id][41] === 1);
    const asFailed = Uint8Array.from([2, ...rows[connected].subarray(1, 43)]);
    expect(verify(changed('index', numberKey(connected), () => asFailed)).difference).toMatch(
      new RegExp(`^block ${connected} .*: stored failed, derived connected$`, 'u'),
    );
  });

  test('another selected parent', () => {
    const rows = [...good.table('index').range()].map(({ value }) => value);
    const merging = rows.findIndex(([status], id) => status === 1 && rows[id][41] === 2);
    // Behind the fixed part: number of parents, the parents, place of the selected one.
    const store = changed('index', numberKey(merging), (row) => flipped(row, 44));
    expect(verify(store).difference).toMatch(
      new RegExp(`^block ${merging} .*: selected parent: stored \\d+ \\(.*\\), derived \\d+ \\(.*\\)$`, 'u'),
    );
  });

  test('an order with two blocks swapped', () => {
    const page = good.table('order').get(numberKey(0))!;
    expect(page.length).toBeGreaterThan(12);
    const { difference } = verify(changed('order', numberKey(0), (row) => flipped(row, 3, 2)));
    expect(difference).toMatch(/^order position 1: stored \d+ \(.*\), derived \d+ \([0-9a-f]{64}\)$/u);
  });

  test('another effect of a transaction', () => {
    const position = findEffects();
    const store = changed('effects', numberKey(position), (row) => {
      const { orderHash, effects } = decodeEffects(row);
      const transactions = effects.transactions.map((effect, i) => (i === 1 ? TxEffect.skipped : effect));
      return encodeEffects(orderHash, { ...effects, transactions });
    });
    expect(verify(store).difference).toMatch(
      new RegExp(
        `^effects at order position ${position} \\(block [0-9a-f]{64}\\): transaction 1 \\([0-9a-f]{64}\\): stored skipped, derived applied$`,
        'u',
      ),
    );
  });

  test('outputs: changed, missing, too many', () => {
    const rows = [...good.table('outputs').range()];
    const { key } = rows[rows.length >> 1];
    const name = `output ${hashToHex(key.subarray(0, 32))}:`;
    const flippedState = verify(changed('outputs', key, (row) => flipped(row, 0, 3))).difference;
    expect(flippedState?.slice(0, name.length)).toBe(name);
    expect(flippedState).toMatch(/: stored (unspent|spent|ignored|unknown).*, derived (unspent|spent|ignored)/u);
    expect(verify(changed('outputs', key, () => undefined)).difference).toMatch(
      new RegExp(`^${name}\\d+: stored nothing, derived `, 'u'),
    );
    const extra = Uint8Array.from(key);
    extra[0] ^= 0xff;
    expect(verify(changed('outputs', extra, () => rows[0].value)).difference).toMatch(
      /^output [0-9a-f]{64}:\d+: stored .*, derived nothing$/u,
    );
  });

  test('every changed bit that means something is found', () => {
    const rows = TABLES.flatMap((table) => [...good.table(table).range()].map(({ key }) => ({ table, key })));
    fc.assert(
      fc.property(
        fc.constantFrom(...TABLES.filter((table) => good.table(table).count() > 0)),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (table, n, m, bits) => {
          const candidates = rows.filter((row) => row.table === table);
          const { key } = candidates[n % candidates.length];
          const row = good.table(table).get(key)!;
          const at = m % row.length;
          if (means(table, key, row, at)) expect(found(changed(table, key, () => flipped(row, at, bits)))).toBe(true);
        },
      ),
      { numRuns: 120 },
    );
  });
});

/** A damaged database is reported or, if not even its version can be read, refused. */
function found(store: MemoryStore): boolean {
  try {
    return verify(store).difference !== undefined;
  } catch (error) {
    return error instanceof Error && error.name === 'StoreError';
  }
}

/** False for what no hash covers (the parent list but for its hashes), and for the number of commits. */
function means(table: TableName, key: Uint8Array, row: Uint8Array, at: number): boolean {
  if (table === 'meta') return Buffer.compare(key, MetaKey.state) !== 0 || at >= 8;
  if (table !== 'blocks' || at < 80) return true;
  const count = Buffer.from(row).readUInt32LE(84);
  const inParent = (at - 88) % 64;
  return !(at < 84 || (at >= 88 && at < 88 + 64 * count && inParent >= 32));
}

/** First position whose block has a second transaction that counts. */
function findEffects(): number {
  for (let position = 0; ; position++) {
    const { effects } = decodeEffects(good.table('effects').get(numberKey(position))!);
    if (effects.transactions[1] === TxEffect.applied) return position;
  }
}
