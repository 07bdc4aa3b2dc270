import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The compiled programs; `npm test` makes them before it runs the tests. */
const SOTERD = resolve('dist/src/cli/soterd.js');
const SOTERCTL = resolve('dist/src/cli/soterctl.js');
const SOTERDAG = resolve('dist/src/cli/soterdag.js');

/** How a process ended, and what it printed. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs in a process of its own, in a home folder of its own. */
export class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';

  /** @param script a compiled program; as a list, with options of Node.js in front and own arguments behind. */
  constructor(script: string | readonly string[], args: readonly string[], home: string) {
    const parts = typeof script === 'string' ? [script] : script;
    if (!parts.some((part) => existsSync(part)))
      throw new Error(`${script} is missing: run npm run build, or npm test`);
    this.child = spawn(process.execPath, [...parts, ...args], {
      env: { ...process.env, HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString();
    });
    this.child.stderr!.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    this.ended = new Promise((done) => {
      this.child.on('close', (code, signal) => done({ code, signal, stdout: this.#stdout, stderr: this.#stderr }));
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals = 'SIGINT'): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** Starts soterd. */
export function soterd(args: readonly string[], home: string): Program {
  return new Program(SOTERD, args, home);
}

/** Runs soterctl to its end. */
export function soterctl(args: readonly string[], home: string): Promise<Ended> {
  return new Program(SOTERCTL, args, home).ended;
}

/** Starts soterdag. */
export function soterdag(args: readonly string[], home: string): Program {
  return new Program(SOTERDAG, args, home);
}

/** A port that is free at the moment. */
export function freePort(): Promise<number> {
  return new Promise((done, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address !== 'object' || !address) throw new Error('no address');
      server.close(() => done(address.port));
    });
  });
}

/** Asks again and again, without a limit of its own, until the answer is there. */
export async function until<T>(ask: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((wake) => setTimeout(wake, 50));
  }
}

/** An answer of JSON-RPC: its result, or an error thrown. */
export interface RpcAnswer<T> {
  readonly result: T;
  readonly error: { readonly code: number; readonly message: string } | null;
}

/** A simnet node in a process of its own, reachable by RPC. */
export class NodeProcess {
  readonly home: string;
  readonly rpcPort: number;
  readonly p2pPort: number;
  program: Program;
  readonly #args: readonly string[];
  readonly #script: string | readonly string[];

  private constructor(
    home: string,
    ports: readonly [number, number],
    args: readonly string[],
    script: string | readonly string[],
  ) {
    this.home = home;
    this.#script = script;
    [this.rpcPort, this.p2pPort] = ports;
    this.#args = [
      '--simnet',
      '--notls',
      '--rpcuser=user',
      '--rpcpass=pass',
      `--rpclisten=127.0.0.1:${this.rpcPort}`,
      `--listen=127.0.0.1:${this.p2pPort}`,
      ...args,
    ];
    this.program = new Program(script, this.#args, home);
  }

  /** Starts a node in a new home folder and waits until RPC answers. @param script another program than soterd. */
  static async start(
    args: readonly string[] = [],
    home = mkdtempSync(join(tmpdir(), 'soterd-e2e-')),
    script: string | readonly string[] = SOTERD,
  ): Promise<NodeProcess> {
    const node = new NodeProcess(home, [await freePort(), await freePort()], args, script);
    await node.ready();
    return node;
  }

  /** Starts the program again, with the same ports and data. */
  async restart(args: readonly string[] = []): Promise<void> {
    this.program = new Program(this.#script, [...this.#args, ...args], this.home);
    await this.ready();
  }

  /** Waits until RPC answers; throws with the output if the process ends before. */
  async ready(): Promise<void> {
    let ended: Ended | undefined;
    void this.program.ended.then((result) => {
      ended = result;
    });
    await until(async () => {
      if (ended) throw new Error(`soterd ended with ${ended.code ?? ended.signal}: ${ended.stdout}${ended.stderr}`);
      try {
        return await this.call('getblockcount');
      } catch {
        return undefined;
      }
    });
  }

  /** Calls an RPC method; throws its error. */
  async call<T>(method: string, ...params: readonly unknown[]): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.rpcPort}/`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('user:pass').toString('base64')}` },
      body: JSON.stringify({ jsonrpc: '1.0', id: 1, method, params }),
    });
    const { result, error } = (await response.json()) as RpcAnswer<T>;
    if (error) throw new Error(`${error.code}: ${error.message}`);
    return result;
  }

  /** Stops the program and removes its folder. */
  async remove(): Promise<void> {
    await this.program.end('SIGKILL');
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** Digests that must be equal on nodes that hold the same DAG. */
export interface DagInfo {
  readonly blocks: number;
  readonly maxheight: number;
  readonly tips: readonly string[];
  readonly tipshash: string;
  readonly orderhash: string;
  readonly outputsethash: string;
}

/** What of `getdaginfo` is a matter of the process and not of the DAG. */
const OF_THE_PROCESS = new Set([
  'reorders',
  'lastreorderdepth',
  'maxreorderdepth',
  'indexbytes',
  'databasebytes',
  'sync',
]);

/** `getdaginfo` without what may differ between two nodes that hold the same DAG. */
export async function dagInfo(node: NodeProcess): Promise<Readonly<Record<string, unknown>>> {
  const info = await node.call<Record<string, unknown>>('getdaginfo');
  return Object.fromEntries(Object.entries(info).filter(([name]) => !OF_THE_PROCESS.has(name)));
}

/** An address of simnet; its key is the byte 1 repeated, for tests only. */
export const MINING_ADDRESS = 'SYPRdtiAorV79MQnm1kzSUzDyJ58bRDAEj';
