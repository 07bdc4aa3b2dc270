import { rmSync } from 'node:fs';
import { type Dag, DagVerification, type VerifyProgress, type VerifyReport } from '../dag/index.ts';
import type { NetworkParams } from '../params/index.ts';
import { sha256dPow } from '../pow/index.ts';
import { type KeyValueStore, openLmdbStore } from '../store/index.ts';
import type { Logger } from '../util/log.ts';
import type { Clock, World } from '../util/ports.ts';
import { databaseBytes, scratchFolder } from './database-files.ts';
import { makeFolder } from './folders.ts';
import { systemStoreHost } from './store-host.ts';

/** Settings of a verification. */
export interface DatabaseVerificationOptions {
  readonly params: NetworkParams;
  /** Folder of the network's data. The derived state gets a folder in it, which is deleted afterwards. */
  readonly dataDir: string;
  /** Run the scripts of all blocks, too. */
  readonly scripts: boolean;
  /** Work between two turns of the event loop, milliseconds. */
  readonly slice: number;
}

/** What a verification works with. */
export interface DatabaseVerificationDeps {
  readonly store: KeyValueStore;
  readonly clock: Clock;
  /** The DAG over the store, opened if need be when the tables have been found right. */
  readonly subject: () => Dag;
  report(progress: VerifyProgress): void;
  stopped(): boolean;
  pause(): Promise<void>;
}

/**
 * Verifies a database (see `DagVerification`) with the derived state on disk, so that memory is bounded by what a DAG of this size
 * needs anyway.
 * @returns undefined if it was stopped.
 * @throws {StoreError} if the folder for the derived state cannot be used.
 */
export async function verifyDatabase(
  { params, dataDir, scripts, slice }: DatabaseVerificationOptions,
  { store, clock, subject, report, stopped, pause }: DatabaseVerificationDeps,
): Promise<VerifyReport | undefined> {
  const folder = scratchFolder(dataDir);
  rmSync(folder, { recursive: true, force: true });
  makeFolder(folder);
  const scratch = openLmdbStore(folder, { host: systemStoreHost, synced: false });
  try {
    const deps = { store, scratch, pow: sha256dPow, clock, subject };
    const steps = new DagVerification({ params, scripts, slice }, deps).run();
    for (;;) {
      const { done, value } = steps.next();
      if (done) return value;
      report(value);
      await pause();
      if (stopped()) return undefined;
    }
  } finally {
    await scratch.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** How long a step may keep a running node from other work, milliseconds. */
const SLICE = 15;
/** How often the log is told how far a verification has come, milliseconds. */
const LOG_INTERVAL = 10_000;

/** What the verifier of a running node works with. */
export interface DatabaseVerifierDeps {
  readonly store: KeyValueStore;
  readonly dag: Dag;
  readonly world: World;
  readonly logger: Logger;
}

/** A report, and how long it took. */
export interface TimedReport extends VerifyReport {
  readonly seconds: number;
}

/** Verifies the database of a running node while that goes on with its work. One verification at a time. */
export class DatabaseVerifier {
  readonly #options: Pick<DatabaseVerificationOptions, 'params' | 'dataDir'>;
  readonly #deps: DatabaseVerifierDeps;
  #running: Promise<unknown> | undefined;
  #stopping = false;

  constructor(options: Pick<DatabaseVerificationOptions, 'params' | 'dataDir'>, deps: DatabaseVerifierDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** Size of the database on disk. */
  get bytes(): number {
    return databaseBytes(this.#options.dataDir);
  }

  /**
   * Verifies everything.
   * @param signal ends it early.
   * @throws {Error} if it was ended early, or another verification is running.
   */
  async verify(scripts: boolean, signal: AbortSignal): Promise<TimedReport> {
    if (this.#running) throw new Error('a verification is running already');
    if (this.#stopping) throw new Error('the node is shutting down');
    const run = this.#run(scripts, () => this.#stopping || signal.aborted);
    this.#running = run.catch(() => undefined);
    try {
      return await run;
    } finally {
      this.#running = undefined;
    }
  }

  /** Ends a verification; resolves when its files are gone. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async #run(scripts: boolean, stopped: () => boolean): Promise<TimedReport> {
    const { store, dag, world, logger } = this.#deps;
    const { clock } = world;
    const started = clock.monotonic();
    let nextLine = started + LOG_INTERVAL;
    logger.info('Verification of the database begins');
    const report = await verifyDatabase(
      { ...this.#options, scripts, slice: SLICE },
      {
        store,
        clock,
        subject: () => dag,
        stopped,
        report({ stage, done, total }) {
          if (clock.monotonic() < nextLine) return;
          nextLine = clock.monotonic() + LOG_INTERVAL;
          logger.info(`Verification: ${stage} ${done} of ${total}`);
        },
        pause: () => new Promise((resolve) => world.timers.soon(resolve)),
      },
    );
    if (!report) {
      logger.info('Verification was ended early');
      throw new Error('the verification was ended early');
    }
    const seconds = (clock.monotonic() - started) / 1000;
    const { difference, blocks, positions, outputs } = report;
    if (difference !== undefined) logger.error(`Verification found a difference: ${difference}`);
    else {
      const what = `${blocks} blocks, ${positions} positions of the order, ${outputs} outputs`;
      logger.info(`Verification found no difference in ${what} (${seconds.toFixed(1)} s)`);
    }
    return { ...report, seconds };
  }
}
