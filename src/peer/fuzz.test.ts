import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { networkParams } from '../params/index.ts';
import { sha256d, ZERO_HASH } from '../util/hash.ts';
import type { SeededRandom } from '../util/testing/seeded-random.ts';
import type { Message } from '../wire/index.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { type Harness, harness } from './testing-harness.ts';

const { genesis } = networkParams('simnet');
const vector = { type: 2, hash: ZERO_HASH, height: -1 };
const address = { services: 1n, ip: new Uint8Array(16), port: 1, timestamp: 5 };
const range = { filterType: 0, startHeight: 0, stopHash: ZERO_HASH };

/** One message of (nearly) every kind. */
const samples: readonly Message[] = [
  { command: 'verack' },
  { command: 'getaddr' },
  { command: 'getaddrcache' },
  { command: 'mempool' },
  { command: 'filterclear' },
  { command: 'sendheaders' },
  { command: 'addr', addresses: [address] },
  { command: 'addrcache', addresses: [address, address] },
  { command: 'getblocks', protocolVersion: 70013, locatorHeights: [5], stopHash: ZERO_HASH },
  { command: 'getheaders', protocolVersion: 0, locatorHeights: [], stopHash: ZERO_HASH },
  { command: 'inv', inventory: [vector, vector] },
  { command: 'getdata', inventory: [vector] },
  { command: 'notfound', inventory: [] },
  { command: 'block', block: genesis },
  { command: 'tx', tx: genesis.transactions[0]! },
  { command: 'headers', headers: [genesis.header] },
  { command: 'ping', nonce: 3n },
  { command: 'pong', nonce: 3n },
  { command: 'reject', rejectedCommand: 'tx', code: 1, reason: 'no', hash: ZERO_HASH },
  { command: 'filterload', filter: new Uint8Array(9), hashFunctions: 3, tweak: 1, flags: 0 },
  { command: 'filteradd', data: new Uint8Array(20) },
  { command: 'merkleblock', header: genesis.header, transactionCount: 1, hashes: [ZERO_HASH], flags: Uint8Array.of(1) },
  { command: 'feefilter', minFee: 1000n },
  { command: 'getcfilters', ...range },
  { command: 'getcfheaders', ...range },
  { command: 'getcfcheckpt', filterType: 0, stopHash: ZERO_HASH },
  { command: 'cfilter', filterType: 0, blockHash: ZERO_HASH, filter: new Uint8Array(30) },
  {
    command: 'cfheaders',
    filterType: 0,
    stopHash: ZERO_HASH,
    previousFilterHeader: ZERO_HASH,
    filterHashes: [ZERO_HASH],
  },
  { command: 'cfcheckpt', filterType: 0, stopHash: ZERO_HASH, filterHeaders: [ZERO_HASH] },
  { command: 'alert', payload: new Uint8Array(50), signature: new Uint8Array(70) },
];

/** Changes a frame in one of the ways that break decoders: bits, lengths, counts, truncation, repetition. */
function mutate(frame: Uint8Array, random: SeededRandom): Uint8Array {
  const out = Uint8Array.from(frame);
  const at = random.below(out.length);
  switch (random.below(7)) {
    case 0:
      out[at]! ^= 1 << random.below(8);
      return out;
    case 1:
      return out.subarray(0, at);
    case 2:
      return Uint8Array.from([...out, ...random.bytes(random.below(60))]);
    case 3:
      // A wrong payload under a right checksum gets past the framing.
      for (let i = 0; i < 3; i++) if (out.length > 24) out[24 + random.below(out.length - 24)] = random.below(256);
      out.set(sha256d(out.subarray(24)).subarray(0, 4), 20);
      return out;
    case 4: {
      const short = out.slice(0, Math.max(24, at));
      new DataView(short.buffer).setUint32(16, short.length - 24, true);
      short.set(sha256d(short.subarray(24)).subarray(0, 4), 20);
      return short;
    }
    case 5:
      new DataView(out.buffer).setUint32(16, random.uint32() >>> random.below(32), true);
      return out;
    default:
      return Uint8Array.from([...out.subarray(0, at), ...out.subarray(random.below(at + 1))]);
  }
}

/** What must hold after anything that a remote may send. */
function checkBounds({ peer }: Harness): void {
  const { queuedBytes, bufferedBytes } = peer.stats();
  expect(queuedBytes).toBeLessThanOrEqual(DEFAULT_LIMITS.outputLimit);
  expect(bufferedBytes).toBeLessThanOrEqual(DEFAULT_LIMITS.payload + DEFAULT_LIMITS.readAhead);
  if (!peer.connected) expect(bufferedBytes).toBe(0);
}

/** Ends the session and checks that nothing of it stays behind. */
async function finish(setup: Harness): Promise<void> {
  setup.peer.disconnect('end of test');
  await setup.world.advance(20_000);
  expect(setup.ends).toHaveLength(1);
  await setup.peer.closed;
  expect(setup.world.pendingTimers).toBe(0);
}

describe('whatever a remote sends, a peer neither throws nor grows', () => {
  test('random bytes in random pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 30 }),
        fc.boolean(),
        async (chunks, introduced) => {
          const setup = harness();
          if (introduced) await setup.shake();
          for (const chunk of chunks) {
            setup.remote.sendRaw(chunk);
            await setup.world.settle();
            checkBounds(setup);
          }
          await finish(setup);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('mutated messages of every kind, before and after the handshake, with slow and fast handlers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), async (seed) => {
        const slow = () => new Promise<void>((resolve) => setup.world.timers.after(5, resolve));
        const setup: Harness = harness({
          seed,
          network: seed % 5 === 0 ? 'regtest' : 'simnet',
          link: { first: '127.0.0.1:999', chunk: () => 1 + setup.world.random.below(200) },
          handlers: seed % 2 ? { messages: { inv: slow, block: slow, addr: slow, ping: slow } } : {},
        });
        const { world, remote } = setup;
        const random = world.random.fork('fuzz');
        if (random.chance(0.9)) await setup.shake();
        for (let i = 0; i < 40; i++) {
          const frame = remote.frame(random.pick(samples));
          remote.sendRaw(random.chance(0.3) ? mutate(frame, random) : frame);
          if (random.chance(0.2)) await world.advance(random.below(20));
          checkBounds(setup);
        }
        await world.advance(2_000);
        checkBounds(setup);
        await finish(setup);
      }),
      { numRuns: 400 },
    );
  });

  test('mutated versions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 2 ** 31 }), async (seed) => {
        const setup = harness({ seed, generation: seed % 2 ? 2 : 4, options: { inbound: seed % 3 !== 0 } });
        const { world, remote } = setup;
        remote.sendRaw(mutate(remote.frame(remote.version()), world.random.fork('fuzz')));
        await world.advance(1_000);
        checkBounds(setup);
        await finish(setup);
      }),
      { numRuns: 300 },
    );
  });

  test('a valid session goes on after valid messages of every kind', async () => {
    const setup = harness();
    await setup.shake();
    for (const message of samples) if (message.command !== 'verack') setup.remote.send(message);
    setup.remote.send({ command: 'ping', nonce: 99n });
    await setup.world.settle();
    expect(setup.remote.all('pong').at(-1)).toEqual({ command: 'pong', nonce: 99n });
  });

  test('announced lengths take no memory', async () => {
    const setup = harness({ link: { buffer: 1 << 30 } });
    await setup.shake();
    const header = setup.remote.frame({ command: 'block', block: genesis }).slice(0, 24);
    new DataView(header.buffer).setUint32(16, 4_000_000, true);
    setup.remote.sendRaw(header);
    for (let i = 0; i < 100; i++) {
      setup.remote.sendRaw(new Uint8Array(100));
      await setup.world.settle();
      expect(setup.peer.stats().bufferedBytes).toBe(100 * (i + 1));
    }
  });
});
