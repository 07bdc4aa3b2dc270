import { afterEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../../util/log.ts';
import { MonitoringEndpoint } from './endpoint.ts';
import type { Verdict } from './health.ts';

let endpoint: MonitoringEndpoint;
let warnings: string[];
let readiness: Verdict;
let text: () => Promise<string>;

async function start(address = '127.0.0.1:0'): Promise<string> {
  warnings = [];
  readiness = { ok: true, reasons: [] };
  text = async () => 'soterd_dag_blocks 1\n';
  endpoint = new MonitoringEndpoint({
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    text: () => text(),
    healthy: () => ({ ok: true, reasons: [] }),
    ready: () => readiness,
    logger: { ...silentLogger, warn: (message) => warnings.push(message) },
  });
  const [bound] = await endpoint.start([address]);
  return `http://${bound.replace('0.0.0.0', '127.0.0.1')}`;
}

afterEach(() => endpoint.stop());

describe('the monitoring endpoint', () => {
  test('serves metrics', async () => {
    const response = await fetch(`${await start()}/metrics?x=1`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toBe('soterd_dag_blocks 1\n');
    expect(warnings).toEqual([]);
  });

  test('answers 503 with the reasons while the node is not ready', async () => {
    const url = await start();
    expect(await (await fetch(`${url}/ready`)).json()).toEqual({ ok: true, reasons: [] });
    readiness = { ok: false, reasons: ['no peer is connected'] };
    const response = await fetch(`${url}/ready`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual(readiness);
    expect((await fetch(`${url}/healthy`)).status).toBe(200);
  });

  test('takes nothing but questions, and knows three paths', async () => {
    const url = await start();
    expect((await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })).status).toBe(405);
    expect((await fetch(`${url}/metrics`, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${url}/`)).status).toBe(404);
  });

  test('figures that can not be read are a failure of this request alone', async () => {
    const url = await start();
    text = () => Promise.reject(new Error('gone'));
    expect((await fetch(`${url}/metrics`)).status).toBe(500);
    expect((await fetch(`${url}/healthy`)).status).toBe(200);
  });

  test('says so if others than this machine can read it, and refuses a port that is taken', async () => {
    const url = await start('0.0.0.0:0');
    expect(warnings).toHaveLength(1);
    const again = new MonitoringEndpoint({
      contentType: '',
      text: () => text(),
      healthy: () => readiness,
      ready: () => readiness,
      logger: silentLogger,
    });
    await expect(again.start([`127.0.0.1:${new URL(url).port}`])).rejects.toThrow('the port is in use');
    await again.stop();
  });
});
