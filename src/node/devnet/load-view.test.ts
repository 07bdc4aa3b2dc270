import { expect, test } from 'vitest';
import { renderLoad } from './load-view.ts';

test('says what is going on, and that coins were short only if they were', () => {
  const load = {
    phase: 'paying',
    rate: 200,
    sent: 5000,
    included: 4900,
    stable: 4000,
    waiting: 1000,
    lost: 0,
    refused: 1,
    starved: 0,
    doubleSpends: { decided: 80, agreed: 80, open: 20 },
    inclusion: { median: 1234, p95: 3000 },
    stability: { median: 15_000, p95: 18_000 },
    loopDelay: { p99: 31.4, longest: 120.2 },
  } as const;
  expect(renderLoad(load)).toEqual([
    'payments       200/s  paying',
    '               sent 5000  in a block 4900  stable 4000  under way 1000  lost 0  refused 1',
    'first block    median 1.2 s  95 % within 3.0 s',
    'stable         median 15.0 s  95 % within 18.0 s  (12 blue blocks, on all nodes)',
    'double spends  decided 80  all nodes agree on 80  open 20',
    'event loop     99 % of turns at most 31 ms late, the worst 120 ms (all nodes share it)',
  ]);
  expect(renderLoad({ ...load, starved: 7 })[1]).toMatch(/left out for want of a stable coin 7$/u);
  expect(renderLoad({ ...load, phase: 'settling' })[0]).toContain('no new payments');
  expect(renderLoad({ ...load, phase: 'mining ahead' })[0]).toContain('after 100 heights');
});
