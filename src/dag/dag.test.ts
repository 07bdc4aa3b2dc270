import { describe, expect, test } from 'vitest';
import { sha256dPow } from '../pow/index.ts';
import { MemoryStore } from '../store/index.ts';
import { compareHashes, type Hash, hashToHex, ZERO_HASH } from '../util/hash.ts';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import { AssertError, type OrderChange, RuleError } from './index.ts';
import { ANYONE, chain, fingerprint, layers, makeBlock, spend, TestDag, testParams } from './testing/fixture.ts';

const genesis = testParams.genesisHash;

const hex = (hashes: readonly Hash[]): string[] => hashes.map(hashToHex);

describe('a new DAG', () => {
  test('holds the genesis block', () => {
    const { dag, told } = new TestDag();
    expect(fingerprint(dag)).toMatchObject({
      tips: [hashToHex(genesis)],
      minHeight: 0,
      maxHeight: 0,
      blockCount: 1,
      order: [hashToHex(genesis)],
      outputs: 1,
    });
    expect(dag.bestState()).toMatchObject({ height: 0, txCount: 1, totalTxs: 1, size: testParams.genesis.size });
    expect(dag.getBlockBytes(genesis)).toEqual(Uint8Array.from(testParams.genesis.toBytes()));
    expect(told).toEqual([]);
  });

  test('refuses to be used before it is opened', async () => {
    const { dag } = new TestDag();
    await dag.close();
    await dag.close();
    expect(() => dag.snapshot()).toThrow('the DAG is not open');
  });
});

describe('blocks', () => {
  test('tell connected, then accepted, after they are on disk', () => {
    const { dag, store, told } = new TestDag();
    const [block] = chain(1);
    dag.events.on('connected', () => {
      expect(store.table('blocks').count()).toBe(2);
    });
    const result = dag.processBlock(block);
    expect(result).toMatchObject({ status: 'accepted', height: 1 });
    expect(told).toEqual([`connected ${hashToHex(block.hash)}`, `accepted ${hashToHex(block.hash)}`]);
    expect(dag.blockHeight(block.hash)).toBe(1);
    expect(hashToHex(dag.getHeader(block.hash)!.hash)).toBe(hashToHex(block.hash));
    expect(hex(dag.children(genesis))).toEqual([hashToHex(block.hash)]);
    expect(dag.transactionStates(block.hash)).toEqual(['applied']);
  });

  test('with unknown parents wait, and follow when the parents come, in one result', () => {
    const { dag, told } = new TestDag();
    const [first, second, third] = chain(3);
    expect(dag.processBlock(third)).toEqual({ status: 'orphan', missing: [second.hash] });
    expect(dag.processBlock(second)).toEqual({ status: 'orphan', missing: [first.hash] });
    expect(hex(dag.missingParents())).toEqual(hex([first.hash]));
    expect([dag.orphanCount, dag.isOrphan(third.hash), dag.haveBlock(third.hash)]).toEqual([2, true, true]);
    expect(() => dag.processBlock(third)).toThrow(`already have block (orphan) ${hashToHex(third.hash)}`);
    const result = dag.processBlock(first);
    expect(result.status === 'accepted' && result.accepted.map(({ height }) => height)).toEqual([1, 2, 3]);
    expect(dag.orphanCount).toBe(0);
    expect(told.filter((line) => line.startsWith('accepted'))).toHaveLength(3);
  });

  test('whose parents are not those of the header leave no trace', () => {
    const { dag } = new TestDag();
    const [first, second] = chain(2);
    dag.processBlock(first);
    const forged = makeBlock({ parents: [first.hash, genesis], height: 2, prevBlock: second.header.prevBlock });
    expect(hashToHex(forged.hash)).toBe(hashToHex(second.hash));
    expect(() => dag.processBlock(forged)).toThrow(AssertError);
    const parentless = makeBlock({ parents: [], height: 2, prevBlock: second.header.prevBlock });
    expect(() => dag.processBlock(parentless)).toThrow('assertion failed: block has no parents');
    const unknown = makeBlock({ parents: [ZERO_HASH], height: 2, prevBlock: second.header.prevBlock });
    expect(() => dag.processBlock(unknown)).toThrow(AssertError);
    expect(dag.haveBlock(second.hash)).toBe(false);
    expect(dag.processBlock(second).status).toBe('accepted');
  });

  test('that fail stay known, shut their descendants out, and are forgotten by the DAG', () => {
    const { dag, store } = new TestDag();
    const bad = makeBlock({ parents: [genesis], height: 1, reward: 50_000_000_001n });
    const child = makeBlock({ parents: [bad.hash], height: 2 });
    const waiting = makeBlock({ parents: [bad.hash, child.hash], height: 3 });
    expect(dag.processBlock(waiting).status).toBe('orphan');
    const refused = (run: () => unknown, code: string) =>
      expect(run).toThrow(expect.objectContaining({ name: 'RuleError', code }));
    refused(() => dag.processBlock(bad), 'ErrBadCoinbaseValue');
    refused(() => dag.processBlock(bad), 'ErrDuplicateBlock');
    refused(() => dag.processBlock(child), 'ErrInvalidAncestorBlock');
    expect([dag.blockStatus(bad.hash), dag.blockHeight(bad.hash)]).toEqual(['failed', undefined]);
    expect(dag.blockStatus(child.hash)).toBeUndefined();
    expect(dag.snapshot().blockCount).toBe(1);
    const again = new TestDag((store as MemoryStore).reopen()).dag;
    expect(again.blockStatus(bad.hash)).toBe('failed');
    refused(() => again.processBlock(child), 'ErrInvalidAncestorBlock');
    expect(again.processBlock(chain(1)[0]).status).toBe('accepted');
  });

  test('are judged with proof of work unless they are templates', () => {
    const { dag } = new TestDag(new MemoryStore(), testParams, sha256dPow);
    const hard = makeBlock({ parents: [genesis], height: 1, bits: 0x1d00ffff });
    expect(() => dag.processBlock(hard)).toThrow(expect.objectContaining({ code: 'ErrHighHash' }));
    expect(() => dag.checkBlockSanity(hard)).toThrow(expect.objectContaining({ code: 'ErrHighHash' }));
    expect(() => dag.checkTemplate(hard)).toThrow(expect.objectContaining({ code: 'ErrUnexpectedDifficulty' }));
  });
});

describe('batches', () => {
  test('hold events back until the commit, and end in the same state', () => {
    const blocks = layers(20, 3);
    const single = new TestDag();
    for (const block of blocks) single.dag.processBlock(block);
    const batched = new TestDag();
    batched.dag.batch(() => {
      for (const block of blocks) batched.dag.processBlock(block);
      expect(batched.told).toEqual([]);
      expect(batched.store.table('blocks').count()).toBe(1);
      // What was processed is visible all the same.
      expect(batched.dag.snapshot().blockCount).toBe(61);
      expect(batched.dag.getBlock(blocks[5].hash)).toBeDefined();
    });
    expect(batched.told).toEqual(single.told);
    expect(fingerprint(batched.dag)).toEqual(fingerprint(single.dag));
  });

  test('commit in between when they grow long, and at the end even if the work throws', () => {
    const { dag, store, told } = new TestDag();
    const blocks = chain(300);
    expect(() =>
      dag.batch(() => {
        for (const block of blocks) dag.processBlock(block);
        expect(told).toHaveLength(2 * 256);
        throw new RangeError('enough');
      }),
    ).toThrow(RangeError);
    expect(told).toHaveLength(600);
    expect(store.table('blocks').count()).toBe(301);
  });

  test('keep going over refused blocks', () => {
    const { dag } = new TestDag();
    const [first, second] = chain(2);
    const results = dag.processBlocks([first, first, second]);
    expect(results[0]).toMatchObject({ status: 'accepted' });
    expect(results[1]).toBeInstanceOf(RuleError);
    expect(results[2]).toMatchObject({ status: 'accepted' });
  });

  test('a listener that brings in a block does not tear the events of another apart', () => {
    const { dag, told } = new TestDag();
    const [first, second, third] = chain(3);
    dag.events.on('connected', ({ height }) => {
      if (height === 1) dag.processBlock(second);
    });
    dag.processBlock(first);
    dag.processBlock(third);
    expect(told.map((line) => line.slice(0, -60))).toEqual(
      [first, second, third].flatMap(({ hash }) => [
        `connected ${hashToHex(hash).slice(0, 4)}`,
        `accepted ${hashToHex(hash).slice(0, 4)}`,
      ]),
    );
  });
});

describe('questions', () => {
  const { dag } = new TestDag();
  const blocks = layers(3, 2);
  for (const block of blocks) dag.processBlock(block);
  const heights = (found: { height: number }[]): number[] => found.map(({ height }) => height);

  test('blocks of a height are sorted by hash', () => {
    const sorted = [blocks[2].hash, blocks[3].hash].sort(compareHashes);
    expect(hex(dag.blocksAtHeight(2))).toEqual(hex(sorted));
    expect(dag.blocksAtHeight(4)).toEqual([]);
  });

  test('tips are sorted, the newest at the end', () => {
    const { tips, minHeight, maxHeight } = dag.snapshot();
    expect(hex(tips)).toEqual(hex([blocks[4].hash, blocks[5].hash]));
    expect([minHeight, maxHeight]).toEqual([3, 3]);
  });

  test('locate walks generations up to the stop block', () => {
    expect(heights(dag.locate([0], ZERO_HASH, 500))).toEqual([1, 1, 2, 2, 3, 3]);
    expect(heights(dag.locate([1], blocks[2].hash, 500))).toEqual([2, 2]);
    expect(heights(dag.locate([-5], ZERO_HASH, 3))).toEqual([0, 1, 1]);
    expect(heights(dag.locate([2_147_483_647], ZERO_HASH, 500))).toEqual([]);
    expect(dag.locate([0], new Uint8Array(32).fill(9), 500)).toEqual([]);
    const stop = dag.locate([], blocks[0].hash, 500);
    expect(stop.map(({ hash, height }) => [hashToHex(hash), height])).toEqual([[hashToHex(blocks[0].hash), 1]]);
    expect(heights(dag.locate([], ZERO_HASH, 500))).toEqual([3]);
  });

  test('templates build on all tips', () => {
    const { parents, prevBlock, height, medianTime, bits, parentVersions } = dag.nextTemplateContext();
    expect(hex(parents)).toEqual(hex(dag.snapshot().tips));
    expect([height, parentVersions]).toEqual([4, [0, 0]]);
    expect(medianTime).toBe(dag.bestState().medianTime);
    expect(bits(blocks[5].header.timestamp + 60)).toBe(testParams.powLimitBits);
    const good = makeBlock({ parents, height });
    expect(hashToHex(good.header.prevBlock)).toBe(hashToHex(prevBlock));
    dag.checkTemplate(good);
    expect(() => dag.checkTemplate(makeBlock({ parents: [genesis], height }))).toThrow(
      expect.objectContaining({ code: 'ErrPrevBlockNotBest' }),
    );
    expect(() => dag.checkTemplate(makeBlock({ parents, height, reward: 50_000_000_001n }))).toThrow(
      expect.objectContaining({ code: 'ErrBadCoinbaseValue' }),
    );
    expect(() => dag.checkTemplate(makeBlock({ parents, height, time: medianTime }))).toThrow(
      expect.objectContaining({ code: 'ErrTimeTooOld' }),
    );
  });

  test('the colours of RPC are those of the block connected last', () => {
    const colours = new Map(dag.coloring().map(({ hash, isBlue }) => [hashToHex(hash), isBlue]));
    expect(colours.get(hashToHex(blocks[5].hash))).toBe(true);
    expect(colours.get(hashToHex(blocks[4].hash))).toBe(false);
    expect(dag.virtualColoring().every(({ isBlue }) => isBlue)).toBe(true);
    expect(dag.virtualBlueScore).toBe(7);
  });

  test('the node is current while a tip is younger than a day', () => {
    const fresh = new TestDag();
    const time = testParams.genesis.header.timestamp;
    fresh.clock.milliseconds = (time + 86_400) * 1000;
    expect(fresh.dag.isCurrent()).toBe(true);
    fresh.clock.milliseconds += 1000;
    expect(fresh.dag.isCurrent()).toBe(false);
  });
});

test('a reorder names the blocks that changed place and the transactions that mean something else now', () => {
  const { dag } = new TestDag();
  const base = chain(4);
  for (const block of base) dag.processBlock(block);
  const top = base[3].hash;
  const prevout = { hash: base[0].transactions[0].txid, index: 0 };
  const pay = (value: bigint) => spend([prevout], [{ value, pkScript: ANYONE }]);
  // Two parallel blocks spend one output. The one with the lower hash wins once both are merged.
  const rivals = [1, 2].map((salt) => {
    const transactions = [pay(BigInt(salt))];
    return makeBlock({ parents: [top], height: 5, salt, transactions });
  });
  rivals.sort((a, b) => compareHashes(b.hash, a.hash));
  const changes: OrderChange[] = [];
  dag.events.on('reorder', (change) => changes.push(change));
  for (const block of rivals) dag.processBlock(block);
  expect(changes).toHaveLength(1);
  const [{ cause, cut, removed, added, transactions }] = changes;
  const [loser, winner] = rivals;
  expect([hashToHex(cause), cut]).toEqual([hashToHex(winner.hash), 5]);
  expect([hex(removed), hex(added)]).toEqual([hex([loser.hash]), hex([winner.hash, loser.hash])]);
  expect(transactions).toMatchObject([{ before: 'applied', after: 'ignored' }]);
  expect(hex([transactions[0].txid, transactions[0].block])).toEqual(hex([loser.transactions[1].txid, loser.hash]));
  expect(dag.transactionStates(loser.hash)).toEqual(['applied', 'ignored']);
  expect(dag.utxo({ hash: loser.transactions[1].txid, index: 0 })).toBeUndefined();
  // Spent, and yet still in the stored set.
  expect(dag.utxo(prevout)).toBeDefined();
});

test('who follows the events knows the order, also where redundant parents keep blocks out and bring them back', () => {
  let returned = 0;
  for (let seed = 0; seed < 20; seed++) {
    const random = new SeededRandom(seed);
    const { dag } = new TestDag();
    const order: Hash[] = [genesis];
    let change: OrderChange | undefined;
    dag.events.on('reorder', (told) => {
      change = told;
    });
    dag.events.on('connected', ({ hash }) => {
      if (change) {
        expect(hex(order.splice(change.cut))).toEqual(hex(change.removed));
        order.push(...change.added);
        if (change.removed.length === 0) returned++;
      } else if (hashToHex([...dag.order()].at(-1) ?? genesis) === hashToHex(hash)) order.push(hash);
      change = undefined;
      expect(hex(order)).toEqual(hex([...dag.order()]));
    });
    const blocks = [genesis];
    for (let salt = 0; salt < 40; salt++) {
      const parents = new Set(Array.from({ length: random.between(1, 3) }, () => random.pick(blocks.slice(-8))));
      const chosen = random.chance(0.3) ? dag.snapshot().tips : [...parents];
      const height = 1 + Math.max(...chosen.map((parent) => dag.blockHeight(parent)!));
      const block = makeBlock({ parents: chosen, height, salt });
      dag.processBlock(block);
      blocks.push(block.hash);
    }
  }
  expect(returned).toBeGreaterThan(0);
});

test('shuffled arrival gives the same order, colours and outputs', () => {
  const blocks = layers(30, 3);
  const straight = new TestDag();
  for (const block of blocks) straight.dag.processBlock(block);
  for (let seed = 1; seed <= 5; seed++) {
    const shuffled = [...blocks];
    let state = seed;
    for (let i = shuffled.length - 1; i > 0; i--) {
      state = (state * 48271) % 2147483647;
      const j = state % (i + 1);
      [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
    }
    const other = new TestDag();
    for (const block of shuffled) other.dag.processBlock(block);
    expect(other.dag.orphanCount).toBe(0);
    const { best: _best, tips, coloring: _coloring, ...same } = fingerprint(other.dag);
    expect(fingerprint(straight.dag)).toMatchObject(same);
    expect((tips as string[]).sort()).toEqual((fingerprint(straight.dag).tips as string[]).sort());
  }
});
