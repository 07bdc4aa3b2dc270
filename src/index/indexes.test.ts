import { beforeEach, describe, expect, test } from 'vitest';
import { Dag, type ScriptVerifier } from '../dag/index.ts';
import { makeBlock, noWork, spend, TestClock, testParams } from '../dag/testing/fixture.ts';
import { type Address, payToAddress, pubKeyHashAddress } from '../script/index.ts';
import { type KeyValueStore, MemoryStore } from '../store/index.ts';
import { type Hash, hashToHex, sha256d, ZERO_HASH } from '../util/hash.ts';
import { type Logger, silentLogger } from '../util/log.ts';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import { type Block, type OutPoint, Transaction } from '../wire/index.ts';
import { filterHeader } from './block-filter.ts';
import { dropIndex } from './drop.ts';
import { Indexes, type IndexesOptions } from './indexes.ts';

const ALL = { transactions: true, addresses: true, filters: true };
const TABLES = ['txindex', 'addrindex', 'cfilters'] as const;
/** Scripts are not what this is about. */
const trusting: ScriptVerifier = { verify: () => undefined };
const pause = async () => undefined;

const address = (number: number): Address => pubKeyHashAddress(new Uint8Array(20).fill(number), testParams);

interface TestNode {
  readonly dag: Dag;
  readonly indexes: Indexes;
  readonly log: string[];
}

function create(store: KeyValueStore, which: Partial<IndexesOptions>): TestNode {
  const log: string[] = [];
  const logger: Logger = { ...silentLogger, info: (line) => log.push(line) };
  const clock = new TestClock();
  const indexes = new Indexes(
    { params: testParams, transactions: false, addresses: false, filters: false, ...which },
    { store, clock, logger, pause },
  );
  const dag = new Dag(
    { params: testParams },
    { store, clock, pow: noWork, scriptVerifier: trusting, participants: indexes.participants },
  );
  dag.open();
  return { dag, indexes, log };
}

async function open(store: KeyValueStore, which: Partial<IndexesOptions>, goOn?: () => boolean): Promise<TestNode> {
  const node = create(store, which);
  await node.indexes.catchUp(node.dag, goOn);
  return node;
}

/** Rows of all indexes as text. */
function rowsOf(store: KeyValueStore): Record<string, string[]> {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const rows = TABLES.map((name) => [
    name,
    [...store.table(name).range()].map(({ key, value }) => `${hex(key)} ${hex(value)}`),
  ]);
  return Object.fromEntries(rows);
}

/** A DAG with forks, payments between five addresses, double spends, copies of transactions, and a block that fails. */
function history(): Block[] {
  const random = new SeededRandom('indexes');
  const { dag } = create(new MemoryStore(), {});
  const blocks: Block[] = [];
  const unspent: OutPoint[] = [];
  let heights = new Map<string, number>([[hashToHex(testParams.genesisHash), 0]]);
  let sent: Transaction[] = [];
  for (let salt = 1; salt <= 60; salt++) {
    const tips = dag.snapshot().tips;
    const parents = random.below(3) === 0 ? [tips[0]] : [...tips];
    const older = dag.getBlock(parents[0])?.parentHashes;
    if (random.below(3) === 0 && older?.length) parents.splice(0, parents.length, ...older);
    const height = 1 + Math.max(...parents.map((hash) => heights.get(hashToHex(hash)) ?? 0));
    const transactions: Transaction[] = [];
    for (let i = random.below(4); i > 0 && unspent.length > 0; i--) {
      const prevout = unspent[random.below(unspent.length)];
      const output = dag.utxo(prevout);
      if (!output || (output.isCoinbase && height - output.height < testParams.coinbaseMaturity)) continue;
      if (transactions.some((tx) => tx.inputs.some((input) => input.prevout === prevout))) continue;
      const value = output.value / 2n;
      const to = () => payToAddress(address(random.below(5)));
      transactions.push(
        spend(
          [prevout],
          [
            { value, pkScript: to() },
            { value, pkScript: to() },
          ],
          salt,
        ),
      );
    }
    if (transactions.length === 0 && random.below(3) === 0) transactions.push(...sent.slice(0, 1));
    const block = makeBlock({ parents, height, salt, transactions });
    try {
      dag.processBlock(block);
    } catch {
      continue;
    }
    heights = heights.set(hashToHex(block.hash), height);
    sent = transactions.length > 0 ? transactions : sent;
    blocks.push(block);
    for (const tx of block.transactions) for (const index of tx.outputs.keys()) unspent.push({ hash: tx.txid, index });
  }
  const overpaid = makeBlock({
    parents: dag.snapshot().tips,
    height: dag.snapshot().maxHeight + 1,
    reward: 10n ** 15n,
  });
  blocks.splice(40, 0, overpaid);
  return blocks;
}

const blocks = history();

/** Blocks that follow each other need not be good. */
function feed({ dag }: TestNode, part: readonly Block[]): void {
  dag.processBlocks(part);
}

let store: MemoryStore;
beforeEach(() => {
  store = new MemoryStore();
});

describe('rows', () => {
  let expected: Record<string, string[]>;

  beforeEach(async () => {
    const whole = new MemoryStore();
    feed(await open(whole, ALL), blocks);
    expected = rowsOf(whole);
    for (const name of TABLES) expect(expected[name].length).toBeGreaterThan(50);
  });

  test('are those of a catch-up, whenever the index is switched on, one block a commit or many', async () => {
    for (const before of [0, 1, 30, blocks.length]) {
      const fresh = new MemoryStore();
      feed(await open(fresh, {}), blocks.slice(0, before));
      const reopened = fresh.reopen();
      const node = await open(reopened, ALL);
      for (const block of blocks.slice(before)) feed(node, [block]);
      expect(rowsOf(reopened)).toEqual(expected);
    }
  });

  test('of indexes that were switched on at different times are the same', async () => {
    feed(await open(store, { filters: true }), blocks.slice(0, 20));
    feed(await open(store, { transactions: true }), blocks.slice(20, 35));
    feed(await open(store, {}), blocks.slice(35, 45));
    feed(await open(store, ALL), blocks.slice(45));
    expect(rowsOf(store)).toEqual(expected);
  });

  test('of a catch-up that is interrupted again and again are the same', async () => {
    const some = { ...ALL, sliceBlocks: 7 };
    feed(await open(store, {}), blocks.slice(0, 45));
    for (let start = 1; start <= 3; start++) {
      let slices = 0;
      const node = await open(store, some, () => slices++ < 2);
      expect(node.log.at(-1)).toMatch(`Stopped at block ${14 * start} of `);
      // A node that goes on all the same leaves these blocks to the next start.
      feed(node, blocks.slice(45 + start, 46 + start));
    }
    feed(await open(store, some), blocks.slice(49));
    const rest = await open(store, some);
    expect(rest.log).toHaveLength(3);
    feed(rest, blocks);
    expect(rowsOf(store).txindex.length).toBeGreaterThan(50);
  });

  test('are written with the block or not at all', async () => {
    const node = await open(store, ALL);
    feed(node, blocks.slice(0, 10));
    const before = rowsOf(store);
    const { transaction } = store;
    store.transaction = () => {
      throw new Error('no space');
    };
    expect(() => feed(node, blocks.slice(10, 11))).toThrow('no space');
    store.transaction = transaction;
    const reopened = store.reopen();
    expect(rowsOf(reopened)).toEqual(before);
    feed(await open(reopened, ALL), blocks.slice(10));
    expect(rowsOf(reopened)).toEqual(expected);
  });

  test('vanish with a dropped index, also if that was interrupted, and come back when it is switched on', async () => {
    feed(await open(store, ALL), blocks);
    const log: string[] = [];
    const logger: Logger = { ...silentLogger, info: (line) => log.push(line) };
    await dropIndex(store, 'address index', logger, pause);
    expect(rowsOf(store)).toEqual({ ...expected, addrindex: [] });
    await dropIndex(store, 'address index', logger, pause);
    expect(log.at(-1)).toBe('Not dropping address index because it does not exist');
    await dropIndex(store, 'transaction index', logger, pause, () => false);
    const node = await open(store, ALL);
    expect(node.log).toContain(`Indexes caught up to height ${node.dag.snapshot().maxHeight}`);
    expect(rowsOf(store)).toEqual(expected);
  });

  test('of an index that a newer program made are refused', async () => {
    await open(store, ALL);
    store.transaction((transaction) =>
      transaction.put(store.table('meta'), Buffer.from('index-filters'), Buffer.from('020000000000000000', 'hex')),
    );
    await expect(open(store, ALL)).rejects.toThrow('the committed filter index was made by a newer version');
  });
});

describe('questions', () => {
  let node: TestNode;
  /** Connected blocks as they arrived. */
  let arrived: Block[];

  beforeEach(async () => {
    node = await open(store, ALL);
    feed(node, blocks);
    arrived = [testParams.genesis, ...blocks].filter(({ hash }) => node.dag.blockHeight(hash) !== undefined);
  });

  test('every transaction is found in every block that holds it, and shown from the newest', () => {
    const { transactions } = node.indexes;
    const holders = new Map<string, Hash[]>();
    for (const block of arrived) {
      for (const tx of block.transactions) {
        const id = hashToHex(tx.txid);
        holders.set(id, [...(holders.get(id) ?? []), block.hash]);
        const found = transactions?.locations(tx.txid).map((location) => transactions.read(location));
        const here = found?.find(({ block: hash }) => hashToHex(hash) === hashToHex(block.hash));
        expect(here && Transaction.fromBytes(here.bytes).txid).toEqual(tx.txid);
        expect(here?.height).toBe(node.dag.blockHeight(block.hash));
      }
    }
    const copied = [...holders].filter(([, hashes]) => hashes.length > 1);
    expect(copied.length).toBeGreaterThan(0);
    for (const [id, hashes] of holders) {
      const txid = Buffer.from(id, 'hex').reverse();
      expect(transactions?.blocksOf(txid).map(hashToHex)).toEqual(hashes.map(hashToHex));
      const newest = transactions?.newest(txid)?.block;
      expect(newest && hashToHex(newest)).toBe(hashToHex(hashes.at(-1)!));
    }
    expect(transactions?.newest(ZERO_HASH)).toBeUndefined();
  });

  test('an address has what pays to it and what spends from it, once a block, in the order of arrival', async () => {
    const scripts = new Map<string, string>();
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    for (const { transactions } of arrived)
      for (const tx of transactions)
        for (const [index, output] of tx.outputs.entries())
          scripts.set(`${text(tx.txid)}:${index}`, text(output.pkScript));
    for (let number = 0; number < 5; number++) {
      const script = text(payToAddress(address(number)));
      const expected = arrived.flatMap((block) =>
        block.transactions
          .filter(
            ({ inputs, outputs }) =>
              inputs.some(({ prevout }) => scripts.get(`${text(prevout.hash)}:${prevout.index}`) === script) ||
              outputs.some(({ pkScript }) => text(pkScript) === script),
          )
          .map((tx) => `${hashToHex(block.hash)} ${hashToHex(tx.txid)}`),
      );
      expect(expected.length).toBeGreaterThan(3);
      const find = async (skip: number, count: number, reverse: boolean) => {
        const { skipped, locations } = await node.indexes.addresses!.find(
          address(number),
          { skip, count, reverse },
          pause,
        );
        const shown = locations.map((location) => {
          const { block, bytes } = node.indexes.transactions!.read(location);
          return `${hashToHex(block)} ${hashToHex(Transaction.fromBytes(bytes).txid)}`;
        });
        return { skipped, shown };
      };
      expect(await find(0, 1000, false)).toEqual({ skipped: 0, shown: expected });
      expect(await find(0, 1000, true)).toEqual({ skipped: 0, shown: [...expected].reverse() });
      expect(await find(2, 1, false)).toEqual({ skipped: 2, shown: expected.slice(2, 3) });
      expect(await find(1, 2, true)).toEqual({ skipped: 1, shown: [...expected].reverse().slice(1, 3) });
      expect(await find(1000, 1, false)).toEqual({ skipped: expected.length, shown: [] });
    }
  });

  test('filter headers are chained through the last parent', () => {
    const { filters } = node.indexes;
    for (const block of arrived) {
      const filterHash = filters!.filterHash(block.hash)!;
      expect(hashToHex(sha256d(filters!.filter(block.hash)!))).toBe(hashToHex(filterHash));
      const parent = block.parentHashes.at(-1);
      const previous = parent ? filters!.filterHeader(parent)! : ZERO_HASH;
      expect(hashToHex(filterHeader(filterHash, previous))).toBe(hashToHex(filters!.filterHeader(block.hash)!));
    }
    expect(filters?.filter(ZERO_HASH)).toBeUndefined();
  });
});
