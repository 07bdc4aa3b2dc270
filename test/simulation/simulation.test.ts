import { describe, expect, test } from 'vitest';
import { CANARIES } from './canaries.ts';
import { ALL_CANARIES, parseOptions, UsageError } from './options.ts';
import { Simulation, type SimulationOptions } from './simulation.ts';

const small = { nodes: 4, minutes: 1 };

const run = (options: Partial<SimulationOptions> & { readonly seed: number }) =>
  new Simulation({ ...small, ...options }).run();

describe('simulated networks', () => {
  test.each([9, 12])('seed %i holds', async (seed) => {
    const { problems, blocks } = await run({ seed });
    expect(problems).toEqual([]);
    expect(blocks).toBeGreaterThan(10);
  });

  test('equal seeds give equal runs, whether or not somebody reads along; other seeds give others', async () => {
    const lines: string[] = [];
    const first = await run({ seed: 13 });
    const again = await run({ seed: 13, trace: (line) => lines.push(line) });
    const other = await run({ seed: 14 });
    expect(again).toEqual(first);
    expect(other.hash).not.toBe(first.hash);
    expect(lines.length).toBeGreaterThan(1000);
    expect(lines.some((line) => /n\d .*mines [0-9a-f]{12}/.test(line))).toBe(true);
  });

  test.each(['order-of-arrival', 'listener-throws', 'silent-miner'])('canary %s is caught', async (name) => {
    const canary = CANARIES.find((each) => each.name === name);
    const { problems } = await run({ seed: 6, hooks: canary?.hooks });
    expect(problems).not.toEqual([]);
  });
});

describe('options', () => {
  test('defaults, numbers and switches', () => {
    expect(parseOptions([])).toEqual({
      seeds: 10,
      firstSeed: 1,
      nodes: 8,
      minutes: 60,
      jobs: 1,
      canary: undefined,
      trace: false,
      json: false,
      help: false,
    });
    expect(parseOptions(['--help'])).toMatchObject({ help: true });
    expect(parseOptions(['--seeds', '200', '--first-seed', '7', '--nodes', '3', '--minutes', '5', '--json'])).toEqual(
      expect.objectContaining({ seeds: 200, firstSeed: 7, nodes: 3, minutes: 5, json: true }),
    );
    expect(parseOptions(['--canary', '--trace'])).toMatchObject({ canary: ALL_CANARIES, trace: true });
    expect(parseOptions(['--canary', 'no-relay'])).toMatchObject({ canary: 'no-relay' });
  });

  test('what cannot be understood is refused', () => {
    for (const args of [['--sedes', '3'], ['--seeds'], ['--seeds', '0'], ['--nodes', '1.5'], ['7']]) {
      expect(() => parseOptions(args)).toThrow(UsageError);
    }
  });
});
