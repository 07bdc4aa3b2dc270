import { expect, test } from 'vitest';
import { JobLanes, type LaneJob } from './job-lanes.ts';

interface NamedJob extends LaneJob {
  readonly name: string;
  readonly lane: { debt: number; restUntil: number };
  readonly busy: (() => boolean) | undefined;
}

function setup() {
  const time = { now: 0 };
  const lanes = new JobLanes<NamedJob>(() => time.now);
  const lane = (debt = 0) => ({ debt, restUntil: Number.NEGATIVE_INFINITY });
  const push = (name: string, of: NamedJob['lane'], busy?: () => boolean) => lanes.push({ name, lane: of, busy });
  const run = (): string[] => {
    const ran: string[] = [];
    for (let job = lanes.next(); job; job = lanes.next()) {
      lanes.take(job);
      ran.push(job.name);
    }
    return ran;
  };
  return { time, lanes, lane, push, run };
}

test('without debt jobs run as they came, whatever their lanes', () => {
  const { lanes, lane, push, run } = setup();
  const [a, b] = [lane(), lane()];
  push('a1', a);
  push('b1', b);
  push('a2', a);
  push('b2', b);
  expect(lanes.length).toBe(4);
  expect(run()).toEqual(['a1', 'b1', 'a2', 'b2']);
  expect(lanes.length).toBe(0);
});

test('lanes in debt come last, the least debt first', () => {
  const { lane, push, run } = setup();
  const [deep, slight, free] = [lane(500), lane(10), lane()];
  push('deep', deep);
  push('slight', slight);
  push('free1', free);
  push('free2', free);
  expect(run()).toEqual(['free1', 'free2', 'slight', 'deep']);
});

test('lanes with growing debts take turns', () => {
  const { lanes, lane, push } = setup();
  const [a, b] = [lane(100), lane(100)];
  for (let i = 0; i < 3; i++) {
    push(`a${i}`, a);
    push(`b${i}`, b);
  }
  const ran: string[] = [];
  for (let job = lanes.next(); job; job = lanes.next()) {
    lanes.take(job);
    ran.push(job.name);
    job.lane.debt += 50;
  }
  expect(ran).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
});

test('a busy job holds up its lane only', () => {
  const { lane, push, run } = setup();
  const [a, b] = [lane(), lane()];
  let busy = true;
  push('a1', a, () => busy);
  push('a2', a);
  push('b1', b);
  expect(run()).toEqual(['b1']);
  busy = false;
  expect(run()).toEqual(['a1', 'a2']);
});

test('a lane at rest is passed over until its time has come', () => {
  const { time, lanes, lane, push, run } = setup();
  const [a, b] = [lane(5), lane()];
  a.restUntil = 100;
  push('a', a);
  push('b', b);
  expect(run()).toEqual(['b']);
  expect(lanes.restEnds()).toBe(100);
  time.now = 100;
  expect(lanes.restEnds()).toBeUndefined();
  expect(run()).toEqual(['a']);
});

test('everything comes out by arrival', () => {
  const { lanes, lane, push } = setup();
  const [a, b] = [lane(5), lane()];
  push('1', a);
  push('2', b);
  push('3', a);
  expect(lanes.drain().map(({ name }) => name)).toEqual(['1', '2', '3']);
  expect(lanes.length).toBe(0);
  expect(lanes.next()).toBeUndefined();
});
