/**
 * `npm run bench -- relay [--messages N] [--blocks N] [--transactions N] [--json]`: how fast do messages get through?
 *
 * Cases `ping` and `inv`: messages a second from one peer and from 100 to a node in a process of its own. Each ping is answered; each
 * inv names one block that the node has. At most so many bytes are under way that the node's buffers are never the measure.
 *
 * Cases `block` and `transaction`: four nodes in a line, each in a process of its own, and an observer at each of them. A block is
 * mined at the first node; the latency over so many hops is the time from its announcement there to that of the node so
 * far away, which has fetched, checked and stored it. A transaction is given to the first node by RPC; an observer counts as a hop,
 * because it is announced to it like to any peer, with the next trickle. The trickle interval is shortened to what
 * `--trickle` says: with the usual 10 s nothing else would be measured.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hashFromHex } from '../src/util/hash.ts';
import { InvType, UNKNOWN_HEIGHT } from '../src/wire/index.ts';
import { frame, LightClient } from './light-client.ts';
import { MeasuredNode } from './measured-node.ts';
import { relayLatencies } from './relay-line.ts';
import type { Report } from './report.ts';

/** Messages of one peer that wait for an answer. */
const WINDOW = 256;
/** Messages before anything is measured. */
const WARM_UP = 20_000;

/** Runs the benchmark. */
export async function run(args: readonly string[], report: Report): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      messages: { type: 'string', default: '200000' },
      blocks: { type: 'string', default: '300' },
      transactions: { type: 'string', default: '100' },
      trickle: { type: 'string', default: '100ms' },
    },
  });
  const [messages, blocks, transactions] = [values.messages, values.blocks, values.transactions].map(Number);
  for (const [name, value] of Object.entries({ messages, blocks, transactions }))
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} needs a whole number above 0`);
  const home = mkdtempSync(join(tmpdir(), 'soterd-relay-'));
  try {
    await throughput(home, messages, report);
    const latencies = await relayLatencies(home, { blocks, transactions, trickle: values.trickle });
    for (const [name, byHops] of Object.entries(latencies)) {
      for (const [i, samples] of byHops.entries()) {
        const sorted = [...samples].sort((a, b) => a - b);
        const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
        const add = (metric: string, value: number) =>
          report.add({ case: name, size: i + 1, metric, value, unit: 'ms' });
        add('latency_p50', at(0.5));
        add('latency_p99', at(0.99));
      }
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Measures messages a second, of one peer and of 100. */
async function throughput(home: string, messages: number, report: Report): Promise<void> {
  const measured = await MeasuredNode.start(join(home, 'throughput'), ['--debuglevel=error']);
  try {
    const known = hashFromHex(await measured.node.call<string>('getblockhash', 0).then(firstText));
    const inventory = [{ type: InvType.block, hash: known, height: UNKNOWN_HEIGHT }];
    const ping = frame({ command: 'ping', nonce: 7n });
    // A window of invs ends with the ping whose answer allows the next one.
    const inv = Buffer.concat(Array.from({ length: WINDOW - 1 }, () => frame({ command: 'inv', inventory })));
    for (const peers of [1, 100]) {
      const clients = await Promise.all(
        Array.from({ length: peers }, () => LightClient.connect(measured.node.p2pPort)),
      );
      for (const [name, batch, answers] of [
        ['ping', Buffer.concat(Array.from({ length: WINDOW }, () => ping)), WINDOW],
        ['inv', Buffer.concat([inv, ping]), 1],
      ] as const) {
        await pump(clients, batch, answers, WARM_UP);
        await measured.report();
        const start = performance.now();
        const sent = await pump(clients, batch, answers, messages);
        const seconds = (performance.now() - start) / 1000;
        const { cpu } = await measured.report();
        report.add({ case: name, size: peers, metric: 'messages_per_second', value: sent / seconds, unit: '1/s' });
        report.add({ case: name, size: peers, metric: 'cpu_per_message', value: (cpu * 1e6) / sent, unit: 'µs' });
      }
      await Promise.all(clients.map((client) => client.end()));
    }
  } finally {
    await measured.end();
  }
}

/** The method answers with a list of the hashes of a height. */
function firstText(result: string | readonly string[]): string {
  return typeof result === 'string' ? result : (result[0] ?? '');
}

/**
 * Sends batches of {@link WINDOW} messages over all connections, a next one when the last is answered.
 * @param answers pongs to a batch.
 * @returns how many messages were sent, at least `messages`.
 */
async function pump(
  clients: readonly LightClient[],
  batch: Uint8Array,
  answers: number,
  messages: number,
): Promise<number> {
  const batches = Math.max(1, Math.ceil(messages / WINDOW / clients.length));
  await Promise.all(
    clients.map(
      (client) =>
        new Promise<void>((resolve, reject) => {
          let left = batches;
          let waiting = 0;
          const next = () => {
            waiting = answers;
            left--;
            client.socket.write(batch);
          };
          client.socket.once('close', () => reject(new Error('the node closed the connection')));
          client.onMessage = (command) => {
            if (command !== 'pong' || --waiting > 0) return;
            if (left > 0) next();
            else resolve();
          };
          next();
        }),
    ),
  );
  for (const { socket } of clients) socket.removeAllListeners('close');
  return batches * WINDOW * clients.length;
}
