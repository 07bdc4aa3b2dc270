import { beforeEach, describe, expect, test } from 'vitest';
import { makeBlock, TestDag, testParams } from '../../dag/testing/fixture.ts';
import type { PoolEvents } from '../../mempool/index.ts';
import { rpcDag } from '../../node/rpc-adapters.ts';
import { rpcEvents } from '../../node/rpc-notifications.ts';
import { Emitter } from '../../util/emitter.ts';
import { type Hash, hashToHex } from '../../util/hash.ts';
import { VirtualWorld } from '../../util/testing/virtual-world.ts';
import { encodeJson } from '../json/encode.ts';
import { resultMismatch } from '../testing/check-result.ts';
import { RecordingSession, recordingNotifier, type Told } from '../testing/recording-session.ts';
import { changeSchema, MAX_LISTED_BLOCKS, MAX_LISTED_PARENTS } from './dag-change.ts';
import { DagFeed, feedSchema, KEEP_TIME, KEPT_CHANGES, MAX_SNAPSHOT_BLOCKS } from './dag-feed.ts';

interface Change {
  readonly sequence: number;
  readonly block: {
    hash: string;
    height: number;
    parents: string[];
    parentcount: number;
    position: number;
    blue: boolean;
  };
  readonly order: { cut: number; removed: number; added: string[]; length: number };
  readonly colours: { hash: string; blue: boolean }[];
  readonly formertips: string[];
  readonly bluescore: number;
  readonly resync?: boolean;
}

interface Feed {
  readonly start: string;
  readonly sequence: number;
  readonly changes?: Change[];
  readonly snapshot?: {
    tips: string[];
    orderlength: number;
    bluescore: number;
    blocks: { hash: string; position: number; blue: boolean }[];
  };
}

let dag: TestDag['dag'];
let world: VirtualWorld;
let feed: DagFeed;
let tips: Hash[];
let height: number;
let salt: number;

beforeEach(() => {
  ({ dag } = new TestDag());
  world = new VirtualWorld();
  const pool = { events: new Emitter<PoolEvents>() };
  feed = new DagFeed({
    dag: rpcDag(dag),
    events: rpcEvents(dag, pool),
    timers: world.timers,
    random: world.random,
  });
  tips = [testParams.genesisHash];
  height = 0;
  salt = 0;
});

/** A row of blocks on all those of the last row. */
function row(width: number) {
  height++;
  const blocks = Array.from({ length: width }, () => makeBlock({ parents: tips, height, salt: ++salt }));
  tips = blocks.map(({ hash }) => hash);
  return blocks;
}

function grow(rows: number, width = 1): void {
  for (let i = 0; i < rows; i++) for (const block of row(width)) dag.processBlock(block);
}

function client(): RecordingSession {
  return new RecordingSession(recordingNotifier(), feed);
}

/** Subscribes; what comes is as it is after JSON. */
function subscribe(session: RecordingSession, request: Partial<Parameters<DagFeed['subscribe']>[1]> = {}): Feed {
  const answer = JSON.parse(encodeJson(feed.subscribe(session, { last: 100, since: 0, start: '', ...request })));
  expect(resultMismatch(feedSchema, answer)).toBeUndefined();
  return answer;
}

function changesOf(told: readonly Told[]): Change[] {
  return told.map(({ method, params }) => {
    expect(method).toBe('dagchanged');
    expect(resultMismatch(changeSchema, params[0])).toBeUndefined();
    return params[0] as Change;
  });
}

/** A dashboard: knows the whole DAG from a snapshot and changes. */
class Dashboard {
  order: (string | undefined)[] = [];
  blue = new Set<string>();
  tips = new Set<string>();
  sequence = 0;

  constructor({ sequence, snapshot }: Feed) {
    if (!snapshot) throw new Error('no snapshot');
    this.sequence = sequence;
    for (const { hash, position, blue } of snapshot.blocks) {
      if (position >= 0) this.order[position] = hash;
      if (blue) this.blue.add(hash);
    }
    this.tips = new Set(snapshot.tips);
    expect([this.order.length, this.blue.size]).toEqual([snapshot.orderlength, snapshot.bluescore]);
  }

  take({ sequence, block, order, colours, formertips, bluescore }: Change): void {
    expect(sequence).toBe(++this.sequence);
    expect(this.order.length - order.cut).toBe(order.removed);
    this.order = [...this.order.slice(0, order.cut), ...order.added];
    for (const { hash, blue } of colours) {
      if (blue) this.blue.add(hash);
      else this.blue.delete(hash);
    }
    for (const tip of formertips) this.tips.delete(tip);
    this.tips.add(block.hash);
    expect([this.order.length, this.blue.size]).toEqual([order.length, bluescore]);
  }

  expectRight(): void {
    expect(this.order).toEqual(Array.from(dag.order(), hashToHex));
    expect([...this.blue].sort()).toEqual(dag.virtualBlueSet().map(hashToHex).sort());
    expect([...this.tips].sort()).toEqual(dag.snapshot().tips.map(hashToHex).sort());
  }
}

describe('a dashboard', () => {
  test('knows the DAG from a snapshot and the changes behind it', () => {
    grow(3, 3);
    const session = client();
    const dashboard = new Dashboard(subscribe(session));
    dashboard.expectRight();
    grow(20, 7);
    for (const change of changesOf(session.told)) dashboard.take(change);
    dashboard.expectRight();
  });

  test('that comes while blocks share a commit gets neither gap nor repetition', () => {
    const early = client();
    const first = new Dashboard(subscribe(early));
    const late = client();
    let second: Dashboard | undefined;
    dag.batch(() => {
      grow(2, 3);
      second = new Dashboard(subscribe(late));
      grow(1, 3);
    });
    for (const change of changesOf(early.told)) first.take(change);
    expect(late.told).toHaveLength(3);
    for (const change of changesOf(late.told)) second?.take(change);
    first.expectRight();
    second?.expectRight();
  });

  test('that lost its connection goes on where it was', () => {
    const session = client();
    const answer = subscribe(session);
    const dashboard = new Dashboard(answer);
    grow(5, 2);
    for (const change of changesOf(session.told).slice(0, 4)) dashboard.take(change);
    feed.unsubscribe(session);
    grow(5, 2);
    const again = client();
    const resumed = subscribe(again, { since: dashboard.sequence, start: answer.start });
    expect(resumed.snapshot).toBeUndefined();
    for (const change of resumed.changes ?? []) dashboard.take(change);
    expect(dashboard.sequence).toBe(resumed.sequence);
    dashboard.expectRight();
    grow(1, 2);
    for (const change of changesOf(again.told)) dashboard.take(change);
    dashboard.expectRight();
    expect(session.told).toHaveLength(10);
  });

  test('that has missed nothing gets an empty list', () => {
    const { start, sequence } = subscribe(client());
    expect(subscribe(client(), { since: sequence, start }).changes).toEqual([]);
  });
});

describe('a snapshot is needed', () => {
  test('after a restart, without a run, and from the future', () => {
    const { sequence } = subscribe(client());
    expect(subscribe(client(), { since: sequence, start: '0011223344556677' }).snapshot).toBeDefined();
    expect(subscribe(client(), { since: sequence }).snapshot).toBeDefined();
    const { start } = subscribe(client());
    expect(subscribe(client(), { since: sequence + 1, start }).snapshot).toBeDefined();
  });

  test('when more was missed than is kept', () => {
    const { start, sequence } = subscribe(client());
    grow(KEPT_CHANGES);
    expect(subscribe(client(), { since: sequence, start }).changes).toHaveLength(KEPT_CHANGES);
    grow(1);
    expect(subscribe(client(), { since: sequence, start }).snapshot).toBeDefined();
    expect(subscribe(client(), { since: sequence + 1, start }).changes).toHaveLength(KEPT_CHANGES);
  });

  test('when nobody has been there for long', async () => {
    const session = client();
    const { start, sequence } = subscribe(session);
    feed.unsubscribe(session);
    grow(1);
    await world.advance(KEEP_TIME - 1);
    const other = client();
    expect(subscribe(other, { since: sequence, start }).changes).toHaveLength(1);
    feed.unsubscribe(other);
    feed.unsubscribe(other);
    await world.advance(KEEP_TIME);
    expect(world.pendingTimers).toBe(0);
    expect(subscribe(client(), { since: sequence, start }).snapshot).toBeDefined();
  });
});

test('snapshots and parents of a block are bounded', () => {
  grow(MAX_SNAPSHOT_BLOCKS + 10);
  expect(subscribe(client(), { last: 7 }).snapshot?.blocks).toHaveLength(7);
  expect(subscribe(client(), { last: 0 }).snapshot?.blocks).toEqual([]);
  expect(subscribe(client(), { last: MAX_SNAPSHOT_BLOCKS }).snapshot?.blocks).toHaveLength(MAX_SNAPSHOT_BLOCKS);
  const session = client();
  subscribe(session);
  grow(1, MAX_LISTED_PARENTS + 5);
  grow(1);
  const { block, formertips } = changesOf(session.told).at(-1)!;
  expect([block.parents.length, block.parentcount]).toEqual([MAX_LISTED_PARENTS, MAX_LISTED_PARENTS + 5]);
  expect(formertips).toHaveLength(MAX_LISTED_PARENTS + 5);
});

test('a change too large to be listed asks for a new snapshot', () => {
  const session = client();
  grow(1);
  const fork = tips;
  grow(MAX_LISTED_BLOCKS + 10);
  const long = tips;
  // A branch beside that is longer: the whole end of the order moves.
  tips = fork;
  height = 1;
  subscribe(session);
  grow(MAX_LISTED_BLOCKS + 20);
  const changes = changesOf(session.told);
  const large = changes.find(({ resync }) => resync);
  expect(large?.order.added).toEqual([]);
  expect(large?.order.removed).toBeGreaterThan(MAX_LISTED_BLOCKS);
  expect(dag.snapshot().tips).toHaveLength(2);
  expect(long).toHaveLength(1);
  new Dashboard(subscribe(client(), { last: MAX_SNAPSHOT_BLOCKS * 2 })).expectRight();
});
