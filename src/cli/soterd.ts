#!/usr/bin/env node
import { runDaemon } from '../node/daemon.ts';
import { runDevnet } from '../node/devnet/main.ts';

// Whoever reads our output may leave: that is no reason to end, the log file has everything.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const [first, ...rest] = process.argv.slice(2);
const code = first === 'devnet' ? await runDevnet(rest) : await runDaemon(process.argv.slice(2));
// Idle sockets of clients must not keep a stopped node alive.
process.exit(code);
