import { describe, expect, test } from 'vitest';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import { type LinkOptions, transportPair } from './testing.ts';

function setup(options: LinkOptions = {}) {
  const world = new VirtualWorld();
  const [a, b] = transportPair(world, options);
  const log: string[] = [];
  for (const [name, end] of [
    ['a', a],
    ['b', b],
  ] as const) {
    end.setHandlers({
      data: (chunk) => log.push(`${name}:${chunk.length}@${world.elapsed}`),
      drain: () => log.push(`${name} drain`),
      close: (error) => log.push(`${name} closed${error ? ` ${error.message}` : ''}`),
    });
  }
  return { world, a, b, log };
}

describe('transportPair', () => {
  test('bytes arrive later, in order, after the latency and at the pace of the line', async () => {
    const { world, a, log } = setup({ latency: 50, bandwidth: 1000 });
    a.write(new Uint8Array(100));
    a.write(new Uint8Array(200));
    expect(log).toEqual([]);
    await world.advance(1000);
    expect(log).toEqual(['b:100@150', 'b:200@350']);
  });

  test('a full buffer asks the writer to wait, and drain ends the wait', async () => {
    const { world, a, b, log } = setup({ buffer: 1000 });
    b.pause();
    expect(a.write(new Uint8Array(999))).toBe(true);
    expect(a.write(new Uint8Array(1))).toBe(false);
    await world.advance(1000);
    expect(log).toEqual([]);
    b.resume();
    await world.settle();
    expect(log).toEqual(['b:999@1000', 'b:1@1000', 'a drain']);
  });

  test('closing delivers what was written, then the end, to both', async () => {
    const { world, a, b, log } = setup({ latency: 10 });
    a.write(new Uint8Array(5));
    a.close();
    a.write(new Uint8Array(6));
    await world.advance(100);
    expect(log).toEqual(['a closed', 'b:5@10', 'b closed']);
    b.write(new Uint8Array(1));
    await world.advance(100);
    expect(log).toHaveLength(3);
  });

  test('a cut line tells both sides', async () => {
    const { world, a, log } = setup({ latency: 10 });
    a.write(new Uint8Array(5));
    a.cut();
    await world.advance(100);
    expect(log).toEqual(['a closed connection reset', 'b closed connection reset']);
  });

  test('a dead line tells nobody', async () => {
    const { world, a, log } = setup();
    a.silence();
    a.write(new Uint8Array(5));
    await world.advance(100_000);
    expect(log).toEqual([]);
  });

  test('nothing is lost before the handlers are set, and chunks can be cut small', async () => {
    const world = new VirtualWorld();
    const [a, b] = transportPair(world, { chunk: 3 });
    a.write(Uint8Array.from([1, 2, 3, 4, 5, 6, 7]));
    await world.advance(10);
    const chunks: number[][] = [];
    b.setHandlers({ data: (chunk) => chunks.push([...chunk]), drain: () => undefined, close: () => undefined });
    await world.settle();
    expect(chunks).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
  });
});
