// Entry of the npm scripts: sets the checkout up, then runs what was asked for.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, root } from './setup.mjs';

const [task, ...args] = process.argv.slice(2);
ensureBuilt();

const commands = {
  build: null,
  devnet: ['dist/src/cli/soterd.js', 'devnet'],
  soterd: ['dist/src/cli/soterd.js'],
  soterctl: ['dist/src/cli/soterctl.js'],
  soterdag: ['dist/src/cli/soterdag.js'],
  bench: ['dist/bench/main.js'],
  conformance: ['dist/test/conformance/main.js'],
  crash: ['dist/test/crash/main.js'],
  sim: ['dist/test/simulation/main.js'],
  fuzz: ['dist/test/fuzz/main.js'],
  test: ['node_modules/vitest/vitest.mjs', 'run'],
};

if (!(task in commands)) {
  console.error(`unknown task ${task}; one of: ${Object.keys(commands).join(' ')}`);
  process.exit(1);
}
if (commands[task]) {
  const [script, ...first] = commands[task];
  const child = spawn(process.execPath, [join(root, script), ...first, ...args], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to the whole process group: the child stops in an orderly way and this waits for it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 130 : 1)));
}
