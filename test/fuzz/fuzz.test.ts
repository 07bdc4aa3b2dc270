/**
 * Goal: nothing that arrives at the P2P port brings a node down or keeps it from serving others. Method: thousands of
 * mutated messages against a whole node in virtual time, with honest peers beside the attackers. `npm run fuzz` does the
 * same to a process, over TCP and at length.
 */
import { describe, expect, test } from 'vitest';
import { networkParams } from '../../src/params/index.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { COMMANDS, decodePayload, encodeMessage, WireError } from '../../src/wire/index.ts';
import { makeChain } from './chain.ts';
import { makeSamples } from './corpus.ts';
import { fuzz } from './fuzzer.ts';
import { StrangeMessages } from './meaning.ts';
import { MemoryWatch } from './memory-watch.ts';
import { frameOf, mutatePayload } from './mutations.ts';
import { parseOptions, UsageError } from './options.ts';
import { VirtualTarget } from './virtual-target.ts';

const params = networkParams('simnet');
const context = { magic: params.magic, generation: 2, encoding: 'witness', protocolVersion: 70_013 } as const;

function isReadable(command: string, payload: Uint8Array): boolean {
  try {
    return decodePayload(command, payload, context).command === command;
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}

async function attack(seed: string, messages: number) {
  const target = new VirtualTarget(seed);
  await target.start();
  const time = Math.floor(target.world.now / 1000);
  const run = fuzz(target, { seed, messages, connections: 6, time, conversations: [] });
  const result = await target.world.waitFor(run, 24 * 3600_000);
  await target.world.waitFor(target.stop(), 60_000);
  return { result, problems: [...target.problems, ...result.problems], hash: target.hash };
}

describe('a node under mutated messages', () => {
  test('lives, keeps its bounds and serves honest peers', async () => {
    const { result, problems } = await attack('1', 4000);
    expect(problems).toEqual([]);
    expect(result.sent).toBe(4000);
    expect(result.events.get('unanswered')).toBe(0);
    expect(result.events.get('delivered')).toBeGreaterThan(100);
    for (const command of COMMANDS) expect(result.commands.get(command), command).toBeGreaterThan(0);
    for (const times of Object.values(result.times)) expect(times.length).toBeGreaterThan(0);
    expect(result.blocks.after).toBeGreaterThan(result.blocks.before);
  });

  test('does the same again from the same seed', async () => {
    const first = await attack('2', 500);
    const again = await attack('2', 500);
    const other = await attack('3', 500);
    expect(again.hash).toBe(first.hash);
    expect(other.hash).not.toBe(first.hash);
  });
});

describe('what is sent', () => {
  const chain = makeChain(params, 'test', 1_800_000_000);

  test('there are well-formed messages of all 31 commands to begin with', () => {
    const samples = makeSamples(chain, new SeededRandom('samples'));
    expect([...samples.keys()]).toEqual([...COMMANDS]);
    expect(COMMANDS).toHaveLength(31);
    for (const [command, list] of samples) {
      const readable = list.filter(({ payload }) => isReadable(command, payload));
      // A transaction without inputs, alone or in a block, has no form that can be read back.
      expect(readable.length, command).toBeGreaterThan(command === 'block' || command === 'tx' ? 20 : 39);
    }
  });

  test('frames are as the node makes them', () => {
    const message = { command: 'ping', nonce: 77n } as const;
    const frame = encodeMessage(message, context);
    expect(Uint8Array.from(frameOf(params.magic, 'ping', frame.subarray(24)))).toEqual(frame);
  });

  test('the same randomness gives the same messages, and mutations change most payloads', () => {
    const make = () => {
      const random = new SeededRandom('same');
      const strange = new StrangeMessages(chain, random);
      return Array.from({ length: 200 }, () => encodeMessage(strange.next(), context));
    };
    expect(make()).toEqual(make());
    const random = new SeededRandom('mutations');
    const payload = random.bytes(100);
    const mutated = Array.from({ length: 200 }, () => mutatePayload(payload, random, random.bytes(50)));
    const changed = mutated.filter((bytes) => Buffer.compare(bytes, payload) !== 0);
    expect(changed.length).toBeGreaterThan(150);
  });
});

describe('memory', () => {
  const allowed = { share: 0.15, bytes: 64 * 2 ** 20 };
  const watch = (bytesAt: (progress: number) => number) => {
    const memory = new MemoryWatch(1_000_000, allowed);
    for (let progress = 0; progress <= 1; progress += 0.005) memory.add(progress, bytesAt(progress));
    return memory;
  };

  test('growth after the first tenth is reported, what comes before and short peaks are not', () => {
    const megabyte = 2 ** 20;
    expect(watch((progress) => (progress < 0.1 ? 50 : 300) * megabyte).problems('live')).toEqual([]);
    expect(
      watch((progress) => (Math.round(progress * 200) % 40 === 0 ? 900 : 300) * megabyte).problems('live'),
    ).toEqual([]);
    expect(watch((progress) => (100 + 400 * progress) * megabyte).problems('live')).toHaveLength(1);
    expect(new MemoryWatch(1_000_000, allowed).problems('live')).toEqual([]);
  });

  test('short runs are not judged', () => {
    const memory = new MemoryWatch(10_000, allowed);
    for (let progress = 0; progress <= 1; progress += 0.05) memory.add(progress, progress * 1e9);
    expect(memory.problems('live')).toEqual([]);
  });
});

describe('options', () => {
  test('defaults, values, and what cannot be understood', () => {
    expect(parseOptions([], 5)).toMatchObject({ messages: 20_000, seed: '1', connections: 8, time: 5, help: false });
    expect(parseOptions(['--messages', '7', '--seed', 'x', '--json'], 5)).toMatchObject({
      messages: 7,
      seed: 'x',
      json: true,
    });
    for (const args of [['--messages', '0'], ['--massages', '1'], ['7'], ['--time', 'now']]) {
      expect(() => parseOptions(args, 5)).toThrow(UsageError);
    }
  });
});
