import { describe, expect, test } from 'vitest';
import { silentLogger } from '../../util/log.ts';
import { VirtualWorld } from '../../util/testing/virtual-world.ts';
import { ClockWatch, medianClockOffset } from './clock-watch.ts';

const samples = (...offsets: number[]) => offsets.map((timeOffset) => ({ timeOffset }));

async function warningsAfter(minutes: number, offsets: readonly number[]): Promise<string[]> {
  const world = new VirtualWorld();
  const warnings: string[] = [];
  const watch = new ClockWatch({
    peers: () => samples(...offsets),
    timers: world.timers,
    logger: { ...silentLogger, warn: (message) => warnings.push(message) },
  });
  watch.start();
  await world.advance(minutes * 60_000);
  watch.stop();
  expect(world.pendingTimers).toBe(0);
  return warnings;
}

describe('the clock watch', () => {
  test('two peers can not tell, three can', () => {
    expect(medianClockOffset(samples(500, 500))).toBeUndefined();
    expect(medianClockOffset(samples(-9000, 500, 7))).toBe(7);
  });

  test('says once an hour which way the clock is wrong', async () => {
    const behind = await warningsAfter(59, [620, 600, 601, -5]);
    expect(behind).toEqual([
      'The clock of this machine is 10 minutes behind the median of 4 peers: please set it, or let NTP do so',
    ]);
    expect(await warningsAfter(125, [-7200, -7200, -7200])).toHaveLength(3);
    expect((await warningsAfter(1, [-7200, -7200, -7200]))[0]).toContain('120 minutes ahead of the median');
  });

  test('is silent about small differences and liars', async () => {
    expect(await warningsAfter(120, [2, -3, 299, 100_000])).toEqual([]);
  });
});
