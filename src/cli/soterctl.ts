#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { runSoterctl } from './soterctl-run.ts';

const STDIN = 0;

process.exitCode = await runSoterctl({
  args: process.argv.slice(2),
  env: process.env,
  platform: process.platform,
  accountHome: () => userInfo().homedir,
  stdout: process.stdout,
  stderr: process.stderr,
  readStdin: () => readFileSync(STDIN, 'utf8'),
});
