/**
 * Goal: the package's export `soterd/peer` works for others. Method: the compiled example, which uses nothing else, in a process of
 * its own against a real node.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { freePort, MINING_ADDRESS, NodeProcess, Program, until } from './process.ts';

const EXAMPLE = resolve('dist/examples/peer.js');

test('the example shakes hands, prints what the node has, then what it announces, and ends in good order', async () => {
  const node = await NodeProcess.start([`--miningaddr=${MINING_ADDRESS}`]);
  try {
    const mined = await node.call<string[]>('generate', 3);
    const example = new Program(EXAMPLE, [`127.0.0.1:${node.p2pPort}`, 'simnet'], node.home);
    await until(() => mined.every((hash) => example.stdout.includes(hash)));
    expect(example.stdout).toMatch(/^127\.0\.0\.1:\d+ is \/soterwire:.*soterd:2.*, at height 3\n/u);
    for (const [i, hash] of mined.entries()) expect(example.stdout).toContain(`block ${hash} at height ${i + 1}\n`);
    expect(await node.call('getconnectioncount')).toBe(1);
    const [announced] = await node.call<string[]>('generate', 1);
    await until(() => example.stdout.includes(`block ${announced} at height 4\n`));
    const { code, stdout, stderr } = await example.end('SIGINT');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/: interrupted\n$/u);

    const once = await new Program(EXAMPLE, [`127.0.0.1:${node.p2pPort}`, 'simnet', '--once'], node.home).ended;
    expect(once.stdout.split('\n').filter((line) => line.startsWith('block '))).toHaveLength(4);
    expect(once.code).toBe(0);
  } finally {
    await node.remove();
  }
});

test('the example says what is wrong', async () => {
  const port = await freePort();
  const nobody = await new Program(EXAMPLE, [`127.0.0.1:${port}`], '/').ended;
  expect([nobody.code, nobody.stderr]).toEqual([
    1,
    `cannot connect to 127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}\n`,
  ]);
  const network = await new Program(EXAMPLE, [`127.0.0.1:${port}`, 'moonnet'], '/').ended;
  expect([network.code, network.stderr]).toEqual([
    1,
    'unknown network moonnet: mainnet, testnet1, regtest or simnet\n',
  ]);
});

test('the export has type declarations, and they name files that exist', () => {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
  const declarations = readFileSync(exports['./peer'].types, 'utf8');
  const named = [...declarations.matchAll(/from '(\.[^']+)'/gu)].map(([, path]) => path ?? '');
  expect(named.length).toBeGreaterThan(4);
  for (const path of named) {
    const file = resolve('dist/src/node', path.replace(/\.(js|ts)$/u, '.d.ts'));
    expect(readFileSync(file, 'utf8').length, path).toBeGreaterThan(0);
  }
});
