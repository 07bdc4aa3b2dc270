import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/node/config/index.ts';
import { Logs } from '../../src/node/logging/index.ts';
import { Node } from '../../src/node/node.ts';
import { systemClock, systemWorld } from '../../src/node/system.ts';
import { splitHostPort } from '../../src/util/host-port.ts';
import { callRpc } from './rpc-client.ts';
import { checkResult, compareAnswer, type RecordedAnswer, withoutParents } from './rpc-compare.ts';
import { ADMIN } from './rpc-node.ts';
import type { Suite, SuiteContext } from './suite.ts';

/** An entry of a recording in which blocks are mined, so that hashes differ in each run. */
interface LiveEntry extends RecordedAnswer {
  readonly method: string;
  readonly params: unknown;
  /** Parameters with a place for the name of an earlier template. */
  readonly paramsTemplate?: unknown;
  readonly server?: string;
}

const MINING_ADDRESS = 'SYPRdtiAorV79MQnm1kzSUzDyJ58bRDAEj';
/** The answer waits for this to have happened; the recorder began it two seconds later. */
const LONG_POLL = 'getblocktemplate longpoll';

/** Runs work with a complete node: database, sockets, RPC and miner. */
async function withNode(args: readonly string[], work: (port: number) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'soterd-live-'));
  const nowhere = { write: () => true };
  const logs = new Logs({ clock: systemClock, output: nowhere, early: nowhere });
  try {
    const outcome = await loadConfig({
      args: [
        '--simnet',
        '--notls',
        '--nolisten',
        '--rpcuser=user',
        '--rpcpass=pass',
        '--rpclisten=127.0.0.1:0',
        ...args,
      ],
      program: 'soterd',
      stdout: nowhere,
      stderr: nowhere,
      logs,
      env: { HOME: home },
      platform: 'linux',
      accountHome: () => home,
      randomBytes: (length) => systemWorld.random.bytes(length),
      lookup: async () => ['127.0.0.1'],
    });
    if (outcome.kind !== 'run') throw new Error('the node refuses its options');
    const node = await Node.open(outcome.config, { world: systemWorld, logs, requestShutdown: () => undefined });
    try {
      await node.start();
      await work(Number(splitHostPort(node.rpcAddresses[0]).port));
    } finally {
      await node.stop();
    }
  } finally {
    await logs.close();
    rmSync(home, { recursive: true, force: true });
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
export const liveGenerate: Suite = {
  name: 'rpc/live-generate',
  async run(context) {
    const { entries } = context.json<{ readonly entries: readonly LiveEntry[] }>('rpc/live-generate.json');
    await withNode([`--miningaddr=${MINING_ADDRESS}`], (port) =>
      play(
        context,
        port,
        entries.filter(({ server }) => server === undefined),
      ),
    );
    await withNode([], (port) =>
      play(
        context,
        port,
        entries.filter(({ server }) => server !== undefined),
      ),
    );
  },
};
