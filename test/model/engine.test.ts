import { describe, expect, test } from 'vitest';
import { BlockStatus, DagEngine, type EngineOptions } from '../../src/dag/engine/index.ts';
import { compareHashes, hashToHex } from '../../src/util/hash.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { EngineDriver } from './engine-driver.ts';
import { PhantomModel } from './phantom.ts';
import { type DagPlan, GRINDS, type Grind, randomDag, SHAPES, type Shape, shuffledArrival } from './random-dag.ts';

/** Seeds tried per shape; raise it by the environment for a long run. */
const SEEDS = Number(process.env.SOTERD_DAG_SEEDS ?? 4);
const cases = SHAPES.flatMap((shape) => GRINDS.map((grind) => [shape, grind] as const));

function eachPlan(shape: Shape, grind: Grind, label: string, run: (plan: DagPlan, random: SeededRandom) => void): void {
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = new SeededRandom(`${label}/${shape}/${grind}/${seed}`);
    run(randomDag(random, shape, grind, 2 + random.below(44)), random);
  }
}

/** The model sorts by display form; it knows blocks by their place in the plan. */
function modelOf(plan: DagPlan): { model: PhantomModel; add(block: number): void } {
  const model = new PhantomModel();
  const ids: number[] = [];
  return {
    model,
    add(block) {
      ids[block] = model.add(
        hashToHex(plan.hashes[block]!),
        plan.parents[block]!.map((parent) => ids[parent]!),
      );
    },
  };
}

test('a parent that is an ancestor of another one can be selected: it may see more blue blocks beside it', () => {
  // A branch of four and a chain of ten, which a block merges by choosing the chain; then a block on that and on the branch.
  const branch = [1, 2, 3, 4];
  const chain = Array.from({ length: 10 }, (_, i) => 5 + i);
  const parents = [
    [],
    ...branch.map((block) => [block - 1]),
    [0],
    ...chain.slice(1).map((block) => [block - 1]),
    [4, 14],
  ];
  for (let ancestor = 1; ancestor <= 4; ancestor++) {
    const all = [...parents, [15, ancestor]];
    const plan = { parents: all, hashes: all.map((_, block) => new Uint8Array(32).fill(1 + block)) };
    const { model, add } = modelOf(plan);
    for (let block = 0; block < all.length; block++) add(block);
    for (const parentLimit of [0, 32]) {
      const { engine, ids, ...driver } = buildAll(plan, { parentLimit });
      expect(driver.blueOf(16)).toEqual(model.blueOf(16));
      expect(engine.selectedParent(ids[16]!)).toBe(ids[ancestor === 4 ? 15 : ancestor]);
    }
  }
});

describe('the engine equals the slow model after every block', () => {
  test.each(cases)('%s, hashes %s', (shape, grind) => {
    eachPlan(shape, grind, 'steps', (plan) => {
      const driver = new EngineDriver(plan);
      const withoutMatrix = new EngineDriver(plan, { matrixLimit: 0 });
      const forgetful = new EngineDriver(plan, { keptLimit: 0 });
      const splitting = new EngineDriver(plan, { parentLimit: 0 });
      const { model, add } = modelOf(plan);
      for (let block = 0; block < plan.hashes.length; block++) {
        add(block);
        for (const subject of [driver, withoutMatrix, forgetful, splitting]) {
          subject.add(block);
          expect(subject.virtualBlue()).toEqual(model.virtualBlue());
          expect(subject.order()).toEqual(model.order());
          expect(subject.blueOf(block)).toEqual(model.blueOf(block));
        }
      }
    });
  });

  test.each(cases)('relations of all pairs, children, membership: %s, hashes %s', (shape, grind) => {
    eachPlan(shape, grind, 'relations', (plan) => {
      const { engine, ids, ...driver } = buildAll(plan);
      const { model, add } = modelOf(plan);
      for (let block = 0; block < plan.hashes.length; block++) add(block);
      for (let b = 0; b < ids.length; b++) {
        const blue = new Set(driver.blueOf(b));
        for (let a = 0; a < ids.length; a++) {
          expect(engine.isAncestor(ids[a]!, ids[b]!)).toBe(model.isAncestor(a, b));
          expect(engine.isBlueOf(ids[a]!, ids[b]!)).toBe(blue.has(a));
        }
        const children = ids.filter((_, block) => plan.parents[block]!.includes(b));
        expect(engine.children(ids[b]!)).toEqual(children.sort((x, y) => engine.index.compareHashes(x, y)));
        expect(engine.isTip(ids[b]!)).toBe(children.length === 0);
        const past = ids.filter((_, block) => model.isAncestor(block, b));
        expect(engine.pastSize(ids[b]!)).toBe(past.length);
      }
    });
  });
});

function buildAll(plan: DagPlan, options: EngineOptions = {}) {
  const driver = new EngineDriver(plan, options);
  for (let block = 0; block < plan.hashes.length; block++) driver.add(block);
  return { engine: driver.engine, ids: driver.ids, blueOf: (block: number) => driver.blueOf(block) };
}

describe('restarts', () => {
  test.each(cases)('an engine loaded from its rows goes on like one never stopped: %s, hashes %s', (shape, grind) => {
    eachPlan(shape, grind, 'restarts', (plan, random) => {
      const steady = new EngineDriver(plan);
      const restarted = new EngineDriver(plan);
      const everyStep = random.chance(0.5);
      for (let block = 0; block < plan.hashes.length; block++) {
        if (block > 1 && random.chance(0.1)) {
          const hash = random.bytes(32);
          steady.addFailed(hash, block - 1);
          restarted.addFailed(hash, block - 1);
        }
        steady.add(block);
        restarted.add(block);
        if (random.chance(0.5)) restarted.commit();
        if (everyStep || random.chance(0.2)) restarted.restart();
        expect(restarted.order()).toEqual(steady.order());
        expect(restarted.virtualBlue()).toEqual(steady.virtualBlue());
        expect(restarted.blueOf(block)).toEqual(steady.blueOf(block));
      }
      restarted.restart();
      const count = steady.engine.index.count;
      expect(restarted.engine.index.count).toBe(count);
      for (let id = 0; id < count; id++) expect(factsOf(restarted.engine, id)).toEqual(factsOf(steady.engine, id));
      const sortedTips = steady.engine.tips.sort((a, b) => steady.engine.index.compareHashes(a, b));
      expect(restarted.engine.tips).toEqual(sortedTips);
    });
  });
});

/** Everything an engine says about a block. */
function factsOf(engine: DagEngine, id: number) {
  const { index } = engine;
  const isConnected = index.isConnected(id);
  return {
    hash: hashToHex(index.hashOf(id)),
    known: index.idOf(index.hashOf(id)),
    height: index.height(id),
    time: index.time(id),
    bits: index.bits(id),
    status: index.status(id),
    parents: index.parents(id),
    distinct: index.distinctParents(id),
    sameHeight: index.blocksAtHeight(index.height(id)),
    position: engine.positionOf(id),
    isVirtualBlue: engine.isVirtualBlue(id),
    children: engine.children(id),
    links: isConnected && [engine.selectedParent(id), engine.blueCount(id), engine.pastSize(id)],
  };
}

describe('order of arrival', () => {
  test.each(cases)('does not matter: %s, hashes %s', (shape, grind) => {
    eachPlan(shape, grind, 'arrival', (plan, random) => {
      const straight = new EngineDriver(plan);
      for (let block = 0; block < plan.hashes.length; block++) straight.add(block);
      for (let trial = 0; trial < 3; trial++) {
        const shuffled = new EngineDriver(plan);
        for (const block of shuffledArrival(random, plan)) shuffled.add(block);
        expect(shuffled.order()).toEqual(straight.order());
        expect(shuffled.virtualBlue()).toEqual(straight.virtualBlue());
        for (let block = 0; block < plan.hashes.length; block++) {
          expect(shuffled.blueOf(block)).toEqual(straight.blueOf(block));
        }
      }
    });
  });

  test('shows only in the tips: older ones by hash, the newest last', () => {
    const random = new SeededRandom('tips');
    const parents = [[], ...Array.from({ length: 300 }, () => [0])];
    const plan = { hashes: parents.map(() => random.bytes(32)), parents };
    const driver = new EngineDriver(plan);
    for (let block = 0; block < parents.length; block++) {
      driver.add(block);
      const hashes = driver.engine.tips.map((id) => driver.engine.index.hashOf(id));
      expect(hashes.at(-1)).toEqual(plan.hashes[block]);
      const older = hashes.slice(0, -1);
      expect(older).toEqual([...older].sort(compareHashes));
    }
    driver.restart();
    const tips = driver.engine.tips.map((id) => driver.engine.index.hashOf(id));
    expect(tips).toHaveLength(300);
    expect(tips).toEqual([...tips].sort(compareHashes));
  });
});

describe('large shapes', () => {
  /** Compares the engine with the model at the end only: for DAGs that are too large for every step. */
  function checkEnd(plan: DagPlan): void {
    const driver = new EngineDriver(plan);
    const withoutMatrix = new EngineDriver(plan, { matrixLimit: 0 });
    const { model, add } = modelOf(plan);
    for (let block = 0; block < plan.hashes.length; block++) {
      add(block);
      driver.add(block);
      withoutMatrix.add(block);
    }
    const last = plan.hashes.length - 1;
    for (const subject of [driver, withoutMatrix]) {
      expect(subject.virtualBlue()).toEqual(model.virtualBlue());
      expect(subject.order()).toEqual(model.order());
      expect(subject.blueOf(last)).toEqual(model.blueOf(last));
      subject.restart();
      expect(subject.order()).toEqual(model.order());
      expect(subject.virtualBlue()).toEqual(model.virtualBlue());
    }
  }

  test('a late side branch of a hundred blocks', () => {
    const random = new SeededRandom('side branch');
    const parents: number[][] = [[]];
    for (let block = 1; block <= 150; block++) parents.push([block - 1]);
    parents.push([20]);
    for (let block = 152; block <= 250; block++) parents.push([block - 1]);
    parents.push([150, 250], [251]);
    checkEnd({ hashes: parents.map(() => random.bytes(32)), parents });
  });

  test('blocks naming genesis from far above, and a tip and genesis together', () => {
    const random = new SeededRandom('genesis');
    const parents: number[][] = [[]];
    for (let block = 1; block <= 120; block++) {
      if (block % 30 === 17) parents.push([0]);
      else if (block % 40 === 39) parents.push([block - 1, 0]);
      else parents.push(block % 10 === 9 ? [block - 1, Math.max(0, block - 8)] : [block - 1]);
    }
    for (const grind of [255, 0]) {
      const hashes = parents.map((_, block) => {
        const hash = random.bytes(32);
        if (block % 40 === 39) hash[31] = grind;
        return hash;
      });
      checkEnd({ hashes, parents });
    }
  });

  test('three hundred tips over a short chain, then one block that merges them', () => {
    const random = new SeededRandom('tips over a chain');
    const parents: number[][] = [[], [0], [1], [2]];
    while (parents.length < 140) parents.push([random.below(4)]);
    parents.push(Array.from({ length: 136 }, (_, i) => i + 4));
    checkEnd({ hashes: parents.map(() => random.bytes(32)), parents });
  });
});

describe('what the engine refuses', () => {
  const plan: DagPlan = { hashes: [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill)), parents: [[], [0], [1]] };

  test('blocks that failed, whose parents are not connected, or that are connected already', () => {
    const driver = new EngineDriver(plan);
    driver.add(0);
    driver.addFailed(plan.hashes[1]!, 0);
    const { engine } = driver;
    const facts = { hash: plan.hashes[2]!, height: 2, time: 0, bits: 0, status: BlockStatus.stored, parents: [1] };
    const id = engine.index.append(facts);
    expect(() => engine.addBlock(0)).toThrow(RangeError);
    expect(() => engine.addBlock(1)).toThrow(RangeError);
    expect(() => engine.addBlock(id)).toThrow('parent 1 of block 2 is not connected');
    expect(() => engine.index.append({ ...facts, parents: [3] })).toThrow(RangeError);
    expect(() => engine.index.append({ ...facts, hash: new Uint8Array(32), parents: [] })).toThrow(RangeError);
    expect(() => engine.index.append(facts)).toThrow('already known');
    expect(engine.index.blocksAtHeight(1)).toEqual([]);
    expect(engine.children(0)).toEqual([]);
    expect(engine.positionOf(1)).toBe(-1);
  });

  test('rows and pages that are cut, changed or missing, wherever it can be seen', () => {
    const random = new SeededRandom('damage');
    const { rows, pages } = stored(randomDag(random, 'mixed', 'none', 90));
    expect(DagEngine.load(rows, pages).orderLength).toBeGreaterThan(0);
    expect(() => DagEngine.load(rows.slice(1), pages)).toThrow('the stored block index is damaged');
    expect(() => DagEngine.load(rows, pages.slice(1))).toThrow('the stored block index is damaged');
    expect(() => DagEngine.load(rows, [])).toThrow('the stored block index is damaged');
    for (let id = 0; id < rows.length; id++) {
      const cut = rows.with(id, rows[id]!.subarray(0, rows[id]!.length - 1));
      expect(() => DagEngine.load(cut, pages)).toThrow('the stored block index is damaged');
      const long = rows.with(id, Uint8Array.from([...rows[id]!, 0]));
      expect(() => DagEngine.load(long, pages)).toThrow('the stored block index is damaged');
    }
    // A flipped bit is either refused or changes facts of that block; it never ends in another kind of error.
    for (let trial = 0; trial < 300; trial++) {
      const id = random.below(rows.length);
      const flipped = rows[id]!.slice();
      flipped[random.below(flipped.length)]! ^= 1 << random.below(8);
      expectLoadOrError(rows.with(id, flipped), pages);
      const page = random.below(pages.length);
      const flippedPage = pages[page]!.slice();
      flippedPage[random.below(flippedPage.length)]! ^= 1 << random.below(8);
      expectLoadOrError(rows, pages.with(page, flippedPage));
    }
  });

  function expectLoadOrError(rows: Uint8Array[], pages: Uint8Array[]): void {
    try {
      DagEngine.load(rows, pages);
    } catch (error) {
      expect(error).toHaveProperty('name', 'EngineLoadError');
    }
  }

  function stored(dag: DagPlan): { rows: Uint8Array[]; pages: Uint8Array[] } {
    const driver = new EngineDriver(dag);
    for (let block = 0; block < dag.hashes.length; block++) driver.add(block);
    driver.commit();
    return { rows: [...driver.rows], pages: [...driver.pages] };
  }
});
