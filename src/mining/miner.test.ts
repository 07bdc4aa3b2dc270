import { describe, expect, test } from 'vitest';
import { type NetworkName, networkParams } from '../params/index.ts';
import { type Hash, hashToHex } from '../util/hash.ts';
import { silentLogger } from '../util/log.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import { Block } from '../wire/index.ts';
import { Miner, type MinerOptions } from './miner.ts';
import { drawTurn } from './pace.ts';
import { templatePolicy } from './policy.ts';
import type { BlockSink, SubmitOutcome } from './ports.ts';
import { TemplateBuilder } from './template.ts';
import { FakeDag } from './testing/fake-dag.ts';
import { FakeWorkers } from './testing/fake-workers.ts';
import { FakePool, madeUp, testHash } from './testing/pool.ts';

/** Easy enough for the fake threads, which hash up to 2^16 times, and too hard to be solved on the spot. */
const THREAD_BITS = 0x1f1fffff;

interface Setting extends Partial<MinerOptions> {
  readonly network?: NetworkName;
  readonly solveMilliseconds?: number;
  readonly bits?: number;
  readonly sink?: (dag: FakeDag) => BlockSink;
}

function setUp(setting: Setting = {}) {
  const { network = 'simnet', solveMilliseconds = 1000, bits = THREAD_BITS, ...options } = setting;
  const world = new VirtualWorld();
  const params = networkParams(network);
  const dag = new FakeDag(params, world.clock);
  dag.bits = bits;
  const pool = new FakePool(dag);
  const deps = { dag, transactions: pool };
  const workers = new FakeWorkers(world, solveMilliseconds);
  const measured = { times: [] as number[], count: 0, hashes: [] as Hash[] };
  const peers = { count: 1, current: true };
  const errors: string[] = [];
  const miner = new Miner(
    { payTo: [], processors: 2, reportHashes: true, ...options },
    {
      templates: new TemplateBuilder({ params, policy: templatePolicy() }, deps),
      sink: setting.sink?.(dag) ?? dag,
      workers,
      world,
      logger: { ...silentLogger, error: (message) => errors.push(message) },
      onTipsChanged: (listener) => dag.onTipsChanged(listener),
      maxHeight: () => dag.snapshot().maxHeight,
      network: { peerCount: () => peers.count, isCurrent: () => peers.current },
      measurements: {
        solveTime: { send: (milliseconds) => measured.times.push(milliseconds) },
        solveCount: {
          send: (blocks) => {
            measured.count += blocks;
          },
        },
        solveHash: { send: (hash) => measured.hashes.push(hash) },
      },
    },
  );
  return { world, dag, pool, workers, measured, peers, errors, miner };
}

/** Moves the tips as a block from a peer would. */
function foreignBlock(dag: FakeDag, nonce: number) {
  const { block } = new TemplateBuilder({ params: dag.params, policy: templatePolicy() }, { dag }).build();
  dag.connect(new Block({ ...block, header: block.header.with({ nonce }) }));
}

describe('continuous mining', () => {
  test('starts, mines, stops, and leaves nothing behind', async () => {
    const { world, dag, workers, miner } = setUp();
    expect(miner.running).toBe(false);
    miner.start();
    miner.start();
    expect(miner.running).toBe(true);
    await world.advance(3500);
    expect(workers.started.length).toBe(2);
    // Two workers a second; the one that comes second submits onto tips that have moved.
    expect(dag.accepted.length).toBeGreaterThanOrEqual(3);
    const stopped = miner.stop();
    expect(miner.running).toBe(false);
    await world.waitFor(stopped, 0);
    await world.waitFor(miner.stop(), 0);
    expect(workers.alive).toBe(0);
    expect(world.pendingTimers).toBe(0);
    const { length } = dag.accepted;
    await world.advance(60_000);
    expect(dag.accepted.length).toBe(length);
  });

  test('can be started again, also while the last stop is still under way', async () => {
    const { world, dag, workers, miner } = setUp();
    miner.start();
    await world.advance(100);
    const stopped = miner.stop();
    miner.start();
    expect(miner.running).toBe(true);
    await world.waitFor(stopped, 10);
    await world.advance(1100);
    expect(workers.alive).toBe(2);
    expect(dag.accepted.length).toBeGreaterThan(0);
    await world.waitFor(miner.stop(), 10);
    expect(workers.alive).toBe(0);
  });

  test('waits for peers and for being current, but not at height 0', async () => {
    const { world, dag, peers, workers, miner } = setUp();
    peers.count = 0;
    peers.current = false;
    miner.start();
    await world.advance(5000);
    expect(workers.started.length).toBe(0);
    peers.count = 1;
    await world.advance(2500);
    // Height 0 does not ask for being current, height 1 does.
    const { length } = dag.accepted;
    expect(length).toBeGreaterThanOrEqual(1);
    await world.advance(60_000);
    expect(dag.accepted.length).toBe(length);
    peers.current = true;
    await world.advance(2500);
    expect(dag.accepted.length).toBeGreaterThan(length);
    await world.waitFor(miner.stop(), 10);
  });

  test('mines alone if allowed to', async () => {
    const { world, dag, peers, miner } = setUp({ aloneAllowed: true });
    peers.count = 0;
    miner.start();
    await world.advance(1500);
    expect(dag.accepted.length).toBeGreaterThan(0);
    await world.waitFor(miner.stop(), 10);
  });

  test('takes new work as soon as the tips move', async () => {
    const { world, dag, workers, miner } = setUp({ solveMilliseconds: Number.POSITIVE_INFINITY });
    miner.start();
    await world.advance(100);
    expect(workers.jobs.length).toBe(2);
    foreignBlock(dag, 1);
    await world.settle();
    expect(workers.jobs.length).toBe(4);
    expect(workers.jobs.map(({ height }) => height)).toEqual([1, 1, 2, 2]);
    // Every job begins at an extra nonce of its own.
    expect(new Set(workers.jobs.map(({ extraNonce }) => extraNonce)).size).toBe(4);
    await world.waitFor(miner.stop(), 10);
  });

  test('a block that was solved when the tips moved is submitted all the same', async () => {
    const { world, dag, workers, miner } = setUp({ processors: 1 });
    miner.start();
    await world.advance(10);
    // The thread finds the solution although it is being cancelled.
    const [worker] = workers.started;
    worker.cancel = () => undefined;
    foreignBlock(dag, 1);
    await world.advance(1100);
    expect(dag.accepted.length).toBe(2);
    expect(dag.accepted[1].parentHashes).toEqual([dag.params.genesisHash]);
    expect(dag.tips.length).toBe(2);
    Reflect.deleteProperty(worker, 'cancel');
    await world.waitFor(miner.stop(), 10);
  });

  test('work gets a new timestamp every 15 s, new transactions after a minute', async () => {
    const { world, dag, pool, workers, miner } = setUp({ solveMilliseconds: Number.POSITIVE_INFINITY, processors: 1 });
    const timeOf = (header: Uint8Array) => new DataView(header.buffer, header.byteOffset).getUint32(68, true);
    miner.start();
    await world.advance(40_000);
    const times = workers.jobs.map(({ header }) => timeOf(header));
    expect(times.map((time) => time - times[0])).toEqual([0, 15, 30]);
    const outpoint = { hash: testHash(1), index: 0 };
    dag.addOutput(outpoint, { value: 5000n, pkScript: new Uint8Array(0), height: 0, isCoinbase: false });
    pool.add(madeUp({ inputs: [outpoint], values: [1n], fee: 4999n }));
    await world.advance(20_000);
    expect(workers.jobs.at(-1)!.branch.length).toBe(0);
    await world.advance(20_000);
    expect(workers.jobs.at(-1)!.branch.length).toBe(32);
    await world.waitFor(miner.stop(), 10);
  });

  test('a template error is logged and tried again after a second, not at once', async () => {
    const { world, dag, errors, miner } = setUp({ processors: 1 });
    dag.templateError = new Error('no good');
    miner.start();
    await world.advance(10_500);
    expect(errors.length).toBe(11);
    expect(errors[0]).toContain('no good');
    dag.templateError = undefined;
    await world.advance(2500);
    expect(dag.accepted.length).toBeGreaterThan(0);
    await world.waitFor(miner.stop(), 10);
  });

  test('a refused block is logged, not measured, and followed by a pause', async () => {
    const { world, dag, errors, measured, miner } = setUp({ bits: 0x207fffff, processors: 1 });
    dag.submitError = new Error('bad block');
    miner.start();
    await world.advance(5500);
    expect(errors.length).toBe(6);
    expect(measured.count).toBe(0);
    await world.waitFor(miner.stop(), 10);
  });

  test('an orphan is not measured', async () => {
    const sink = (): BlockSink => ({ submit: (): SubmitOutcome => ({ status: 'orphan' }) });
    const { world, measured, miner } = setUp({ bits: 0x207fffff, processors: 1, sink });
    miner.start();
    await world.advance(1500);
    expect(measured.count).toBe(0);
    await world.waitFor(miner.stop(), 10);
  });

  test('a thread that crashes is replaced', async () => {
    const { world, dag, workers, errors, miner } = setUp({ processors: 1 });
    miner.start();
    await world.advance(500);
    workers.started[0].crash();
    await world.advance(2600);
    expect(errors).toEqual(['Mining failed: thread crashed']);
    expect(workers.started.length).toBe(2);
    expect(dag.accepted.length).toBeGreaterThan(0);
    await world.waitFor(miner.stop(), 10);
    expect(workers.alive).toBe(0);
  });

  test('pays to the addresses at random', async () => {
    const payTo = [1, 2, 3].map((n) => Uint8Array.of(0x51, n));
    const { world, dag, miner } = setUp({ payTo, bits: 0x207fffff });
    expect(miner.hasAddress).toBe(true);
    await world.waitFor(miner.generate(60), 0);
    const paid = new Set(dag.accepted.map(({ transactions }) => transactions[0].outputs[0].pkScript[1]));
    expect([...paid].sort()).toEqual([1, 2, 3]);
  });
});

describe('number of workers', () => {
  test('follows setWorkers while running; the last come go first', async () => {
    const { world, workers, miner } = setUp({ solveMilliseconds: Number.POSITIVE_INFINITY });
    expect(miner.workers).toBe(2);
    miner.start();
    await world.advance(10);
    await miner.setWorkers(4);
    await world.advance(10);
    expect(workers.alive).toBe(4);
    await miner.setWorkers(1);
    await world.advance(10);
    expect(workers.started.map(({ closed }) => closed)).toEqual([false, true, true, true]);
    await miner.setWorkers(-1);
    await world.advance(10);
    expect(workers.alive).toBe(2);
    expect(miner.workers).toBe(2);
    await world.waitFor(miner.setWorkers(0), 10);
    expect(miner.running).toBe(false);
    expect(miner.workers).toBe(0);
    expect(workers.alive).toBe(0);
  });

  test('is only stored while not mining', async () => {
    const { miner } = setUp();
    await miner.setWorkers(7);
    expect(miner.workers).toBe(7);
    expect(miner.running).toBe(false);
    await miner.setWorkers(-5);
    expect(miner.workers).toBe(2);
  });
});

describe('generate', () => {
  test('mines on the spot where nearly every hash solves, without peers and without a thread', async () => {
    const { world, dag, peers, workers, measured, miner } = setUp({ bits: 0x207fffff });
    peers.count = 0;
    const hashes = await world.waitFor(miner.generate(50), 0);
    expect(hashes.map(hashToHex)).toEqual(dag.accepted.map(({ hash }) => hashToHex(hash)));
    expect(dag.snapshot().maxHeight).toBe(50);
    expect(workers.started.length).toBe(0);
    expect(measured).toMatchObject({ count: 50, hashes });
    expect(measured.times.length).toBe(50);
    expect(miner.running).toBe(false);
    expect(world.pendingTimers).toBe(0);
  });

  test('lets the event loop turn between blocks', async () => {
    const { world, dag, miner } = setUp({ bits: 0x207fffff });
    const seen: number[] = [];
    const look = () => {
      seen.push(dag.accepted.length);
      if (seen.length < 10) world.timers.soon(look);
    };
    world.timers.soon(look);
    await world.waitFor(miner.generate(10), 0);
    expect(new Set(seen).size).toBeGreaterThan(8);
  });

  test('uses one thread where the target is hard', async () => {
    const { world, dag, workers, measured, miner } = setUp();
    const hashes = await world.waitFor(miner.generate(3), 10_000);
    expect(hashes.length).toBe(3);
    expect(dag.snapshot().maxHeight).toBe(3);
    expect(workers.started.length).toBe(1);
    expect(workers.alive).toBe(0);
    expect(measured.times).toEqual([1000, 1000, 1000]);
  });

  test('refuses to run beside other mining', async () => {
    const { world, miner } = setUp();
    const running = miner.generate(1);
    expect(miner.running).toBe(true);
    expect(miner.generating).toBe(true);
    await expect(miner.generate(1)).rejects.toThrow(
      'Server is already CPU mining. Please call `setgenerate 0` before calling discrete `generate` commands.',
    );
    miner.start();
    await world.waitFor(running, 2000);
    expect(miner.running).toBe(false);
    miner.start();
    expect(miner.generating).toBe(false);
    await expect(miner.generate(1)).rejects.toThrow('already CPU mining');
    await world.waitFor(miner.stop(), 10);
  });

  test('can be stopped, with the blocks so far in the error', async () => {
    const { world, dag, workers, miner } = setUp();
    const running = miner.generate(10);
    running.catch(() => undefined);
    await world.advance(2500);
    await world.waitFor(miner.stop(), 10);
    await expect(running).rejects.toThrow('mining was stopped after 2 of 10 blocks');
    await expect(running).rejects.toMatchObject({ hashes: dag.accepted.map(({ hash }) => hash) });
    expect(workers.alive).toBe(0);
    expect(world.pendingTimers).toBe(0);
    expect((await world.waitFor(miner.generate(1), 2000)).length).toBe(1);
  });

  test('can be stopped while templates fail', async () => {
    const { world, dag, errors, miner } = setUp();
    dag.templateError = new Error('no good');
    const running = miner.generate(1);
    running.catch(() => undefined);
    await world.advance(3500);
    expect(errors.length).toBe(4);
    await world.waitFor(miner.setWorkers(0), 0);
    await expect(running).rejects.toThrow('after 0 of 1');
  });

  test('counts accepted blocks only', async () => {
    const { world, dag, miner } = setUp({ bits: 0x207fffff });
    dag.submitError = new Error('bad block');
    const running = miner.generate(2);
    await world.advance(1500);
    dag.submitError = undefined;
    expect((await world.waitFor(running, 2000)).length).toBe(2);
  });

  test('of no blocks is done at once', async () => {
    const { world, miner } = setUp();
    expect(await world.waitFor(miner.generate(0), 0)).toEqual([]);
    expect(miner.running).toBe(false);
  });
});

describe('measurements', () => {
  test('times run from the start, then from the same worker’s last block; hashes only if asked for', async () => {
    const { world, measured, miner } = setUp({ processors: 1, reportHashes: false });
    miner.start();
    await world.advance(3500);
    expect(measured.times).toEqual([1000, 1000, 1000]);
    expect(measured.count).toBe(3);
    expect(measured.hashes).toEqual([]);
    await world.waitFor(miner.stop(), 10);
  });

  test('speed counts every hash once and is averaged every ten seconds', async () => {
    const { world, workers, miner } = setUp({ solveMilliseconds: Number.POSITIVE_INFINITY });
    workers.hashesPerMillisecond = 3000;
    expect(miner.hashesPerSecond).toBe(0);
    miner.start();
    await world.advance(9_999);
    expect(miner.hashesPerSecond).toBe(0);
    await world.advance(2);
    expect(miner.hashesPerSecond).toBeCloseTo(6_000_000, -4);
    workers.hashesPerMillisecond = 1000;
    // A worker that ends keeps what it has hashed.
    await miner.setWorkers(1);
    await world.advance(100_000);
    expect(miner.hashesPerSecond).toBeGreaterThan(900_000);
    expect(miner.hashesPerSecond).toBeLessThan(1_100_000);
    await world.waitFor(miner.stop(), 10);
    expect(miner.hashesPerSecond).toBe(0);
  });
});

describe('pace', () => {
  test('keeps its mean interval, and templates are as old as asked for', async () => {
    const { world, dag, miner } = setUp({ bits: 0x207fffff, pace: { interval: 1000, templateAge: 200 } });
    miner.start();
    await world.advance(1_000_000);
    expect(dag.accepted.length).toBeGreaterThan(900);
    expect(dag.accepted.length).toBeLessThan(1100);
    await world.waitFor(miner.stop(), 0);
    expect(world.pendingTimers).toBe(0);
  });

  test('several miners on one DAG make parallel blocks', async () => {
    const { world, dag, miner } = setUp({ bits: 0x207fffff, pace: { interval: 1000, distribution: 'fixed' } });
    miner.start();
    await world.advance(500);
    let widest = 0;
    for (let nonce = 0; nonce < 100; nonce++) {
      await world.advance(1000);
      // 250 ms before its block the miner took its template; this one comes in between.
      await world.advance(300);
      foreignBlock(dag, nonce);
      widest = Math.max(widest, dag.tips.length);
      await world.advance(700);
    }
    expect(dag.accepted.some(({ parents }) => parents.length > 1)).toBe(true);
    await world.waitFor(miner.stop(), 0);
  });

  test('draws fixed or exponential intervals', () => {
    const { random } = new VirtualWorld();
    expect(drawTurn({ interval: 800, distribution: 'fixed' }, random)).toEqual({
      beforeTemplate: 600,
      beforeBlock: 200,
    });
    const turns = Array.from({ length: 20_000 }, () => drawTurn({ interval: 800, templateAge: 100 }, random));
    const totals = turns.map(({ beforeTemplate, beforeBlock }) => beforeTemplate + beforeBlock);
    const mean = totals.reduce((sum, total) => sum + total, 0) / totals.length;
    expect(Math.abs(mean - 800)).toBeLessThan(30);
    expect(totals.filter((total) => total > 800).length / totals.length).toBeCloseTo(Math.exp(-1), 1);
    expect(Math.max(...turns.map(({ beforeBlock }) => beforeBlock))).toBe(100);
    expect(Math.min(...turns.map(({ beforeTemplate }) => beforeTemplate))).toBe(0);
  });
});
