import { type Hash, hashToHex } from '../util/hash.ts';
import type { Logger } from '../util/log.ts';
import type { Timer, World } from '../util/ports.ts';
import type { Block } from '../wire/index.ts';
import type { BlockSink, MiningMeasurements } from './ports.ts';
import type { WorkerFactory } from './search-worker.ts';
import { Solver } from './solver.ts';
import { SPEED_WINDOW_SECONDS, SpeedMonitor } from './speed.ts';
import type { BlockTemplate, TemplateBuilder } from './template.ts';
import { solvedBlock } from './work.ts';

/** How often running work gets a new timestamp, and new transactions if it is old. */
const REFRESH_MS = 15_000;
/** Work of at least this age is replaced when the pool has changed. */
const OLD_WORK_MS = 60_000;
/** Pause after something failed that will most likely fail again at once. */
const BACK_OFF_MS = 1_000;

/** Where work comes from. */
export type TemplateSource = Pick<TemplateBuilder, 'build' | 'refreshTime' | 'sourceVersion'>;

/** What a session works with. */
export interface SessionDeps {
  readonly templates: TemplateSource;
  readonly sink: BlockSink;
  readonly workers: WorkerFactory;
  readonly world: World;
  readonly measurements: MiningMeasurements;
  readonly logger: Logger;
  /** Tells when the tips have changed; returns the function that ends it. */
  readonly onTipsChanged: (listener: () => void) => () => void;
}

/** What a session is told. */
export interface SessionOptions {
  /** Output scripts to pay to, chosen at random for every template; none: anyone can spend the coins. */
  readonly payTo: readonly Uint8Array[];
  /** Whether hashes of mined blocks are measured too. */
  readonly reportHashes: boolean;
  /** Whether work is replaced when it no longer names the current tips. */
  readonly followTips: boolean;
}

/** One worker of a session: its solver and its clock. */
export interface Slot {
  readonly solver: Solver;
  /** Monotonic time of this worker's last accepted block, or of its start. */
  since: number;
  /** False once the worker shall end. */
  wanted: boolean;
  /** Resolves when the worker and its thread have ended. */
  readonly done: Promise<void>;
}

/**
 * One stretch of mining, from start to stop: its workers, the template they share, and what keeps that fresh. A block
 * that was solved on tips which have moved meanwhile is submitted all the same: it is valid and becomes parallel.
 */
export class MiningSession {
  readonly #options: SessionOptions;
  readonly #deps: SessionDeps;
  readonly #slots = new Set<Slot>();
  readonly #speed = new SpeedMonitor();
  readonly #sleepers = new Set<() => void>();
  readonly #timers: Timer[];
  readonly #unsubscribe: () => void;
  /** Hashes of workers that have ended. */
  #retired = 0;
  #work: { readonly template: BlockTemplate; readonly since: number } | undefined;
  #end: Promise<void> | undefined;

  constructor(options: SessionOptions, deps: SessionDeps) {
    this.#options = options;
    this.#deps = deps;
    const { timers } = deps.world;
    this.#timers = [timers.every(SPEED_WINDOW_SECONDS * 1000, () => this.#speed.sample(this.hashes))];
    if (options.followTips) this.#timers.push(timers.every(REFRESH_MS, () => this.#refresh()));
    this.#unsubscribe = options.followTips ? deps.onTipsChanged(() => this.#replaceWork()) : () => undefined;
  }

  /** Whether {@link end} was called. */
  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Headers hashed since the start. */
  get hashes(): number {
    let sum = this.#retired;
    for (const { solver } of this.#slots) sum += solver.hashes;
    return sum;
  }

  get hashesPerSecond(): number {
    return this.#speed.hashesPerSecond;
  }

  /** Adds a worker whose `run` loops until the slot is unwanted or the session ended; its thread ends with it. */
  launch(run: (slot: Slot) => Promise<void>): Slot {
    const { workers, world } = this.#deps;
    const solver = new Solver({ workers, random: world.random });
    // Not at once: whoever starts mining does not expect a block before the call returns.
    const done = this.turn()
      .then(() => run(slot))
      .finally(() => this.#retire(slot));
    const slot: Slot = { solver, since: world.clock.monotonic(), wanted: true, done };
    this.#slots.add(slot);
    return slot;
  }

  /** Asks a worker to end; it does so within a second. */
  dismiss(slot: Slot): void {
    slot.wanted = false;
    slot.solver.interrupt();
  }

  /** Ends everything and resolves when nothing runs any more. Idempotent. */
  end(): Promise<void> {
    this.#end ??= this.#shutDown();
    return this.#end;
  }

  /** Waits, but not beyond the end of the session. */
  sleep(milliseconds: number): Promise<void> {
    if (this.ended) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.delete(wake);
        timer.cancel();
        resolve();
      };
      const timer = this.#deps.world.timers.after(milliseconds, wake);
      this.#sleepers.add(wake);
    });
  }

  /** Lets the rest of the node have its turn of the event loop. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.#deps.world.timers.soon(resolve));
  }

  /** One round of a worker: takes the present work, solves and submits it. See {@link mineTemplate}. */
  async mine(slot: Slot): Promise<Hash | undefined> {
    const template = this.#presentWork();
    if (template) return this.mineTemplate(slot, template);
    await this.sleep(BACK_OFF_MS);
    return undefined;
  }

  /**
   * Solves a template and submits the block.
   * @returns the hash of the block if it was accepted; undefined if interrupted, or after a pause if anything failed.
   */
  async mineTemplate(slot: Slot, template: BlockTemplate): Promise<Hash | undefined> {
    try {
      const solution = await slot.solver.solve(template);
      if (!solution) return undefined;
      const block = solvedBlock(template, solution);
      if (await this.#submit(slot, block, template.height)) return block.hash;
    } catch (error) {
      this.#deps.logger.error(`Mining failed: ${textOf(error)}`);
    }
    await this.sleep(BACK_OFF_MS);
    return undefined;
  }

  /** A template on the present tips, not shared; undefined (and logged) if there is none to be had. */
  freshTemplate(): BlockTemplate | undefined {
    const { payTo } = this.#options;
    const { templates, world, logger } = this.#deps;
    try {
      return templates.build(payTo.length > 1 ? payTo[world.random.below(payTo.length)] : payTo[0]);
    } catch (error) {
      logger.error(`No block template, trying again in a second: ${textOf(error)}`);
      return undefined;
    }
  }

  #presentWork(): BlockTemplate | undefined {
    if (!this.#work) {
      const template = this.freshTemplate();
      if (template) this.#work = { template, since: this.#deps.world.clock.monotonic() };
    }
    return this.#work?.template;
  }

  async #submit(slot: Slot, block: Block, height: number): Promise<boolean> {
    const { sink, world, measurements, logger } = this.#deps;
    // Accepted, it moves the tips; refused, the same template would be refused again.
    this.#work = undefined;
    const { status } = await sink.submit(block);
    if (status !== 'accepted') {
      logger.warn(`Mined block ${hashToHex(block.hash)} waits for its parents`);
      return false;
    }
    const now = world.clock.monotonic();
    measurements.solveTime.send(now - slot.since);
    measurements.solveCount.send(1);
    if (this.#options.reportHashes) measurements.solveHash.send(block.hash);
    slot.since = now;
    if (logger.enabled('info')) logger.info(`Mined block ${hashToHex(block.hash)} at height ${height}`);
    return true;
  }

  /** Brings the shared work up to date; the searches take it up at once. */
  #refresh(): void {
    if (!this.#work) return;
    const { templates, world } = this.#deps;
    const { template, since } = this.#work;
    const old = world.clock.monotonic() - since > OLD_WORK_MS;
    if (old && templates.sourceVersion !== template.sourceVersion) this.#work = undefined;
    else this.#work = { template: templates.refreshTime(template), since };
    this.#interruptAll();
  }

  #replaceWork(): void {
    this.#work = undefined;
    this.#interruptAll();
  }

  #interruptAll(): void {
    for (const { solver } of this.#slots) solver.interrupt();
  }

  async #retire(slot: Slot): Promise<void> {
    await slot.solver.close();
    this.#retired += slot.solver.hashes;
    this.#slots.delete(slot);
  }

  async #shutDown(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#unsubscribe();
    for (const wake of [...this.#sleepers]) wake();
    this.#interruptAll();
    await Promise.all([...this.#slots].map(({ done }) => done));
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
