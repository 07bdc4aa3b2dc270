import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { networkParams, userAgent } from '../../src/params/index.ts';
import { Peer, SentNonces } from '../../src/peer/index.ts';
import { transportPair } from '../../src/peer/testing.ts';
import { ScriptedRemote } from '../../src/peer/testing-remote.ts';
import { hexToBytes } from '../../src/util/bytes.ts';
import { silentLogger } from '../../src/util/log.ts';
import { VirtualWorld } from '../../src/util/testing/virtual-world.ts';
import { type Command, decodePayload, encodeFrame, type Generation, type Message } from '../../src/wire/index.ts';
import type { Suite } from './suite.ts';

/** One line of a recording. */
interface Line {
  readonly t_ms: number;
  readonly dir?: string;
  readonly event?: string;
  readonly command?: string;
  readonly payloadHex?: string;
  readonly rawHex?: string;
}

/** Recordings in which everything the node does is decided by its peer layer. */
const recordings: readonly string[] = [
  ...['handshake-normal', 'no-verack', 'duplicate-verack', 'duplicate-version', 'genesis-wrong'],
  ...['-1', '0', '208', '209', '31401', '60000', '60001', '60002', '70001', '70002', '70012', '70013', '70020'].map(
    (version) => `pver-${version}`,
  ),
  ...['empty', 'gen4', 'comment-gen4', 'major2-other', 'other-client', 'soterd-bad-semver'].map((name) => `ua-${name}`),
  ...['ua-len-238', 'ua-len-256', 'ua-len-257'],
  ...['version-no-relay-byte', 'version-trailing-bytes', 'version-truncated-minimal', 'version-truncated-no-genesis'],
  ...['bad-checksum-version', 'wrong-magic-first', 'unknown-command-first'],
  ...['bad-checksum-after', 'wrong-magic-after', 'unknown-command-after', 'nonutf8-command', 'verack-with-payload'],
  ...['oversize-command', 'oversize-global', 'inv-45001', 'inv-50001', 'inv-count-lies', 'inv-short', 'addr-1001'],
  ...['getblocks-2-locators', 'pong-unsolicited', 'alert', 'reject-unsolicited', 'notfound-unsolicited'],
  ...['ping-before-version', 'ping-then-version', 'verack-before-version'],
].map((name) => `hostile/${name}`);

const generation4 = [
  ...['duplicate-version', 'genesis-wrong', 'ping-before-version', 'pver-208', 'pver-209', 'ua-gen2', 'ua-other'],
  'verack-before-version',
].map((name) => `hostile-gen4/${name}`);

/** Recordings that need more of a generation 4 node than its peer layer. */
const wholeNodes4 = [
  '07-gen4-initial-sync',
  ...['addrcache-ipv6', 'block-unrequested', 'getaddrcache', 'getcfilters-default'].map(
    (name) => `hostile-gen4/${name}`,
  ),
];

/** The node goes on after a first message that is no version; we close, as generation 4 does. */
const closesInstead = new Set(['ping-before-version', 'ping-then-version', 'verack-before-version']);

/** What the peer layer itself sends. */
const own = new Set<string>(['version', 'verack', 'pong', 'reject']);

/** What two runs must have in common of a message: everything but times, nonces, heights and ports. */
function essence(message: Message): unknown {
  switch (message.command) {
    case 'version': {
      const { command, protocolVersion, userAgent: agent, genesisHash, relay, sender } = message;
      return {
        command,
        protocolVersion,
        agent,
        genesisHash: [...genesisHash],
        relay,
        sender: [...sender.ip],
        port: sender.port,
      };
    }
    case 'reject':
      return { ...message, reason: message.reason.replace(/127\.0\.0\.1:\d+/u, 'HOST:PORT'), hash: undefined };
    default:
      return message;
  }
}

/** Plays the client's part to a peer and compares what comes back with what the recorded node sent. */
async function replay(lines: readonly Line[], generation: Generation, deviates: boolean): Promise<void> {
  const world = new VirtualWorld();
  const params = networkParams('simnet', generation);
  const context = { magic: params.magic, generation, encoding: 'witness', protocolVersion: 70013 } as const;
  const [far, near] = transportPair(world, { first: '127.0.0.1:50000', second: '127.0.0.1:18555' });
  const peer = new Peer(
    { params, inbound: true, services: generation === 2 ? 0x0dn : 0x4dn, userAgent: userAgent(generation) },
    {
      transport: near,
      world,
      logger: silentLogger,
      nonces: new SentNonces(),
      nextId: () => 1,
      newestHeight: () => 0,
      handlers: {},
    },
  );
  const remote = new ScriptedRemote(far, params);
  peer.start();
  const expected: unknown[] = [];
  let closedAt: number | undefined;
  for (const line of lines) {
    await world.advance(Math.max(0, line.t_ms - world.elapsed));
    if (line.dir?.startsWith('client')) {
      if (line.rawHex !== undefined) remote.sendRaw(hexToBytes(line.rawHex));
      else if (line.command !== undefined)
        remote.sendRaw(frame(line.command, hexToBytes(line.payloadHex ?? ''), params.magic));
    } else if (line.event === 'disconnect') {
      closedAt = line.t_ms;
    } else if (line.command !== undefined && own.has(line.command)) {
      const payload = hexToBytes(line.payloadHex ?? '');
      expected.push(essence(decodePayload(line.command, payload, context)));
    }
  }
  // The recorded time of an end includes the recorder's own delays.
  await world.advance(50);
  const received = remote.received.map(essence);
  if (deviates) {
    deepStrictEqual(received, expected.slice(0, 1));
    ok(remote.closed, 'must be closed');
    return;
  }
  deepStrictEqual(received, expected);
  strictEqual(remote.closed, closedAt !== undefined, 'end of the connection');
}

/** A frame of any command, also of one that does not exist. */
function frame(command: string, payload: Uint8Array, magic: number): Uint8Array {
  const context = { magic, generation: 2, encoding: 'witness', protocolVersion: 70013 } as const;
  // Framing an unlimited command and renaming it afterwards gets around the limits of the sender.
  const bytes = encodeFrame('alert' satisfies Command, payload, context);
  bytes.set(Buffer.from(command.padEnd(12, '\0'), 'latin1'), 4);
  return bytes;
}

/** Peers alone, without anybody behind them, against recorded clients in virtual time. */
export const peerSuites: readonly Suite[] = [
  {
    name: 'p2p/peer',
    async run({ check, deviation, skip, lines }) {
      for (const [names, generation] of [
        [recordings, 2],
        [generation4, 4],
        [['stall/no-version', 'stall/no-verack'], 2],
      ] as const) {
        for (const name of names) {
          const deviates = generation === 2 && closesInstead.has(name.slice(name.indexOf('/') + 1));
          await check(name, () => replay(lines<Line>(`p2p/${name}.jsonl`), generation, deviates));
          if (deviates) deviation(name, 'the connection ends after a first message that is no version');
        }
      }
      for (const name of wholeNodes4)
        skip(name, 'a conversation with a whole node of generation 4, which is not built');
    },
  },
];
