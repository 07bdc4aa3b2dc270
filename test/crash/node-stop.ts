import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../e2e/process.ts';

/** How long a node may take to start, to answer, or to stop. Generous: only a node that does none of that reaches it. */
const PATIENCE = 60_000;
/** Blocks asked for at a time. */
const BLOCKS = 100;

/** What a whole node did whose disk took no more. */
export interface NodeStop {
  /** Exit code; undefined if it went on running. */
  readonly code: number | null | undefined;
  /** Lines of its log that say that it cannot go on. */
  readonly critical: readonly string[];
  readonly log: string;
}

/**
 * Runs soterd with a limit on the size of its files, lets it mine until the database reaches it, and waits for it to stop
 * by itself. Needs no privileges.
 * @param folder for everything the node writes.
 * @param limit bytes.
 */
export async function runIntoLimit(folder: string, limit: number): Promise<NodeStop> {
  mkdirSync(folder);
  const port = await freePort();
  const node = startNode(folder, limit, port);
  let log = '';
  const read = (text: Buffer): void => {
    log += text.toString('utf8');
  };
  node.stdout?.on('data', read);
  node.stderr?.on('data', read);
  const exit = once(node, 'exit');
  const deadline = performance.now() + PATIENCE;
  while (node.exitCode === null && performance.now() < deadline && !/written|No space|too large/u.test(log)) {
    await generate(port);
  }
  const ended = await Promise.race([exit, setTimeout(PATIENCE / 4, undefined, { ref: false })]);
  if (!ended) {
    node.kill('SIGKILL');
    await exit;
  }
  const critical = log.split('\n').filter((line) => line.includes('[CRT]'));
  return { code: ended ? node.exitCode : undefined, critical, log };
}

function startNode(folder: string, limit: number, port: number): ChildProcess {
  const isCompiled = import.meta.url.endsWith('.js');
  const file = fileURLToPath(new URL(`../../src/cli/soterd.${isCompiled ? 'js' : 'ts'}`, import.meta.url));
  const program = [process.execPath, ...(isCompiled ? [] : ['--import', 'tsx']), file];
  const options = [
    '--simnet',
    '--nolisten',
    '--notls',
    `--configfile=${join(folder, 'soterd.conf')}`,
    `--datadir=${join(folder, 'data')}`,
    `--logdir=${join(folder, 'logs')}`,
    '--rpcuser=crash',
    '--rpcpass=crash',
    `--rpclisten=127.0.0.1:${port}`,
    // The simnet address of a key hash of twenty sevens.
    '--miningaddr=SMwABTfM7CFDEe8Ewfqy1NeCcbfQSfwcRe',
  ];
  const script = `trap "" XFSZ; ulimit -f ${Math.floor(limit / 512)}; exec "$@"`;
  return spawn('sh', ['-c', script, 'sh', ...program, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Asks for blocks; a node that is not up yet, or gives up meanwhile, does not answer. */
async function generate(port: number): Promise<void> {
  const body = JSON.stringify({ jsonrpc: '1.0', id: 1, method: 'generate', params: [BLOCKS] });
  const authorization = `Basic ${Buffer.from('crash:crash').toString('base64')}`;
  try {
    const signal = AbortSignal.timeout(PATIENCE / 12);
    const answer = await fetch(`http://127.0.0.1:${port}`, {
      method: 'POST',
      headers: { authorization },
      body,
      signal,
    });
    await answer.text();
  } catch {
    await setTimeout(200);
  }
}
