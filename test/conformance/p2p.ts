import { strict as assert } from 'node:assert';
import { bytesToHex, equalBytes, hexToBytes } from '../../src/util/bytes.ts';
import { hashToHex } from '../../src/util/hash.ts';
import type { Block } from '../../src/wire/index.ts';
import { decode, tipsHashOf } from './p2p/compare.ts';
import type { RecordedRemote } from './p2p/recorded-remote.ts';
import { Replay, type ReplayOptions } from './p2p/replay.ts';
import { TestNode } from './p2p/test-node.ts';
import {
  blocksSentBy,
  minedCount,
  type RecordedLine,
  readTranscript,
  remoteOf,
  sortByParents,
  type Transcript,
} from './p2p/transcript.ts';
import type { Suite, SuiteContext } from './suite.ts';

const GETBLOCKS_HEIGHT_31 = '7d110100011f0000000000000000000000000000000000000000000000000000000000000000000000';

/** The time of a recording, Unix seconds: that of its first version message. */
function timeOf(lines: readonly RecordedLine[]): number {
  const line = lines.find(({ command }) => command === 'version');
  const version = decode('version', hexToBytes(line?.payloadHex ?? ''));
  return version.command === 'version' ? Number(version.timestamp) : 0;
}

/** Blocks that a side mines in the course of a recording: the first ones it sends after each note. */
function minedBy(lines: readonly RecordedLine[], side: string): Block[] {
  const mined: Block[] = [];
  for (const [i, line] of lines.entries()) mined.push(...blocksSentBy(lines, side, i).slice(0, minedCount(line, side)));
  return mined;
}

/** Replays one recording with this node in the part of `self`, and compares the end state. */
async function play(transcript: Transcript, initial: readonly Block[], options: ReplayOptions = {}): Promise<TestNode> {
  const { lines, self } = transcript;
  const mined = minedBy(lines, self);
  const minedHashes = new Set(mined.map(({ hash }) => hashToHex(hash)));
  const before = initial.filter(({ hash }) => !minedHashes.has(hashToHex(hash)));
  const node = new TestNode(timeOf(lines));
  node.load(sortByParents(before));
  await node.start({ reconcileDelay: 3_600_000 });
  try {
    const replay = new Replay(node, transcript, { mined, ...options });
    await replay.run();
    const remotes = new Set(lines.flatMap((line) => remoteOf(line, self) ?? []));
    const received = [...remotes].flatMap((side) => blocksSentBy(lines, side));
    const all = [...before, ...mined, ...received];
    assert.equal(hashToHex(node.dag.snapshot().hash), tipsHashOf(all));
    assert(replay.compared > 0);
    return node;
  } finally {
    await node.stop();
  }
}

/** A suite that plays both sides of a recording between two nodes. */
function bothSides(
  name: string,
  sides: readonly [string, string],
  initial: (lines: readonly RecordedLine[], self: string, context: SuiteContext) => readonly Block[],
  options: (self: string, context: SuiteContext) => ReplayOptions = () => ({}),
): Suite {
  return {
    name: `p2p/${name}`,
    async run(context) {
      for (const self of sides) {
        await context.check(`as ${self}`, async () => {
          const transcript = readTranscript(context, `p2p/${name}.jsonl`, self);
          await play(transcript, initial(transcript.lines, self, context), options(self, context));
        });
      }
    },
  };
}

const handshake: Suite = {
  name: 'p2p/01-handshake',
  async run(context) {
    for (const self of ['A', 'B']) {
      await context.check(`as ${self}`, async () => {
        const transcript = readTranscript(context, 'p2p/01-handshake.jsonl', self);
        const node = new TestNode(timeOf(transcript.lines));
        await node.start();
        const seen: unknown[] = [];
        const replay = new Replay(node, transcript, {
          before: async (line) => {
            if (line.command !== 'ping') return;
            // Both versions and veracks: 196 bytes in each direction.
            while (node.handler.operations.netTotals().bytesReceived < 196) await nextTurn();
            seen.push(...node.handler.operations.peers());
            if (line.dir?.startsWith(self)) node.handler.operations.pingAll();
          },
        });
        try {
          await replay.run();
          comparePeerInfo(seen[0], context.json<readonly unknown[]>('p2p/01-getpeerinfo.json')[self === 'A' ? 0 : 1]);
        } finally {
          await node.stop();
        }
      });
    }
  },
};

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Compares what the node says of its peer with what the recorded one said. */
function comparePeerInfo(actual: unknown, recorded: unknown): void {
  assert(Array.isArray(recorded) && typeof actual === 'object' && actual !== null);
  const [expected] = recorded;
  const own = new Map<string, unknown>(Object.entries(actual));
  const names = {
    services: 'services',
    relaytxes: 'relaysTransactions',
    bytessent: 'bytesSent',
    bytesrecv: 'bytesReceived',
  };
  const more = { version: 'protocolVersion', subver: 'userAgent', inbound: 'inbound', startingheight: 'startHeight' };
  const rest = {
    banscore: 'banScore',
    feefilter: 'feeFilter',
    syncnode: 'isSyncPeer',
    pingtime: 'pingMicros',
    id: 'id',
  };
  for (const [theirs, ours] of Object.entries({ ...names, ...more, ...rest })) {
    const value = own.get(ours);
    const comparable = typeof value === 'bigint' ? Number(value) : value;
    const wanted = theirs === 'services' ? Number(expected[theirs]) : expected[theirs];
    assert.deepEqual(comparable, wanted, theirs);
  }
}

/** Blocks that both sides of 04 begin with: the DAG that 03 transferred. */
function dagOf03(context: SuiteContext): Block[] {
  return blocksSentBy(context.lines<RecordedLine>('p2p/03-initial-sync-60.jsonl'), 'A');
}

/** Genesis' first child among the blocks, and a block on it alone. */
function chainOfTwo(blocks: readonly Block[]): Block[] {
  const first = blocks[0]!;
  const second = blocks.find(({ parentHashes: [parent, ...more] }) => {
    return parent && more.length === 0 && equalBytes(parent, first.hash);
  });
  return second ? [first, second] : [];
}

/** In 04 the recorded D was still occupied with an earlier connection; a node of its own asks as A does. */
async function asksForMore(remote: RecordedRemote): Promise<void> {
  const isQuestion = ({ command, payload }: { command: string; payload: Uint8Array }) =>
    command === 'getblocks' && bytesToHex(payload) === GETBLOCKS_HEIGHT_31;
  await remote.take(isQuestion, 'getblocks 31');
  remote.sendHex('inv', '00');
}

const initialSync: Suite = {
  name: 'p2p/03-initial-sync-60',
  async run(context) {
    const lines = context.lines<RecordedLine>('p2p/03-initial-sync-60.jsonl');
    const result =
      context.json<Record<string, { hash: string; blkcount: number; maxheight: number }>>('p2p/03-result.json');
    for (const self of ['A', 'D']) {
      await context.check(`as ${self}`, async () => {
        const node = await play({ lines, self }, self === 'A' ? blocksSentBy(lines, 'A') : []);
        node.dag.open();
        const { hash, blockCount, maxHeight } = node.dag.snapshot();
        const { hash: wanted, blkcount, maxheight } = result[self]!;
        assert.deepEqual([hashToHex(hash), blockCount, maxHeight], [wanted, blkcount, maxheight]);
      });
    }
  },
};

/** Plays recordings of a client against a node. */
function clientSuite(
  name: string,
  recordings: readonly ClientRecording[],
  note?: (context: SuiteContext) => void,
): Suite {
  return {
    name: `p2p/${name}`,
    async run(context) {
      for (const { recording, initial, ...options } of recordings) {
        await context.check(recording, async () => {
          const transcript = readTranscript(context, `p2p/${name}/${recording}.jsonl`, 'node');
          await play(transcript, initial?.(context) ?? [], options);
        });
      }
      note?.(context);
    },
  };
}

/** One recording of a client. */
interface ClientRecording extends Pick<ReplayOptions, 'followClock' | 'adds'> {
  readonly recording: string;
  /** Blocks that the node begins with. */
  readonly initial?: (context: SuiteContext) => readonly Block[];
}

/** Recorded nodes ask for the parents of orphans one generation a round trip, however many there are. */
const asksForLists: Pick<ReplayOptions, 'adds'> = { adds: ({ command }) => command === 'getblocks' };

const namesDifferences = (context: SuiteContext) => {
  announcesNothingBack(context);
  context.deviation('orphans', 'where several generations are missing this node also asks for a list of them');
};

const announcesNothingBack = (context: SuiteContext) =>
  context.deviation(
    'announcing blocks',
    'recorded nodes announce blocks that they fetched as parents back to their source; this node does not',
  );

/** Recorded conversations of nodes, this node in the part of either side. */
export const p2pSuites: readonly Suite[] = [
  handshake,
  bothSides(
    '02-fork-merge',
    ['A', 'B'],
    (lines, self) => blocksSentBy(lines, self),
    (self, context) => {
      if (self === 'A') namesDifferences(context);
      return asksForLists;
    },
  ),
  initialSync,
  bothSides(
    '04-block-relay',
    ['A', 'D'],
    (_lines, _self, context) => dagOf03(context),
    (self, context) => {
      if (self !== 'D') return {};
      context.deviation('as D, first getblocks', 'the recorded D still synchronised over an earlier connection');
      return { afterHandshake: asksForMore };
    },
  ),
  bothSides(
    '06-initial-sync-505',
    ['A', 'D'],
    (lines, self) => (self === 'A' ? blocksSentBy(lines, 'A') : []),
    () => ({
      // Recorded nodes take minutes for these blocks, long enough for a ping.
      spares: ({ command }) => command === 'ping',
    }),
  ),
  clientSuite(
    'orphan',
    [
      { recording: 'sync-tip-first', ...asksForLists },
      { recording: 'relay-orphan-inv', ...asksForLists },
      // The client claims more than it serves: after a while this node asks it to show what is there.
      { recording: 'parent-notfound', followClock: true, ...asksForLists },
    ],
    namesDifferences,
  ),
  // The recorded node had two other blocks; any two will do.
  clientSuite('reject', [{ recording: 'tx-and-block', initial: (context) => chainOfTwo(dagOf03(context)) }]),
];
