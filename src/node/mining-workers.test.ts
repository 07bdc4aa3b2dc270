import { afterEach, describe, expect, test } from 'vitest';
import { Miner, type SearchJob, type SearchWorker, TemplateBuilder, templatePolicy } from '../mining/index.ts';
import { FakeDag } from '../mining/testing/fake-dag.ts';
import { networkParams } from '../params/index.ts';
import { silentLogger } from '../util/log.ts';
import { compactToTarget, hashToTarget } from '../wire/index.ts';
import { threadWorkers } from './mining-workers.ts';
import { systemWorld } from './system.ts';

/** A job on made-up bytes. @param zeroBits how many leading bits of the hash must be zero. */
function jobOf(zeroBits: number): SearchJob {
  const target = new Uint8Array(32).fill(0xff);
  for (let bit = 0; bit < zeroBits; bit++) target[31 - (bit >> 3)] &= 0xff >> ((bit & 7) + 1);
  const none = new Uint8Array(0);
  const coinbaseHead = new Uint8Array(41).fill(1);
  return {
    header: new Uint8Array(80),
    target,
    height: 5,
    coinbaseHead,
    coinbaseTail: none,
    branch: none,
    extraNonce: 9n,
  };
}

describe('search threads', () => {
  const open: SearchWorker[] = [];
  const start = () => {
    const worker = threadWorkers.start();
    open.push(worker);
    return worker;
  };
  afterEach(() => Promise.all(open.splice(0).map((worker) => worker.close())));

  test('solve, count their hashes, and are ready for the next job', async () => {
    const worker = start();
    const first = await worker.search(jobOf(16));
    expect(first).toEqual({ extraNonce: 9n, nonce: expect.any(Number) });
    expect(worker.hashes).toBe(first!.nonce + 1);
    expect(await worker.search(jobOf(16))).toEqual(first);
    expect(worker.hashes).toBe(2 * (first!.nonce + 1));
  });

  test('stop when cancelled, while searching and before they began', async () => {
    const worker = start();
    const atOnce = worker.search(jobOf(255));
    worker.cancel();
    expect(await atOnce).toBeUndefined();
    const later = worker.search(jobOf(255));
    const before = worker.hashes;
    while (worker.hashes === before) await new Promise((resolve) => setImmediate(resolve));
    worker.cancel();
    expect(await later).toBeUndefined();
    expect(await worker.search(jobOf(4))).toBeDefined();
  });

  test('close in the middle of a search', async () => {
    const worker = start();
    const search = worker.search(jobOf(255));
    await Promise.all([worker.close(), worker.close()]);
    expect(await search).toBeUndefined();
    expect(await worker.search(jobOf(1))).toBeUndefined();
  });

  test('do one job at a time', async () => {
    const worker = start();
    const search = worker.search(jobOf(255));
    expect(() => worker.search(jobOf(255))).toThrow('busy');
    worker.cancel();
    await search;
  });

  test('report a job that makes them fail', async () => {
    const worker = start();
    await expect(worker.search({ ...jobOf(1), target: new Uint8Array(3) })).rejects.toThrow('wrong length');
    await expect(worker.search(jobOf(1))).rejects.toThrow('wrong length');
  });
});

test('the miner with real threads, clock and timers', async () => {
  const params = networkParams('simnet');
  const dag = new FakeDag(params, systemWorld.clock);
  // Some 16,000 hashes a block: too hard to be solved on the spot.
  dag.bits = 0x1f03ffff;
  const times: number[] = [];
  const miner = new Miner(
    { payTo: [Uint8Array.of(0x51)], processors: 2, reportHashes: false },
    {
      templates: new TemplateBuilder({ params, policy: templatePolicy() }, { dag }),
      sink: dag,
      workers: threadWorkers,
      world: systemWorld,
      logger: silentLogger,
      onTipsChanged: (listener) => dag.onTipsChanged(listener),
      maxHeight: () => dag.snapshot().maxHeight,
      network: { peerCount: () => 1, isCurrent: () => true },
      measurements: {
        solveTime: { send: (milliseconds) => times.push(milliseconds) },
        solveCount: { send: () => undefined },
        solveHash: { send: () => undefined },
      },
    },
  );
  const hashes = await miner.generate(5);
  expect(dag.accepted.map(({ hash }) => hash)).toEqual(hashes);
  miner.start();
  while (dag.accepted.length < 20) await new Promise((resolve) => setTimeout(resolve, 5));
  await miner.setWorkers(1);
  while (dag.accepted.length < 25) await new Promise((resolve) => setTimeout(resolve, 5));
  await miner.stop();
  expect(times.length).toBe(dag.accepted.length);
  const { length } = dag.accepted;
  for (const block of dag.accepted) {
    expect(hashToTarget(block.hash) <= compactToTarget(dag.bits)).toBe(true);
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(dag.accepted.length).toBe(length);
});
