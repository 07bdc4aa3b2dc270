import { afterAll, expect, test } from 'vitest';
import { runCorruptions } from './corruptions.ts';
import { runKills } from './kills.ts';
import { runPowerLosses } from './power.ts';
import { Workbench } from './workbench.ts';

// A glimpse of `npm run crash`, which takes minutes.
const bench = new Workbench();
const shared = { seed: 'test', size: 60, canTrace: false };
afterAll(() => bench.close());

test('killed nodes go on as if nothing had happened', async () => {
  const { kills, differences, finished } = await runKills(bench, { ...shared, kills: 4 });
  expect(differences).toEqual([]);
  expect(kills).toBe(4);
  expect(finished).toBeGreaterThan(0);
});

test('a loss of power in a commit leaves the state before or after it', async () => {
  const { differences, kept } = await runPowerLosses(bench, { ...shared, commits: 1 });
  expect(differences).toEqual([]);
  expect(kept).toBe(1);
});

test('damaged files give no wrong answers', async () => {
  const { problems, trials } = await runCorruptions(bench, { ...shared, corruptions: 3, images: 1 });
  expect(problems).toEqual([]);
  expect(trials).toBe(3);
});
