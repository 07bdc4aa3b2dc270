/**
 * `npm run bench -- connections [--count N] [--idle N] [--json]`: what do connections cost? Clients on this machine connect to a node in a
 * process of its own. Case `handshake`: many connect one after the other, shake hands and leave, some at a time; accepted
 * connections a second and processor time of each. Case `idle`: so many stay; memory of each.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { until } from '../test/e2e/process.ts';
import { LightClient } from './light-client.ts';
import { MeasuredNode } from './measured-node.ts';
import type { Report } from './report.ts';

/** Handshakes at a time; the node allows 64 unfinished ones. */
const AT_A_TIME = 32;
/** Connections before anything is measured, so that the node's code is compiled. */
const WARM_UP = 500;

/** Runs the benchmark. */
export async function run(args: readonly string[], report: Report): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { count: { type: 'string', default: '5000' }, idle: { type: 'string', default: '1000' } },
  });
  const [count, idle] = [values.count, values.idle].map(Number);
  if (!Number.isInteger(count) || count < 1) throw new Error('--count needs a whole number above 0');
  if (!Number.isInteger(idle) || idle < 1) throw new Error('--idle needs a whole number above 0');
  const home = mkdtempSync(join(tmpdir(), 'soterd-connections-'));
  const measured = await MeasuredNode.start(join(home, 'node'), [
    '--debuglevel=error',
    `--maxpeers=${idle + AT_A_TIME}`,
  ]);
  try {
    const { p2pPort } = measured.node;
    await comeAndGo(p2pPort, WARM_UP);
    await measured.report();
    const start = performance.now();
    await comeAndGo(p2pPort, count);
    const seconds = (performance.now() - start) / 1000;
    const { cpu } = await measured.report();
    const add = (name: string, size: number, metric: string, value: number, unit: string) =>
      report.add({ case: name, size, metric, value, unit });
    add('handshake', count, 'connections_per_second', count / seconds, '1/s');
    add('handshake', count, 'cpu_per_connection', (cpu * 1000) / count, 'ms');

    const connected = () => measured.node.call<number>('getconnectioncount');
    await until(async () => (await connected()) === 0);
    const before = await measured.report();
    const clients: LightClient[] = [];
    await inParallel(idle, async () => void clients.push(await LightClient.connect(p2pPort)));
    await until(async () => (await connected()) === idle);
    const after = await measured.report();
    add('idle', idle, 'memory_per_connection', (after.memory - before.memory) / idle / 1024, 'KiB');
    add('idle', idle, 'rss_per_connection', (after.rss - before.rss) / idle / 1024, 'KiB');
    await Promise.all(clients.map((client) => client.end()));
  } finally {
    await measured.end();
    rmSync(home, { recursive: true, force: true });
  }
}

/** Connects, shakes hands and leaves, so many times. */
function comeAndGo(port: number, count: number): Promise<void> {
  return inParallel(count, async () => (await LightClient.connect(port)).end());
}

/** Does something so many times, some at a time. */
async function inParallel(count: number, work: () => Promise<void>): Promise<void> {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, count) }, worker));
}
