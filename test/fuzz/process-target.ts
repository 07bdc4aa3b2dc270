import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { systemWorld } from '../../src/node/system.ts';
import { TcpTransport } from '../../src/node/tcp.ts';
import { type NetworkParams, networkParams } from '../../src/params/index.ts';
import type { Transport } from '../../src/peer/index.ts';
import { type Hash, hashFromHex } from '../../src/util/hash.ts';
import { freePort, MINING_ADDRESS } from '../e2e/process.ts';
import { type FuzzTarget, IMMUNE_NETWORK, type MemoryUse, SOURCES } from './target.ts';

const SOTERD = resolve('dist/src/cli/soterd.js');
/** Lines of output that are kept. */
const KEPT_LINES = 200;
/** Longest time that a node may take to start, or to stop in good order, milliseconds. */
const START_LIMIT = 60_000;
const STOP_LIMIT = 60_000;
/** What a node must never log, whatever it receives. */
const COMPLAINT = /\[(ERR|CRT)\]|^\s+at .*:\d+/u;

/** soterd in a process of its own, attacked over TCP on this machine. */
export class ProcessTarget implements FuzzTarget {
  readonly world = systemWorld;
  readonly params: NetworkParams = networkParams('simnet');
  readonly problems: string[] = [];
  readonly #home = mkdtempSync(join(tmpdir(), 'soterd-fuzz-'));
  readonly #p2pPort: number;
  readonly #rpcPort: number;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #lines: string[] = [];
  readonly #honestLines: string[] = [];
  #rest = '';
  #live: number | undefined;
  #stopping = false;

  private constructor(p2pPort: number, rpcPort: number) {
    this.#p2pPort = p2pPort;
    this.#rpcPort = rpcPort;
    const args = [
      '--expose-gc',
      `--import=${new URL('./memory-probe.js', import.meta.url)}`,
      SOTERD,
      '--simnet',
      '--notls',
      '--rpcuser=user',
      '--rpcpass=pass',
      `--rpclisten=127.0.0.1:${rpcPort}`,
      `--listen=127.0.0.1:${p2pPort}`,
      `--whitelist=${IMMUNE_NETWORK}`,
      `--miningaddr=${MINING_ADDRESS}`,
    ];
    this.#child = spawn(process.execPath, args, {
      env: { ...process.env, HOME: this.#home },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child.on('message', ({ live }: MemoryUse) => {
      this.#live = live;
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#output(text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#output(text));
    this.#ended = new Promise((done) => {
      this.#child.on('close', (code, signal) => {
        if (!this.#stopping || code !== 0) this.#problem(`soterd ended with ${signal ?? `code ${code}`}`);
        done();
      });
    });
  }

  /** Starts a node in a new folder and waits until it answers. */
  static async start(): Promise<ProcessTarget> {
    const target = new ProcessTarget(await freePort(), await freePort());
    for (const until = Date.now() + START_LIMIT; ; ) {
      if (target.problems.length > 0 || Date.now() > until) {
        throw new Error(`soterd does not start: ${target.problems.join(', ')}\n${target.output}`);
      }
      try {
        await target.blockCount();
        return target;
      } catch {
        await new Promise((wake) => setTimeout(wake, 50));
      }
    }
  }

  /** The latest lines that the node has printed. */
  get output(): string {
    return this.#lines.join('\n');
  }

  /** The latest lines about honest peers. */
  get honestOutput(): string {
    return this.#honestLines.join('\n');
  }

  dial(source: string): Promise<Transport> {
    return new Promise((done, reject) => {
      const socket = connect({ host: '127.0.0.1', port: this.#p2pPort, localAddress: source });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        done(new TcpTransport(socket.pause()));
      });
    });
  }

  async mine(): Promise<Hash> {
    const [hash] = await this.#call<string[]>('generate', 1);
    return hashFromHex(hash!);
  }

  async blockCount(): Promise<number> {
    return this.#call<number>('getblockcount');
  }

  memory(): MemoryUse | undefined {
    const live = this.#live;
    if (live === undefined) return undefined;
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
      // Pages of the database file count as resident, too, but belong to the system, which takes them back as it likes.
      return { live, resident: Number(/RssAnon:\s*(\d+) kB/u.exec(status)?.[1] ?? 0) * 1024 };
    } catch {
      // No such file: another operating system, or the process has just ended.
      return undefined;
    }
  }

  /** Stops the node in good order; what is wrong with that is a problem, too. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#child.kill('SIGINT');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT);
    await this.#ended;
    clearTimeout(timer);
  }

  /** Removes the node's folder. */
  remove(): void {
    rmSync(this.#home, { recursive: true, force: true });
  }

  async #call<T>(method: string, ...params: readonly unknown[]): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.#rpcPort}/`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('user:pass').toString('base64')}` },
      body: JSON.stringify({ jsonrpc: '1.0', id: 1, method, params }),
    });
    const { result, error }: { result: T; error: { message: string } | null } = JSON.parse(await response.text());
    if (error) throw new Error(error.message);
    return result;
  }

  #output(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) {
      keep(this.#lines, line);
      if (line.includes(` ${SOURCES.honest}:`)) keep(this.#honestLines, line);
      if (COMPLAINT.test(line)) this.#problem(`soterd says: ${line}`);
    }
  }

  #problem(text: string): void {
    if (this.problems.length < 10) this.problems.push(text);
  }
}

function keep(lines: string[], line: string): void {
  if (lines.push(line) > KEPT_LINES) lines.shift();
}
