import { strict as assert } from 'node:assert';
import { bytesToHex, equalBytes, hexToBytes } from '../../src/util/bytes.ts';
import { encodeFrame, FRAME_HEADER_SIZE } from '../../src/wire/index.ts';
import { decode } from './p2p/compare.ts';
import { NodeReplay, type NodeReplayOptions } from './p2p/node-replay.ts';
import { filteredHeights, recordedFilters, recordedHeights, recordingsIn } from './p2p/recorded-chain.ts';
import { isOwn, type RecordedLine, readTranscript } from './p2p/transcript.ts';
import { statedBy, VirtualTestNode } from './p2p/virtual-node.ts';
import type { Suite, SuiteContext } from './suite.ts';

/** What a scene plays on. */
interface Stage {
  readonly node: VirtualTestNode;
  readonly lines: readonly RecordedLine[];
  /** Hashes of recorded blocks to those of this node's; grows when the node mines. */
  readonly translation: Map<string, string>;
  /** The replay, once it runs. */
  replay: NodeReplay | undefined;
}

/** A recording that needs more than being played, or of which this node differs. */
interface Scene {
  /** Service bits of the node. */
  readonly services?: bigint;
  /** What this node does instead, and why. */
  readonly deviation?: string;
  options?(stage: Stage): NodeReplayOptions;
  /** Looks at what came of it. */
  after?(stage: Stage, replay: NodeReplay): void;
}

const DEFAULT_SERVICES = 0x0dn;
const FILTER_SERVICES = 0x4dn;
const NO_BLOOM_SERVICES = 0x09n;

const endsAfterFirst: Scene = {
  deviation: 'the connection ends after a first message that is no version',
  options: ({ lines }) => {
    const first = lines.find((line) => line.command !== undefined && isOwn(line, 'node'));
    const ended = lines.some(({ event }) => event === 'disconnect');
    // After the end nothing that the client goes on to send is answered.
    return { spares: (line) => line !== first, endsDifferently: () => !ended };
  },
};

const survives: Scene = {
  deviation: 'requests for filters that are not offered are ignored; they crash the recorded node',
  options: () => ({ endsDifferently: () => true }),
  after: ({ node }) => assert.equal(node.handler.operations.connectedCount(), 1),
};

/** Every block that was served is the stored one. */
const servesStoredBlocks: Scene = {
  after: ({ node }, replay) => {
    const messages = [...replay.remotes.values()].flatMap(({ received }) => received);
    const blocks = messages.filter(({ command }) => command === 'block');
    assert(blocks.length > 0);
    for (const { payload } of blocks) {
      const message = decode('block', payload);
      const stored = message.command === 'block' ? node.dag.getBlockBytes(message.block.hash) : undefined;
      assert(stored && equalBytes(payload, stored));
    }
  },
};

/** An inventory of 45,000 transactions, of which the recording has the first ones. */
function completeInventory(start: Uint8Array, magic: number): Uint8Array {
  const entry = 40;
  const count = 45_000;
  const payload = Buffer.alloc(3 + count * entry, 0xff);
  payload.set(start.subarray(FRAME_HEADER_SIZE));
  const recorded = Math.floor((start.length - FRAME_HEADER_SIZE - 3) / entry);
  for (let i = recorded; i < count; i++) {
    payload.writeUInt32LE(1, 3 + i * entry);
    payload.writeUInt32LE(i, 3 + i * entry + 4);
  }
  return encodeFrame('inv', payload, { magic, generation: 2, encoding: 'witness', protocolVersion: 70_013 });
}

/** The nonce of a version message. */
function nonceOf(payload: Uint8Array): bigint {
  const message = decode('version', payload);
  return message.command === 'version' ? message.nonce : 0n;
}

const scenes: Readonly<Record<string, Scene>> = {
  'hostile/ping-before-version': endsAfterFirst,
  'hostile/ping-then-version': endsAfterFirst,
  'hostile/verack-before-version': endsAfterFirst,
  'hostile/cf-index-off-getcfcheckpt-None': survives,
  'hostile/cf-index-off-getcfheaders-0': survives,
  'hostile/cf-index-off-getcfheaders-1': survives,
  'hostile/cf-index-off-getcfilters-1': survives,
  'hostile/cf-index-on-getcfcheckpt-None': { services: FILTER_SERVICES },
  'hostile/cf-index-on-getcfheaders-0': { services: FILTER_SERVICES },
  'hostile/cf-index-on-getcfheaders-1': { services: FILTER_SERVICES },
  'hostile/cf-index-on-getcfilters-1': { services: FILTER_SERVICES },
  'hostile/getdata-known': servesStoredBlocks,
  'hostile/getdata-known-then-unknown-type': {
    deviation: 'an unknown type at the end of a getdata is skipped; it hangs the recorded connection',
    options: () => ({ adds: (text) => text.startsWith('pong') }),
    after: (_, replay) => assert(replay.receivedBy('client').some((text) => text.startsWith('pong'))),
  },
  'hostile/getblocks-intmax': {
    deviation: 'answered at once with an empty list; the recorded node scans 2^31 heights for 75 s',
    options: () => ({ spares: ({ command }) => command === 'inv', adds: (text) => text === 'inv ' }),
    after: (_, replay) => assert(replay.receivedBy('client').includes('inv ')),
  },
  'hostile/inv-45000-tx': {
    deviation: 'the first 5000 of 45,000 entries are looked at, and another peer is served at once, not after 53 s',
    options: ({ node }) => ({
      replace: (bytes, { rawTruncatedFrom }) =>
        rawTruncatedFrom === undefined ? bytes : completeInventory(bytes, node.target.magic),
      spares: ({ command }) => command === 'getdata',
      adds: (text) => text.startsWith('getdata'),
      endsSooner: true,
      // It answers none of the requests in time.
      endsDifferently: (remote) => remote === 'client',
    }),
    after: ({ lines }, replay) => {
      const recorded = lines.find(({ command }) => command === 'getdata')?.payloadHex ?? '';
      const [request] = replay.remote('client').received.filter(({ command }) => command === 'getdata');
      assert.equal(request?.payload.length, 3 + 5000 * 40);
      // Behind the count come the same entries in the same order.
      assert.equal(bytesToHex(request.payload).slice(6, recorded.length), recorded.slice(6));
      assert(replay.remote('client2').closedAt! < 2000);
    },
  },
  'hostile/fake-height': {
    deviation: 'a claimed height that is not shown neither holds up the blocks of others nor answers to getheaders',
    options: () => ({
      spares: ({ command }) => command === 'getdata' || command === 'headers',
      adds: (text, remote) => remote === 'client2' && /^(getdata|headers) /u.test(text),
    }),
    after: ({ node, lines }, replay) => {
      const announced = lines.find((line) => line.command === 'inv' && line.dir === 'client2->node')!;
      const hash = (announced.payloadHex ?? '').slice(10, 74);
      const received = replay.remote('client2').received;
      const requests = received.filter(({ command }) => command === 'getdata');
      assert.equal(bytesToHex(requests[0]!.payload).slice(10, 74), hash);
      const headers = replay.receivedBy('client2').filter((text) => text.startsWith('headers'));
      const wanted = `headers ${node.chain.slice(1).join(' ')}`;
      assert.deepEqual(headers, [wanted, wanted]);
    },
  },
  'hostile/self-nonce': {
    options: (stage) => ({
      replace: (payload, { command, dir }) => {
        if (command !== 'version' || dir !== 'client2->node') return payload;
        // The nonce of this node in place of the recorded one's.
        const own = stage.replay!.remote('client').received.find((message) => message.command === 'version')!;
        const changed = Buffer.from(payload);
        const recorded = Buffer.alloc(8);
        recorded.writeBigUInt64LE(nonceOf(payload));
        changed.writeBigUInt64LE(nonceOf(own.payload), changed.indexOf(recorded));
        return changed;
      },
    }),
  },
  'hostile/sendheaders-then-block': {
    options: ({ node, translation }) => ({
      before: async (line) => {
        if (line.command !== 'headers') return;
        const block = node.nextBlock();
        const message = decode('headers', hexToBytes(line.payloadHex ?? ''));
        const [header] = message.command === 'headers' ? message.headers : [];
        translation.set(Buffer.from(header!.hash).reverse().toString('hex'), node.chain.at(-1)!);
        await node.network.world.waitFor(node.handler.submitBlock(block), 10);
      },
    }),
  },
  'ban/mempool-flood': {
    options: ({ node }) => ({
      before: ({ event, result }) => {
        if (event !== 'rpc-result') return;
        assert(Array.isArray(result));
        const peers = node.handler.operations.peers();
        assert.equal(peers.length, result.length);
        // Scores fade by whole seconds of the wall clock, and when one passed is not recorded.
        for (const [i, { banScore }] of peers.entries()) assert(Math.abs(banScore - result[i]) <= 1);
      },
    }),
    after: ({ node }) => {
      assert.deepEqual(
        node.handler.operations.bans().map(({ host }) => host),
        ['127.0.0.1'],
      );
    },
  },
  'ban/nobloom-filterclear': { services: NO_BLOOM_SERVICES },
  'ban/nobloom-filterload': { services: NO_BLOOM_SERVICES },
  'ban/nobloom-mempool': { services: NO_BLOOM_SERVICES },
  'stall/getdata-unanswered': {
    deviation: 'a height that nobody has shown after some seconds is asked for',
    options: () => ({ adds: (text) => text.startsWith('getblocks') }),
  },
};

async function play(context: SuiteContext, name: string, heights: ReadonlyMap<string, number>): Promise<void> {
  const { lines } = readTranscript(context, `p2p/${name}.jsonl`, 'node');
  const scene = scenes[name] ?? {};
  const { height, time } = statedBy(lines, 'node');
  const { services = DEFAULT_SERVICES } = scene;
  const filters = recordedFilters(lines, (block) => node.dag.blockHeight(block) ?? -1);
  const node: VirtualTestNode = await VirtualTestNode.start({
    time,
    height,
    handler: { services },
    deps: { filters },
  });
  const translation = new Map<string, string>();
  for (const [hash, place] of [...heights, ...filteredHeights(lines, height)]) {
    const own = node.chain[place];
    if (own !== undefined) translation.set(hash, own);
  }
  const stage: Stage = { node, lines, translation, replay: undefined };
  const replay = new NodeReplay(node.target, { lines, self: 'node' }, { translation, ...scene.options?.(stage) });
  stage.replay = replay;
  try {
    await replay.run();
    scene.after?.(stage, replay);
    assert.deepEqual(node.failures, []);
  } finally {
    await node.stop();
  }
}

/** Every recording of a folder, played to a whole node. */
function folderSuite(folder: string): Suite {
  return {
    name: `p2p/${folder}`,
    async run(context) {
      const heights = recordedHeights(context, folder);
      for (const recording of recordingsIn(context, folder)) {
        const name = `${folder}/${recording}`;
        await context.check(recording, () => play(context, name, heights));
        const deviation = scenes[name]?.deviation;
        if (deviation !== undefined) context.deviation(recording, deviation);
      }
    },
  };
}

/** Recorded clients, well behaved and hostile ones, against a whole node in virtual time. */
export const p2pNodeSuites: readonly Suite[] = [folderSuite('hostile'), folderSuite('ban'), folderSuite('stall')];
