/**
 * Goal: monitoring as an operator meets it. Method: two compiled nodes that mine, pay and talk; their endpoint is read by a
 * parser that has nothing to do with the library which writes it, and compared with what RPC says.
 */
import parsePrometheus from 'parse-prometheus-text-format';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/metrics/index.ts';
import { freePort, MINING_ADDRESS, NodeProcess, soterd, until } from './process.ts';

type Family = ReturnType<typeof parsePrometheus>[number];

let nodes: NodeProcess[];

beforeEach(() => {
  nodes = [];
});

afterEach(async () => {
  for (const node of nodes) await node.remove();
});

/** A node with a monitoring endpoint. */
async function start(...args: string[]) {
  const port = await freePort();
  const node = await NodeProcess.start([`--metricslisten=127.0.0.1:${port}`, ...args]);
  nodes.push(node);
  return { node, url: `http://127.0.0.1:${port}` };
}

async function scrape(url: string): Promise<ReadonlyMap<string, Family>> {
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/u);
  return new Map(parsePrometheus(await response.text()).map((family) => [family.name, family]));
}

/** The value of a metric, of all its labels together or of those with one label's value. */
function figure(families: ReadonlyMap<string, Family>, name: string, label?: string): number {
  const samples = families.get(name)?.metrics ?? [];
  return samples
    .filter(({ labels = {} }) => label === undefined || Object.values(labels).includes(label))
    .reduce((sum, { value, count }) => sum + Number(value ?? count), 0);
}

describe('the monitoring endpoint of running nodes', () => {
  test('has every metric, readable by others, with the figures that RPC has', async () => {
    const one = await start(`--miningaddr=${MINING_ADDRESS}`, '--txindex');
    const two = await start(`--connect=127.0.0.1:${one.node.p2pPort}`);
    await one.node.call('generate', 30);
    await until(async () => (await two.node.call<number>('getblockcount')) === 31);
    await one.node.call('getblockhash', 99_999).catch(() => undefined);
    await one.node.call('submitblock', '00').catch(() => undefined);
    const families = await scrape(one.url);
    const expected = Object.entries(CATALOGUE);
    expect([...families.keys()].sort()).toEqual(expected.map(([name]) => name).sort());
    for (const [name, { kind, help }] of expected)
      expect(families.get(name)).toMatchObject({ type: kind.toUpperCase(), help });

    expect(figure(families, 'soterd_dag_blocks')).toBe(31);
    expect(figure(families, 'soterd_dag_blocks_processed_total', 'accepted')).toBe(30);
    expect(figure(families, 'soterd_dag_block_seconds')).toBe(30);
    expect(figure(families, 'soterd_store_commit_seconds')).toBeGreaterThan(0);
    expect(figure(families, 'soterd_index_rows', 'txindex')).toBeGreaterThanOrEqual(30);
    expect(figure(families, 'soterd_mining_blocks_total')).toBe(30);
    expect(figure(families, 'soterd_mining_template_seconds')).toBeGreaterThanOrEqual(30);
    expect(figure(families, 'soterd_peers', 'inbound')).toBe(1);
    expect(figure(families, 'soterd_connections_accepted_total')).toBe(1);
    expect(figure(families, 'soterd_peers_sent_bytes_total')).toBeGreaterThan(1000);
    expect(figure(families, 'soterd_rpc_calls_total', 'generate')).toBe(1);
    expect(figure(families, 'soterd_rpc_calls_total', 'error')).toBe(2);
    expect(figure(families, 'process_resident_memory_bytes')).toBeGreaterThan(2e7);
    const other = await scrape(two.url);
    expect(figure(other, 'soterd_dag_blocks_processed_total', 'accepted')).toBe(30);
    expect(figure(other, 'soterd_connections_dials_total', 'connected')).toBe(1);
    expect(figure(other, 'soterd_mining_blocks_total')).toBe(0);

    const [count] = await one.node.call<{ name: string; values: { value: number }[] }[]>(
      'getmetrics',
      'soterd_dag_blo',
    );
    expect(count).toMatchObject({ name: 'soterd_dag_blocks', values: [{ labels: {}, value: 31 }] });
    const all = await one.node.call<{ name: string }[]>('getmetrics');
    expect(all.map(({ name }) => name)).toEqual(expected.map(([name]) => name));
    expect(await one.node.call('getblockmetrics')).toMatchObject({ blkgencount: 30 });
  });

  test('says whether the node is healthy and ready', async () => {
    const { url } = await start();
    for (const path of ['healthy', 'ready']) {
      const response = await until(async () => {
        const answer = await fetch(`${url}/${path}`);
        return answer.status === 200 && answer;
      });
      expect(await response.json()).toEqual({ ok: true, reasons: [] });
    }
  });

  test('a node of a real network is not ready before it has peers and blocks', async () => {
    const port = await freePort();
    const { node } = await start();
    const program = soterd(
      ['--testnet', '--norpc', '--nolisten', '--nodnsseed', `--metricslisten=127.0.0.1:${port}`],
      node.home,
    );
    try {
      await until(() => program.stdout.includes('Metrics on http://'));
      const response = await until(async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/ready`);
        const text = await answer.text();
        return !text.includes('starting') && { status: answer.status, text };
      });
      expect(response.status).toBe(503);
      expect(JSON.parse(response.text)).toEqual({
        ok: false,
        reasons: ['no peer is connected', 'the node is not synchronised with the network'],
      });
      expect((await fetch(`http://127.0.0.1:${port}/healthy`)).status).toBe(200);
    } finally {
      await program.end('SIGTERM');
    }
  });

  test('a port that is taken ends the start with one clear line', async () => {
    const { node } = await start();
    const args = ['--simnet', '--norpc', '--nolisten', `--metricslisten=127.0.0.1:${node.rpcPort}`];
    const { code, stdout } = await soterd([...args, `--datadir=${node.home}/other`], node.home).ended;
    expect(code).toBe(1);
    expect(stdout).toMatch(/\[CRT\] SOTERD: --metricslisten=127\.0\.0\.1:\d+: the port is in use/u);
    expect(stdout).not.toMatch(/^\s+at /mu);
  });
});
