import { expect, test } from 'vitest';
import { WorkBudget } from './work-budget.ts';

function setup() {
  const time = { now: 0 };
  const points: number[] = [];
  const budget = new WorkBudget(
    () => time.now,
    (more) => points.push(more),
  );
  return { time, points, budget };
}

test('a quarter of a minute is free, what is beyond is debt, and debt is paid with time', () => {
  const { time, points, budget } = setup();
  for (let i = 0; i < 15; i++) budget.charge(1000, false);
  expect(budget.debt).toBe(0);
  budget.charge(1000, false);
  expect(budget.debt).toBe(1000);
  time.now += 2000;
  expect(budget.debt).toBe(500);
  time.now += 2000;
  expect(budget.debt).toBe(0);
  expect(budget.restUntil).toBeLessThan(0);
  expect(points).toEqual([]);
});

test('a peer that stays within its share is never in debt', () => {
  const { time, budget } = setup();
  for (let i = 0; i < 1000; i++) {
    budget.charge(250, true);
    time.now += 1000;
    expect(budget.debt).toBe(0);
  }
  expect(budget.restUntil).toBeLessThan(0);
});

test('a debt is forgotten after two minutes, however large it was', () => {
  const { time, budget } = setup();
  budget.charge(3_600_000, false);
  time.now += 60_000;
  expect(budget.debt).toBe(0);
});

test('old branches: pauses as long as the work, up to five seconds, and points for each further share of a minute', () => {
  const { time, points, budget } = setup();
  budget.charge(15_000, true);
  expect(budget.restUntil).toBeLessThan(0);
  budget.charge(2000, true);
  expect(budget.restUntil).toBe(time.now + 2000);
  expect(points).toEqual([20]);
  budget.charge(14_000, true);
  expect(budget.restUntil).toBe(time.now + 5000);
  expect(points).toEqual([20]);
  budget.charge(2000, true);
  expect(points).toEqual([20, 20]);
});

test('points of a peer that keeps us busy all the time stay below what bans, as they halve every minute', () => {
  const { time, points, budget } = setup();
  let score = 0;
  let greatest = 0;
  for (let second = 0; second < 3600; second++) {
    // Every other second is a pause.
    if (second % 2 === 0) budget.charge(1000, true);
    score = score * 0.5 ** (1 / 60) + points.splice(0).reduce((a, b) => a + b, 0);
    greatest = Math.max(greatest, score);
    time.now += 1000;
  }
  expect(greatest).toBeGreaterThan(20);
  expect(greatest).toBeLessThan(50);
});
