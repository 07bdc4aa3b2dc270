#!/usr/bin/env node
import { runDaemon } from '../node/daemon.ts';
import { runDevnet } from '../node/devnet/main.ts';

const [first, ...rest] = process.argv.slice(2);
const code = first === 'devnet' ? await runDevnet(rest) : await runDaemon(process.argv.slice(2));
// Idle sockets of clients must not keep a stopped node alive.
process.exit(code);
