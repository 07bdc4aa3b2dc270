import { describe, expect, test } from 'vitest';
import { type HealthView, healthy, ready } from './health.ts';

const fine: HealthView = {
  failed: false,
  stopping: false,
  started: true,
  loopDelay: 0.01,
  current: true,
  peers: 3,
  aloneAllowed: false,
};

describe('health', () => {
  test('a node that works is healthy and ready', () => {
    expect(healthy(fine)).toEqual({ ok: true, reasons: [] });
    expect(ready(fine)).toEqual({ ok: true, reasons: [] });
  });

  test.each<[string, Partial<HealthView>, string]>([
    ['a failure', { failed: true }, 'the node has failed and is about to end'],
    ['a late event loop', { loopDelay: 2.5 }, 'the event loop is 2.5 s late, more than 2 s'],
  ])('%s makes it unhealthy, so not ready either', (_, change, reason) => {
    expect(healthy({ ...fine, ...change })).toEqual({ ok: false, reasons: [reason] });
    expect(ready({ ...fine, ...change })).toEqual({ ok: false, reasons: [reason] });
  });

  test.each<[string, Partial<HealthView>, string]>([
    ['before it has started', { started: false }, 'the node is starting'],
    ['when it stops', { stopping: true, started: false }, 'the node is stopping'],
    ['without a peer', { peers: 0 }, 'no peer is connected'],
    ['behind the network', { current: false }, 'the node is not synchronised with the network'],
  ])('%s it is healthy but not ready', (_, change, reason) => {
    expect(healthy({ ...fine, ...change }).ok).toBe(true);
    expect(ready({ ...fine, ...change })).toEqual({ ok: false, reasons: [reason] });
  });

  test('a network of one node is ready by itself', () => {
    expect(ready({ ...fine, peers: 0, current: false, aloneAllowed: true }).ok).toBe(true);
  });
});
