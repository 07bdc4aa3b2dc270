import type { BlockInfo, Dag } from '../../src/dag/index.ts';
import type { PeerHandler } from '../../src/server/index.ts';
import { type Hash, hashToHex } from '../../src/util/hash.ts';
import type { Logger, LogLevel } from '../../src/util/log.ts';
import type { VirtualNode, VirtualWorld } from '../../src/util/testing/virtual-world.ts';
import type { Block, Transaction } from '../../src/wire/index.ts';
import type { Disk } from './disk.ts';
import type { EventLog } from './event-log.ts';
import type { Attachment, Departure } from './network/attachment.ts';
import type { Host } from './network/host.ts';
import type { VirtualInternet } from './network/virtual-internet.ts';
import type { NodeHooks } from './node-hooks.ts';
import { SIM_PARAMS } from './sim-params.ts';
import { type Fingerprint, type NodeSetup, SimProgram } from './sim-program.ts';

/** Where nodes report what the simulation must know. */
export interface NodeWatcher {
  mined(node: SimNode, block: Block): void;
  accepted(node: SimNode, info: BlockInfo): void;
  /** Something that must never happen. */
  problem(node: SimNode, text: string): void;
  /** True for an error message that has a known and harmless cause in this simulation. */
  isExpected(message: string): boolean;
}

/** What nodes live in. */
export interface NodeSurroundings {
  readonly world: VirtualWorld;
  readonly internet: VirtualInternet;
  readonly log: EventLog;
  readonly watcher: NodeWatcher;
  readonly hooks: NodeHooks;
  seedList(): readonly string[];
}

/** One run of the program, and what must survive its end. */
interface Run {
  readonly world: VirtualNode;
  readonly attachment: Attachment;
  readonly program: SimProgram;
  /** Blocks at the start, and those whose acceptance was told since: all of them are on the disk. */
  readonly blocksAtStart: number;
  readonly told: Hash[];
}

/** What the disk holds when a program has ended. */
interface Kept {
  readonly told: readonly Hash[];
  /** Undefined if blocks were accepted whose commit had not come yet. */
  readonly state: Fingerprint | undefined;
}

/**
 * One machine with a full node on it: everything below `src/node/` is the real code, composed as there, on a virtual
 * clock, network and disk. It can be stopped, crashed and started again.
 */
export class SimNode {
  readonly name: string;
  readonly host: Host;
  readonly disk: Disk;
  readonly setup: NodeSetup;
  readonly #surroundings: NodeSurroundings;
  #run: Run | undefined;
  #starts = 0;
  #stopping: Promise<void> | undefined;
  #clockOffset = 0;
  #mining = false;
  #kept: Kept | undefined;

  constructor(host: Host, disk: Disk, setup: NodeSetup, surroundings: NodeSurroundings) {
    this.name = host.name;
    this.host = host;
    this.disk = disk;
    this.setup = setup;
    this.#surroundings = surroundings;
  }

  get address(): string {
    return `${this.host.ip}:${SIM_PARAMS.p2pPort}`;
  }

  /** True while the program runs. */
  get running(): boolean {
    return this.#run !== undefined;
  }

  /** The DAG of the running program. */
  get dag(): Dag | undefined {
    return this.#run?.program.dag;
  }

  /** The peer handler of the running program. */
  get peers(): PeerHandler | undefined {
    return this.#run?.program.peers;
  }

  /** Transactions in the pool of the running program, and those that wait for others. */
  get poolLoad(): { readonly transactions: number; readonly orphanTransactions: number } | undefined {
    const pool = this.#run?.program.pool;
    return pool && { transactions: pool.count, orphanTransactions: pool.orphanCount };
  }

  /** Milliseconds by which the machine's clock is ahead of the true time. */
  get clockOffset(): number {
    return this.#clockOffset;
  }

  set clockOffset(milliseconds: number) {
    this.#clockOffset = milliseconds;
    if (this.#run) this.#run.world.clockOffset = milliseconds;
  }

  /** Starts the program on what the disk holds. Does nothing while it runs. */
  async start(): Promise<void> {
    await this.#stopping;
    if (this.#run) return;
    const run = this.#begin();
    this.#run = run;
    const { program, blocksAtStart } = run;
    this.#note(`starts with ${blocksAtStart} blocks up to height ${program.dag.snapshot().maxHeight}`);
    this.#checkKept(program);
    await program.start();
    if (this.#run === run && this.#mining) program.miner.start();
  }

  /** Ends the program in good order, as production does. */
  stop(): Promise<void> {
    if (!this.#stopping) {
      const stopping = this.#stop().finally(() => {
        if (this.#stopping === stopping) this.#stopping = undefined;
      });
      this.#stopping = stopping;
    }
    return this.#stopping;
  }

  /** Ends the program at this instant. @param lost commits that never reached the disk. */
  crash(how: Departure, lost = 0): void {
    const run = this.#run;
    if (!run) return;
    this.#note(how === 'power' ? `loses power and ${lost} commits` : 'is killed');
    run.attachment.leave(how);
    run.world.kill();
    // A stop that was under way will never get any further.
    this.#stopping = undefined;
    this.#ended(run, lost);
  }

  /** Lets the miner work, now and after each start, or not. */
  async mine(on: boolean): Promise<void> {
    this.#mining = on;
    const miner = this.#run?.program.miner;
    if (on) miner?.start();
    else await miner?.stop();
  }

  /** Mines one block now. @returns its hash; undefined while the program does not run. */
  async mineOne(): Promise<Hash | undefined> {
    const [hash] = (await this.#run?.program.miner.generate(1)) ?? [];
    return hash;
  }

  /** A user of this node pays. */
  submitTransaction(tx: Transaction): void {
    this.#run?.program.submitTransaction(tx);
  }

  /** State of the DAG; undefined while the program does not run. */
  fingerprint(): Fingerprint | undefined {
    return this.#run?.program.fingerprint();
  }

  #begin(): Run {
    const { world: everybody, internet, hooks, seedList, watcher } = this.#surroundings;
    const world = everybody.node(`${this.name}/${++this.#starts}`, this.#clockOffset);
    const attachment = internet.attach(this.host);
    const told: Hash[] = [];
    const program = new SimProgram({
      name: this.name,
      setup: this.setup,
      world,
      attachment,
      disk: this.disk,
      hooks,
      seedList,
      logger: (part) => this.#logger(part),
      mined: (block) => {
        this.#note(`mines ${shortHash(block.hash)}`);
        watcher.mined(this, block);
      },
      accepted: (info) => {
        told.push(info.hash);
        this.#note(`accepts ${shortHash(info.hash)} at height ${info.height}`);
        watcher.accepted(this, info);
      },
      failed: (error) => this.#failed(error),
    });
    return { world, attachment, program, told, blocksAtStart: program.dag.snapshot().blockCount };
  }

  async #stop(): Promise<void> {
    const run = this.#run;
    if (!run) return;
    this.#note('stops');
    await run.program.stop();
    if (this.#run !== run) return;
    run.attachment.leave('process');
    this.#ended(run, 0);
    await run.program.dag.close();
  }

  #ended(run: Run, lost: number): void {
    const { program, told, blocksAtStart } = run;
    const committed = blocksAtStart + told.length === program.dag.snapshot().blockCount;
    const safe = lost === 0 && !this.disk.broken;
    this.#kept = safe ? { told, state: committed ? program.fingerprint() : undefined } : undefined;
    this.disk.ended(lost + (this.#surroundings.hooks.lostCommits ?? 0));
    this.#run = undefined;
  }

  /** Whatever was told to have been accepted must be there when the program starts again. */
  #checkKept(program: SimProgram): void {
    const kept = this.#kept;
    this.#kept = undefined;
    if (!kept || this.disk.wiped) return;
    const gone = kept.told.filter((hash) => !program.dag.haveBlock(hash));
    if (gone.length > 0) this.#problem(`has lost ${gone.length} accepted blocks over a restart`);
    if (!kept.state) return;
    const found = program.fingerprint();
    for (const key of ['blocks', 'tips', 'order', 'outputs'] as const) {
      if (kept.state[key] === found[key]) continue;
      this.#problem(`has other ${key} after a restart: ${kept.state[key]} became ${found[key]}`);
    }
  }

  /** As production does: a failure that nobody can mend here ends the program, in good order. */
  #failed(error: unknown): void {
    if (!this.disk.broken) this.#problem(`failed: ${textOf(error)}`);
    void this.stop();
  }

  #note(text: string): void {
    this.#surroundings.log.note(this.name, text);
  }

  #problem(text: string): void {
    this.#surroundings.watcher.problem(this, text);
  }

  /** Passes on what must not happen, and everything else when somebody reads along. */
  #logger(part: string): Logger {
    const { log, watcher } = this.#surroundings;
    const write = (level: LogLevel) => (message: string) =>
      log.detail(this.name, () => `  [${part} ${level}] ${message}`);
    const fatal = (message: string) => {
      if (!this.disk.broken && !watcher.isExpected(message)) this.#problem(`${part}: ${message}`);
    };
    return {
      enabled: (level) => log.tracing || level === 'error' || level === 'critical',
      trace: () => undefined,
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: fatal,
      critical: fatal,
    };
  }
}

/** The first digits of a hash, for logs. */
export function shortHash(hash: Hash): string {
  return hashToHex(hash).slice(0, 12);
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
