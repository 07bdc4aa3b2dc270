import { startNode } from '../../src/node/testing/running-node.ts';
import { splitHostPort } from '../../src/util/host-port.ts';
import { callRpc } from './rpc-client.ts';
import { checkResult, compareAnswer, type RecordedAnswer, withoutParents } from './rpc-compare.ts';
import { ADMIN, MINING_ADDRESS } from './rpc-node.ts';
import type { Suite, SuiteContext } from './suite.ts';

/** An entry of a recording in which blocks are mined, so that hashes differ in each run. */
interface LiveEntry extends RecordedAnswer {
  readonly method: string;
  readonly params: unknown;
  /** Parameters with a place for the name of an earlier template. */
  readonly paramsTemplate?: unknown;
  readonly server?: string;
  /** The node that was asked, if it is not the usual one. */
  readonly node?: string;
}

/** The answer waits for this to have happened; the recorder began it two seconds later. */
const LONG_POLL = 'getblocktemplate longpoll';

/** Runs work with a complete node: database, sockets, RPC and miner. */
async function withNode(
  args: readonly string[],
  work: (port: number, p2pAddress: string) => Promise<void>,
): Promise<void> {
  const { node, stop } = await startNode([
    '--notls',
    '--rpcuser=user',
    '--rpcpass=pass',
    '--rpclisten=127.0.0.1:0',
    ...args,
  ]);
  try {
    await work(Number(splitHostPort(node.rpcAddresses[0]).port), node.p2pAddresses[0] ?? '');
  } finally {
    await stop();
  }
}

async function play(context: SuiteContext, port: number, entries: readonly LiveEntry[]): Promise<void> {
  let longPollId = '';
  for (const entry of entries) {
    const params = JSON.parse(JSON.stringify(entry.paramsTemplate ?? entry.params).replace('{{lp}}', longPollId));
    const answer = callRpc(port, ADMIN, entry.method, params);
    if (entry.name === LONG_POLL) await callRpc(port, ADMIN, 'generate', [1]);
    const { status, body } = await answer;
    if (entry.name === 'getblocktemplate') longPollId = JSON.parse(body).result.longpollid;
    await context.check(entry.name, () => {
      checkResult(entry.method, body);
      compareAnswer(entry, status, withoutParents(entry.method, body));
    });
  }
}

/** Mining by RPC: a complete node answers what recorded nodes did. */
const liveGenerate: Suite = {
  name: 'rpc/live-generate',
  async run(context) {
    const { entries } = context.json<{ readonly entries: readonly LiveEntry[] }>('rpc/live-generate.json');
    await withNode(['--nolisten', `--miningaddr=${MINING_ADDRESS}`], (port) =>
      play(
        context,
        port,
        entries.filter(({ server }) => server === undefined),
      ),
    );
    await withNode(['--nolisten'], (port) =>
      play(
        context,
        port,
        entries.filter(({ server }) => server !== undefined),
      ),
    );
  },
};

/** Where entries of the other node go. */
const OTHER_NODE = 'pb1';

/** What the recorder waited for before an entry. */
const CONNECTIONS_BEFORE: Readonly<Record<string, number>> = {
  getconnectioncount: 1,
  'getconnectioncount after remove': 0,
  'getconnectioncount after temp connect': 1,
  'getconnectioncount after disconnect': 0,
};

async function result(port: number, method: string): Promise<unknown> {
  return JSON.parse((await callRpc(port, ADMIN, method, [])).body).result;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((wake) => setTimeout(wake, 20));
}

/** Answers that need not be alike: members that are there only at some moments, and texts of the system. */
function comparable(entry: LiveEntry, text: string): string {
  if (entry.name === 'addnode unresolvable host')
    return text.replace(/lookup 256\.1\.1\.1: [^"]*/u, 'lookup 256.1.1.1: …');
  return text.replace(/"(?:pingwait|currentheight)":\d+,/gu, '');
}

const livePeers: Suite = {
  name: 'rpc/live-peers',
  async run(context) {
    const { entries } = context.json<{ readonly entries: readonly LiveEntry[] }>('rpc/live-peers.json');
    await withNode(['--listen=127.0.0.1:0', '--uacomment=test'], (otherPort, otherAddress) =>
      withNode(['--listen=127.0.0.1:0', `--miningaddr=${MINING_ADDRESS}`], async (port) => {
        await callRpc(port, ADMIN, 'generate', [5]);
        let peerId = '';
        for (const entry of entries) {
          const connections = CONNECTIONS_BEFORE[entry.name];
          if (connections !== undefined) {
            await until(async () => (await result(port, 'getconnectioncount')) === connections);
            await until(async () => (await result(otherPort, 'getconnectioncount')) === connections);
          }
          const asked = entry.node === OTHER_NODE ? otherPort : port;
          if (entry.node === OTHER_NODE) await until(async () => (await result(asked, 'getblockcount')) === 6);
          const template = JSON.stringify(entry.paramsTemplate ?? entry.params);
          const params = JSON.parse(template.replace('{{b}}', otherAddress).replace('{{pid}}', peerId));
          const { status, body } = await callRpc(asked, ADMIN, entry.method, params);
          if (entry.name === 'getpeerinfo outbound') peerId = String(JSON.parse(body).result[0].id);
          const recorded = {
            ...entry,
            response: JSON.parse(comparable(entry, JSON.stringify(entry.response))),
            bodyText: undefined,
          };
          await context.check(entry.name, () => {
            checkResult(entry.method, body);
            compareAnswer(recorded, status, comparable(entry, body));
          });
        }
      }),
    );
  },
};

/** Recordings of complete nodes. */
export const liveSuites: readonly Suite[] = [liveGenerate, livePeers];
