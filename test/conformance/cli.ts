import { ok, strictEqual } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runSoterctl } from '../../src/cli/soterctl-run.ts';
import { loadConfig, type NodeConfig } from '../../src/node/config/index.ts';
import { dropIndexes, indexesToDrop } from '../../src/node/indexes.ts';
import { Logs } from '../../src/node/logging/index.ts';
import { systemClock, systemWorld } from '../../src/node/system.ts';
import { rpcMethods } from '../../src/rpc/index.ts';
import { TEST_IDENTITY } from '../../src/rpc/testing/identity.ts';
import { type RpcNode, startRpcNode } from './rpc-node.ts';
import type { Suite, SuiteContext } from './suite.ts';

/** A recorded run of a program. */
interface RecordedRun {
  readonly name: string;
  readonly argv: readonly string[];
  readonly stdin?: string;
  readonly existingFiles?: Readonly<Record<string, string>>;
  readonly stdout: string | null;
  readonly stderr: string | null;
  readonly exitCode: number;
  readonly stdoutNote?: string;
  /** Flags that a help text must name. */
  readonly stderrFlags?: readonly string[];
  readonly filesAfter?: readonly string[];
  readonly createdFiles?: Readonly<Record<string, string>>;
  readonly signalAfterStart?: string;
}

/** A home folder for one run, filled with the files that the recording had. */
class Home {
  readonly path = mkdtempSync(join(tmpdir(), 'soter-home-'));

  constructor(files: Readonly<Record<string, string>>) {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.path, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

function recorder() {
  let text = '';
  return {
    write: (part: string) => {
      text += part;
      return true;
    },
    text: () => text,
  };
}

const LOG_TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} /gmu;
/** First line of a node that has read its configuration and starts. */
const STARTING = 'TIME [INF] SOTERD: Version ';

/** Runs soterd up to the point where the node would be built. */
async function runConfiguration(run: RecordedRun, home: string) {
  const stdout = recorder();
  const stderr = recorder();
  const logs = new Logs({ clock: systemClock, output: stdout, early: stderr });
  const outcome = await loadConfig({
    args: run.argv.map((arg) => arg.replaceAll('HOME', home)),
    program: 'soterd',
    stdout,
    stderr,
    logs,
    platform: 'linux',
    env: { HOME: home, XD: join(home, 'x') },
    accountHome: () => undefined,
    randomBytes,
    lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  });
  if (outcome.kind === 'run') await dropAsDaemon(outcome.config, logs);
  await logs.close();
  const shown = (text: string) => text.replaceAll(home, 'HOME').replaceAll(LOG_TIME, 'TIME ');
  return { outcome, stdout: shown(stdout.text()), stderr: shown(stderr.text()) };
}

/** What the daemon does for an option that deletes an index, instead of starting a node. */
async function dropAsDaemon(config: NodeConfig, logs: Logs): Promise<void> {
  const names = indexesToDrop(config.indexes);
  if (names.length === 0) return;
  const logger = logs.logger('SOTERD');
  logger.info('Version 2.1.1');
  await dropIndexes(config, names, { logs, world: systemWorld }, () => true);
  logger.info('Shutdown complete');
}

/** The part of the recorded output before the node begins to start. A node that logs warnings only starts silently. */
function beforeStart(run: RecordedRun): string {
  const stdout = run.stdout ?? '';
  const start = stdout.indexOf(STARTING);
  if (start >= 0) return stdout.slice(0, start);
  return isStart(run) ? '' : stdout;
}

/** What the recorded start says about the configuration, compared with the values that were read. */
function compareStart(run: RecordedRun, config: NodeConfig, home: string): void {
  const stdout = run.stdout ?? '';
  const folder = /Loading block database from '(.*)\/blocks_ffldb'/u.exec(stdout)?.[1];
  if (folder !== undefined) strictEqual(config.dataDir.replace(home, 'HOME'), folder);
  const listening = /CMGR: Server listening on (\S+)/u.exec(stdout)?.[1];
  if (listening !== undefined) ok(config.peers.listen.includes(listening), `listens on ${config.peers.listen}`);
  const rpc = /RPCS: RPC server listening on (\S+)/u.exec(stdout)?.[1];
  if (rpc !== undefined) ok(config.rpc?.listen.includes(rpc), `serves RPC on ${config.rpc?.listen}`);
  const log = run.filesAfter?.find((file) => /soterd\.log /u.test(file))?.split(' ')[0];
  if (log !== undefined) strictEqual(config.logFile.replace(`${home}/`, ''), log);
}

/** Files that reading the configuration leaves behind, with their permissions. */
function compareFiles(run: RecordedRun, home: string): void {
  for (const entry of run.filesAfter ?? []) {
    const [file, mode] = entry.split(' ');
    if (!/\.conf$|soterd\.log$/u.test(file)) continue;
    ok(existsSync(join(home, file)), `${file} is missing`);
    if (run.existingFiles?.[file] === undefined)
      strictEqual(statSync(join(home, file)).mode & 0o777, Number(mode), `mode of ${file}`);
  }
}

/** Entries in which an index is deleted that does not exist: these runs end by themselves. */
const DROPS = /^drop\w+ on empty$/u;

/** A start that ends because something can not be an address. */
const BAD_ADDRESS = /Unable to start server on \S+: ('.*' is not a valid IP address)$/mu;

async function checkConfiguration(context: SuiteContext, run: RecordedRun): Promise<void> {
  const home = new Home(run.existingFiles ?? {});
  try {
    const { outcome, stdout, stderr } = await runConfiguration(run, home.path);
    if (run.name === 'help') {
      context.deviation(run.name, 'goes to standard output with exit code 0');
      strictEqual(outcome.kind === 'exit' && outcome.code, 0);
      for (const flag of run.stderrFlags ?? [])
        ok(stdout.includes(flag.replace(/^(-\w) /u, '$1, ')), `${flag} is missing`);
      return;
    }
    if (DROPS.test(run.name)) {
      strictEqual(stdout, run.stdout?.replace('blocks_ffldb', 'blocks'));
      ok(outcome.kind === 'run');
      return;
    }
    if (run.name === 'netcfgfile missing') {
      context.deviation(run.name, 'the error is told');
      strictEqual(outcome.kind === 'exit' && outcome.code, 1);
      strictEqual(stderr, 'loadConfig: open /nonexistent: no such file or directory\nUse soterd -h to show usage\n');
      return;
    }
    if (run.name === 'configfile missing, no sample') {
      context.deviation(run.name, 'the sample file is built in, so the configuration file is made');
      ok(outcome.kind === 'run' && outcome.config.rpc !== undefined);
      return;
    }
    const [, address] = BAD_ADDRESS.exec(run.stdout ?? '') ?? [];
    if (address !== undefined) {
      context.deviation(run.name, 'the address is refused before the database is opened');
      ok(stderr.endsWith(` is invalid: ${address}\nUse soterd -h to show usage\n`), stderr);
      strictEqual(outcome.kind === 'exit' && outcome.code, run.exitCode);
      return;
    }
    strictEqual(stderr, run.stderr);
    strictEqual(stdout, beforeStart(run));
    if (outcome.kind === 'run') compareStart(run, outcome.config, home.path);
    else strictEqual(outcome.code, run.exitCode);
    strictEqual(outcome.kind === 'run', isStart(run));
    compareFiles(run, home.path);
  } finally {
    home.remove();
  }
}

/** True if the recorded program got as far as starting a node. */
function isStart(run: RecordedRun): boolean {
  return run.signalAfterStart !== undefined || (run.stdout ?? '').includes(STARTING);
}

const soterd: Suite = {
  name: 'soterd-cli',
  async run(context) {
    const { entries } = context.json<{ entries: readonly RecordedRun[] }>('rpc/soterd-cli.json');
    const starts = entries.filter(isStart).length;
    context.deviation(
      `${starts} entries that start a node`,
      'compared up to the start: configuration, files and messages; the life cycle is tested elsewhere',
    );
    for (const run of entries) await context.check(run.name, () => checkConfiguration(context, run));
  },
};

/** Commands of ours alone. */
const EXTENSIONS: readonly string[] = [...rpcMethods.values()]
  .filter((method) => method.extension)
  .map(({ name }) => name);

/** The configuration files that the recording only describes. */
function describedFiles(port: number): Readonly<Record<string, string>> {
  return {
    'ctl.conf': `[Application Options]\nrpcuser=user\nrpcpass=pass\nnotls=1\nsimnet=1\nrpcserver=127.0.0.1:${port}\n`,
    'bad.conf': 'rpcuser=user\nnonsense\n',
    'unk.conf': 'rpcuser=user\nfoo=1\n',
    // Most recorded runs had a configuration file already.
    '.soterctl/soterctl.conf': '',
  };
}

async function checkControl(context: SuiteContext, run: RecordedRun, plain: RpcNode, tls: RpcNode): Promise<void> {
  const home = new Home({ ...(run.existingFiles ?? describedFiles(plain.port)), 'tls/c': TEST_IDENTITY.certificate });
  const fill = (text: string) =>
    text
      .replaceAll('TLSDIR', join(home.path, 'tls'))
      .replaceAll('RPCPORT', String(plain.port))
      .replaceAll('TLSPORT', String(tls.port))
      .replaceAll('HOME', home.path);
  const stdout = recorder();
  const stderr = recorder();
  try {
    const code = await runSoterctl({
      args: run.argv.map(fill),
      env: { HOME: home.path },
      platform: 'linux',
      accountHome: () => undefined,
      stdout,
      stderr,
      readStdin: () => run.stdin ?? '',
    });
    if (run.name === 'help' && run.stderrFlags) {
      context.deviation(run.name, 'goes to standard output with exit code 0');
      strictEqual(code, 0);
      for (const flag of run.stderrFlags)
        ok(stdout.text().includes(flag.replace(/^(-\w) /u, '$1, ')), `${flag} is missing`);
      return;
    }
    strictEqual(stderr.text(), fill(run.stderr ?? ''));
    if (run.stdoutNote !== undefined) strictEqual(stdout.text().split('\n')[0], run.stdout);
    else strictEqual(withoutExtensions(stdout.text()), fill(run.stdout ?? ''));
    strictEqual(code, run.exitCode);
    for (const [file, content] of Object.entries(run.createdFiles ?? {}))
      strictEqual(readFileSync(join(home.path, file), 'utf8'), content);
  } finally {
    home.remove();
  }
}

function withoutExtensions(text: string): string {
  return text
    .split('\n')
    .filter((line) => !EXTENSIONS.includes(line.split(' ')[0]))
    .join('\n');
}

const soterctl: Suite = {
  name: 'soterctl',
  async run(context) {
    const { entries } = context.json<{ entries: readonly RecordedRun[] }>('rpc/soterctl.json');
    context.deviation('list commands', `lists ${EXTENSIONS.join(' ')} as well`);
    const plain = await startRpcNode();
    const tls = await startRpcNode({}, { tls: TEST_IDENTITY });
    try {
      for (const run of entries) await context.check(run.name, () => checkControl(context, run, plain, tls));
    } finally {
      await plain.stop();
      await tls.stop();
    }
  },
};

/** Comparison of command lines with recorded runs. */
export const cliSuites: readonly Suite[] = [soterd, soterctl];
