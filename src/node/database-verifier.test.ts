import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BlockBuilder } from '../../test/model/block-builder.ts';
import { Dag } from '../dag/index.ts';
import { networkParams } from '../params/index.ts';
import { sha256dPow } from '../pow/index.ts';
import { type KeyValueStore, openLmdbStore } from '../store/index.ts';
import { type Logger, silentLogger } from '../util/log.ts';
import { databaseBytes, databaseFolder, hasDatabase, scratchFolder } from './database-files.ts';
import { DatabaseVerifier } from './database-verifier.ts';
import { ReorderTracker } from './reorder-tracker.ts';
import { systemStoreHost } from './store-host.ts';
import { systemWorld } from './system.ts';

const params = networkParams('simnet');

let dataDir: string;
let store: KeyValueStore;
let dag: Dag;
let builder: BlockBuilder;
let lines: string[];
let verifier: DatabaseVerifier;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'soterd-verifier-'));
  expect(hasDatabase(dataDir)).toBe(false);
  mkdirSync(databaseFolder(dataDir));
  store = openLmdbStore(databaseFolder(dataDir), { host: systemStoreHost, synced: false });
  dag = new Dag({ params }, { store, clock: { now: () => Date.UTC(2100), monotonic: () => 0 }, pow: sha256dPow });
  dag.open();
  builder = new BlockBuilder(params);
  lines = [];
  const logger: Logger = { ...silentLogger, info: (line) => lines.push(line), error: (line) => lines.push(line) };
  verifier = new DatabaseVerifier({ params, dataDir }, { store, dag, world: systemWorld, logger });
});

afterEach(async () => {
  await verifier.stop();
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const never = new AbortController().signal;

test('verifies a database that grows, leaves nothing behind and tells the log', async () => {
  for (let i = 0; i < 50; i++) dag.processBlock(builder.build([i]));
  const verified = verifier.verify(true, never);
  dag.processBlock(builder.build([50]));
  const { difference, blocks, positions, outputs } = await verified;
  expect(difference).toBeUndefined();
  // How far the first slice of real time came decides whether the block that came meanwhile belongs to it.
  expect([51, 52]).toContain(blocks);
  expect([positions, outputs]).toEqual([blocks, blocks]);
  expect(existsSync(scratchFolder(dataDir))).toBe(false);
  expect(lines[0]).toBe('Verification of the database begins');
  expect(lines[1]).toContain(`Verification found no difference in ${blocks} blocks, ${blocks} positions of the order`);
  expect(verifier.bytes).toBe(databaseBytes(dataDir));
  expect(verifier.bytes).toBeGreaterThan(10_000);
});

test('does one verification at a time, which can be ended', async () => {
  for (let i = 0; i < 300; i++) dag.processBlock(builder.build([i]));
  const aborting = new AbortController();
  const first = verifier.verify(false, aborting.signal);
  await expect(verifier.verify(false, never)).rejects.toThrow('a verification is running already');
  aborting.abort();
  await expect(first).rejects.toThrow('the verification was ended early');
  expect(existsSync(scratchFolder(dataDir))).toBe(false);
  expect(lines.at(-1)).toBe('Verification was ended early');
  const second = verifier.verify(false, never);
  const stopped = verifier.stop();
  await expect(second).rejects.toThrow('the verification was ended early');
  await stopped;
  await expect(verifier.verify(false, never)).rejects.toThrow('the node is shutting down');
});

test('reorders are counted with their depth', () => {
  const tracker = new ReorderTracker(dag);
  for (let i = 0; i < 6; i++) dag.processBlock(builder.build([i]));
  expect({ ...tracker }).toEqual({ count: 0, lastDepth: 0, greatestDepth: 0 });
  let place = 2;
  for (let i = 0; i < 8; i++) {
    dag.processBlock(builder.build([place]));
    place = builder.count - 1;
  }
  expect(tracker.count).toBeGreaterThan(0);
  expect(tracker.greatestDepth).toBeGreaterThanOrEqual(4);
  expect(tracker.lastDepth).toBeLessThanOrEqual(tracker.greatestDepth);
});
