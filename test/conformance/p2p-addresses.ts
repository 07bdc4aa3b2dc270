import { strict as assert } from 'node:assert';
import { LocalPriority } from '../../src/addrmgr/index.ts';
import { networkParams } from '../../src/params/index.ts';
import { ScriptedRemote } from '../../src/peer/testing-remote.ts';
import { hexToBytes } from '../../src/util/bytes.ts';
import { ipFromString, type NetAddress } from '../../src/wire/index.ts';
import { decode } from './p2p/compare.ts';
import { addressText } from './p2p/essence.ts';
import { NodeReplay } from './p2p/node-replay.ts';
import { isOwn, type RecordedLine, readTranscript } from './p2p/transcript.ts';
import { statedBy, type VirtualNodeOptions, VirtualTestNode } from './p2p/virtual-node.ts';
import type { Suite, SuiteContext } from './suite.ts';

const TESTNET = networkParams('testnet1');
/** Addresses told in answer to getaddr, in percent of those that are known. */
const SHARE_PERCENT = 23;
/** Addresses that a peer may tell unasked. */
const UNASKED = 1000;
/** What the recorded node was connected with when a client asked it for addresses. */
const PEERS_OF_B = ['127.0.0.1:19212', '127.0.0.1:19214'];
/** Where the recorded node says that it can be reached. */
const OWN_ADDRESS = { services: 0x0dn, ip: ipFromString('93.184.216.35')!, port: 5070 };

function nodeFor(lines: readonly RecordedLine[], self: string, options: Partial<VirtualNodeOptions> = {}) {
  return VirtualTestNode.start({ time: statedBy(lines, self).time, ...options });
}

/** Lets the node connect with honest peers that say nothing. */
async function connectPeers(node: VirtualTestNode, addresses: readonly string[]): Promise<void> {
  const { network, dial } = node.target;
  for (const address of addresses) {
    const accepting = network.listen(address).accept();
    dial(address);
    const remote = new ScriptedRemote(await network.world.waitFor(accepting, 1000), networkParams('simnet'));
    remote.introduce();
  }
  await network.world.advance(10);
}

/** Addresses of all messages of a command. */
function addressesIn(messages: Iterable<{ readonly command: string; readonly payload: Uint8Array }>, wanted: string) {
  const found: NetAddress[] = [];
  for (const { command, payload } of messages) {
    if (command !== wanted) continue;
    const message = decode(command, payload);
    if ('addresses' in message) found.push(...message.addresses);
  }
  return found;
}

/** What the other sides told the node. */
function told(lines: readonly RecordedLine[], self: string): NetAddress[] {
  const foreign = lines.filter((line) => line.command !== undefined && !isOwn(line, self));
  return addressesIn(
    foreign.map(({ command = '', payloadHex = '' }) => ({ command, payload: hexToBytes(payloadHex) })),
    'addr',
  );
}

function texts(addresses: readonly NetAddress[]): string[] {
  return addresses.map(addressText);
}

async function run(node: VirtualTestNode, body: () => Promise<void>): Promise<void> {
  try {
    await body();
    assert.deepEqual(node.failures, []);
  } finally {
    await node.stop();
  }
}

/** A client that asks a node with two outgoing connections, tells it two addresses, and asks again. */
async function client(context: SuiteContext): Promise<void> {
  const transcript = readTranscript(context, 'p2p/addr/getaddrcache-client.jsonl', 'node');
  const node = await nodeFor(transcript.lines, 'node');
  await run(node, async () => {
    await connectPeers(node, PEERS_OF_B);
    const calls = new RpcCalls(node, 'node');
    await new NodeReplay(node.target, transcript, { before: (line) => calls.follow(line) }).run();
    calls.compare(1);
  });
}

/** Calls of RPC getaddrcache, which also asks all peers, and what they gave when recorded. */
class RpcCalls {
  readonly #node: VirtualTestNode;
  readonly #self: string;
  readonly #results: unknown[] = [];
  readonly #recorded: unknown[] = [];

  constructor(node: VirtualTestNode, self: string) {
    this.#node = node;
    this.#self = self;
  }

  /** To be called in front of each line: the call itself shows in what the node asks of its peers. */
  follow(line: RecordedLine): void {
    if (line.command === 'getaddrcache' && isOwn(line, this.#self)) {
      this.#results.push({ addresses: this.#node.handler.operations.addressCache() });
    }
    if (line.event === 'rpc-result') this.#recorded.push(line.result);
  }

  compare(calls: number): void {
    assert.deepEqual(this.#results, this.#recorded);
    assert.equal(this.#results.length, calls);
  }
}

/** Two nodes: A dials B and is asked twice by RPC for addresses; B has two other connections. */
async function simnet(context: SuiteContext, self: string): Promise<void> {
  const transcript = readTranscript(context, 'p2p/addr/getaddrcache-simnet.jsonl', self);
  const node = await nodeFor(transcript.lines, self);
  await run(node, async () => {
    if (self === 'B') await connectPeers(node, PEERS_OF_B);
    const calls = new RpcCalls(node, self);
    await new NodeReplay(node.target, transcript, { before: (line) => calls.follow(line) }).run();
    // They are calls of A.
    if (self === 'A') calls.compare(2);
  });
}

/** A testnet node that is told addresses by one client and asked for them by two. */
async function exchange(context: SuiteContext): Promise<void> {
  const transcript = readTranscript(context, 'p2p/addr/testnet-addr-getaddr.jsonl', 'node');
  const node = await nodeFor(transcript.lines, 'node', { params: TESTNET, handler: { connectOnly: ['127.0.0.1:1'] } });
  await run(node, async () => {
    const isAnswer = (command: string) => command === 'addr' || command === 'addrcache';
    const replay = new NodeReplay(node.target, transcript, {
      spares: ({ command }) => command !== undefined && isAnswer(command),
      // Only the client that told nothing is told something.
      adds: (text, remote) => remote === 'client2' && isAnswer(text.split(' ')[0]!),
    });
    await replay.run();
    const { received } = replay.remote('client2');
    const known = node.handler.operations.load().addresses;
    const offered = new Set(texts(told(transcript.lines, 'node').slice(0, UNASKED)));
    const shared = texts(addressesIn(received, 'addr'));
    assert.equal(shared.length, Math.floor((known * SHARE_PERCENT) / 100));
    const all = texts(addressesIn(received, 'addrcache'));
    assert(known > 900 && all.length > 900 && all.length <= known);
    for (const list of [shared, all]) {
      assert.equal(new Set(list).size, list.length);
      for (const text of list) assert(offered.has(text), text);
    }
    // What nobody outside can reach was not kept.
    for (const text of all) assert(!/^(10|127|192\.168|172\.16|169\.254|0)\./u.test(text), text);
  });
}

/** The outgoing handshake of a node that can be reached: says where, and asks for addresses. */
async function outbound(context: SuiteContext): Promise<void> {
  const transcript = readTranscript(context, 'p2p/addr/testnet-outbound-handshake.jsonl', 'U');
  const node = await nodeFor(transcript.lines, 'U', {
    params: TESTNET,
    handler: { targetOutbound: 0 },
  });
  node.handler.addLocalAddress(OWN_ADDRESS, LocalPriority.manual);
  await run(node, async () => {
    await new NodeReplay(node.target, transcript).run();
    assert.equal(node.handler.operations.load().addresses, told(transcript.lines, 'U').length);
  });
}

/** The other side of the same: a node that begins with the recorded node's file of addresses. */
async function inbound(context: SuiteContext): Promise<void> {
  const transcript = readTranscript(context, 'p2p/addr/testnet-outbound-handshake.jsonl', 'T');
  const text = JSON.stringify(context.json<unknown>('p2p/addr/peers-testnet-node.json'));
  const never = () => Promise.resolve();
  const peersFile = { load: () => Promise.resolve(text), save: never, setAside: never };
  const node = await nodeFor(transcript.lines, 'T', {
    params: TESTNET,
    handler: { targetOutbound: 0 },
    deps: { peersFile },
  });
  await run(node, async () => {
    const replay = new NodeReplay(node.target, transcript, {
      spares: ({ command }) => command === 'addr',
      adds: (message) => message.startsWith('addr '),
    });
    await replay.run();
    const shared = addressesIn(replay.remote('U').received, 'addr');
    const recorded = addressesIn(
      transcript.lines
        .filter((line) => isOwn(line, 'T'))
        .map(({ command = '', payloadHex = '' }) => ({ command, payload: hexToBytes(payloadHex) })),
      'addr',
    );
    assert.equal(shared.length, recorded.length);
    for (const address of shared) assert(text.includes(addressText(address).split(' ')[0]!));
  });
}

/** Recorded exchanges of addresses, this node in the part of either side. */
export const p2pAddressSuites: readonly Suite[] = [
  {
    name: 'p2p/addr',
    async run(context) {
      await context.check('getaddrcache-client', () => client(context));
      for (const self of ['A', 'B']) await context.check(`getaddrcache-simnet as ${self}`, () => simnet(context, self));
      await context.check('testnet-addr-getaddr', () => exchange(context));
      context.deviation(
        'testnet-addr-getaddr',
        `of addresses told unasked ${UNASKED} are kept, then one in ten seconds; addrcache names IPv4 addresses only`,
      );
      await context.check('testnet-outbound-handshake as U', () => outbound(context));
      await context.check('testnet-outbound-handshake as T', () => inbound(context));
    },
  },
];
