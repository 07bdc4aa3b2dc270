import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runSoterctl } from './soterctl-run.ts';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'soterctl-'));
});

afterEach(() => rmSync(home, { recursive: true }));

test.each([
  ['abc:xyz', 'Post "http://abc:xyz": dial tcp: lookup tcp/xyz: unknown port\n'],
  ['127.0.0.1:99999', 'Post "http://127.0.0.1:99999": dial tcp: address 99999: invalid port\n'],
  ['a:1:2]', 'Post "http://[a:1:2]]:8334": dial tcp: address [a:1:2]]:8334: missing port in address\n'],
])('a server that can not be is one line: %s', async (server, message) => {
  let stderr = '';
  const code = await runSoterctl({
    args: ['-u', 'u', '-P', 'p', '--notls', '-C', '/dev/null', '-s', server, 'getblockcount'],
    env: { HOME: home },
    platform: 'linux',
    accountHome: () => undefined,
    stdout: { write: () => true },
    stderr: { write: (text: string) => (stderr += text) },
    readStdin: () => '',
  });
  expect({ code, stderr }).toEqual({ code: 1, stderr: message });
});
