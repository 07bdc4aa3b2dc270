import type { Hash } from '../util/hash.ts';
import { drawTurn, type Pace } from './pace.ts';
import type { NetworkView } from './ports.ts';
import { MiningSession, type SessionDeps, type Slot } from './session.ts';

/** How often the miner looks again whether it may mine. */
const WAIT_MS = 1_000;

/** `generate` was called while mining. The message is what RPC clients of soterd 2.1.1 expect. */
export class MinerBusyError extends Error {
  override name = 'MinerBusyError';

  constructor() {
    super('Server is already CPU mining. Please call `setgenerate 0` before calling discrete `generate` commands.');
  }
}

/** `generate` was ended by `stop` before it was done; the blocks mined until then are part of the DAG. */
export class MinerStoppedError extends Error {
  override name = 'MinerStoppedError';
  /** Hashes of the blocks that were mined. */
  readonly hashes: readonly Hash[];

  constructor(hashes: readonly Hash[], wanted: number) {
    super(`mining was stopped after ${hashes.length} of ${wanted} blocks`);
    this.hashes = hashes;
  }
}

/** What the miner is told. */
export interface MinerOptions {
  /** Output scripts of the operator's addresses; each template pays to one at random, to anyone if there is none. */
  readonly payTo: readonly Uint8Array[];
  /** Workers to begin with, and what a negative number of workers means: the number of processors. */
  readonly processors: number;
  /** Measure the hashes of mined blocks too (simnet). */
  readonly reportHashes: boolean;
  /** Mine at this pace instead of at full speed. Does not slow `generate`. */
  readonly pace?: Pace;
  /** Mine even without any peer. Default false. */
  readonly aloneAllowed?: boolean;
}

/** What the miner works with. */
export interface MinerDeps extends SessionDeps {
  readonly network: NetworkView;
  /** Greatest height among the tips. */
  readonly maxHeight: () => number;
}

/**
 * The Miner manager: mines on and on with a number of workers, or a given number of blocks one after the other. Hashing
 * happens in worker threads; only targets that nearly every hash meets are solved on the spot.
 */
export class Miner {
  readonly #options: MinerOptions;
  readonly #deps: MinerDeps;
  #workers: number;
  #session: MiningSession | undefined;
  /** Workers of continuous mining, oldest first. */
  #slots: Slot[] = [];
  /** The session of the latest {@link generate}. */
  #generator: MiningSession | undefined;
  /** Resolves when every session that was stopped has ended. */
  #stopped: Promise<unknown> = Promise.resolve();

  constructor(options: MinerOptions, deps: MinerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#workers = options.processors;
  }

  /** Whether anything is being mined, continuously or by {@link generate}: the RPC `getgenerate`. */
  get running(): boolean {
    return this.#session !== undefined;
  }

  /** Whether {@link generate} is at work. */
  get generating(): boolean {
    return this.#session !== undefined && this.#session === this.#generator;
  }

  /** The configured number of workers, whether mining or not. */
  get workers(): number {
    return this.#workers;
  }

  /** Whether there is an address to pay to. */
  get hasAddress(): boolean {
    return this.#options.payTo.length > 0;
  }

  /** Real hashes a second; 0 while not mining and for the first ten seconds. */
  get hashesPerSecond(): number {
    return this.#session?.hashesPerSecond ?? 0;
  }

  /** Begins to mine continuously. No effect while mining. */
  start(): void {
    if (this.#session) return;
    const { pace } = this.#options;
    const session = this.#open(pace === undefined);
    this.#deps.logger.info(pace ? 'Mining at a fixed pace' : `Mining with ${this.#workers} workers`);
    if (pace) this.#slots = [session.launch((slot) => this.#minePaced(session, slot, pace))];
    else this.#adjust(session);
  }

  /**
   * Ends mining, {@link generate} included, and resolves when all threads have ended. A block that is being submitted is
   * finished. No effect while not mining.
   */
  async stop(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#slots = [];
    if (session) {
      this.#stopped = Promise.all([this.#stopped, session.end()]);
      this.#deps.logger.info('Mining stops');
    }
    await this.#stopped;
  }

  /**
   * Sets the number of workers; those launched last go first. While {@link generate} is at work it is only stored.
   * @param count 0 stops mining, a negative number means one a processor.
   */
  async setWorkers(count: number): Promise<void> {
    this.#workers = count < 0 ? this.#options.processors : count;
    if (count === 0) await this.stop();
    else if (this.#session && !this.generating && !this.#options.pace) this.#adjust(this.#session);
  }

  /**
   * Mines blocks one after the other, whether or not there are peers.
   * @returns hashes of the accepted blocks, in order.
   * @throws {MinerBusyError} while mining.
   * @throws {MinerStoppedError} if stopped meanwhile.
   */
  async generate(count: number): Promise<Hash[]> {
    if (this.#session) throw new MinerBusyError();
    const session = this.#open(true);
    this.#generator = session;
    const hashes: Hash[] = [];
    const { done } = session.launch(async (slot) => {
      while (hashes.length < count && !session.ended) {
        const hash = await session.mine(slot);
        if (hash) hashes.push(hash);
        await session.turn();
      }
    });
    try {
      await done;
    } finally {
      if (this.#session === session) this.#session = undefined;
      await session.end();
    }
    if (hashes.length < count) throw new MinerStoppedError(hashes, count);
    return hashes;
  }

  #open(followTips: boolean): MiningSession {
    const { payTo, reportHashes } = this.#options;
    this.#session = new MiningSession({ payTo, reportHashes, followTips }, this.#deps);
    return this.#session;
  }

  /** Launches or dismisses workers until there are as many as configured. */
  #adjust(session: MiningSession): void {
    while (this.#slots.length > this.#workers) session.dismiss(this.#slots.pop()!);
    while (this.#slots.length < this.#workers) {
      this.#slots.push(session.launch((slot) => this.#mineOn(session, slot)));
    }
  }

  /** Whether there is somebody to mine for and nothing to catch up with. */
  #mayMine(): boolean {
    const { network, maxHeight } = this.#deps;
    if (network.peerCount() === 0 && !this.#options.aloneAllowed) return false;
    return maxHeight() === 0 || network.isCurrent();
  }

  async #mineOn(session: MiningSession, slot: Slot): Promise<void> {
    while (slot.wanted && !session.ended) {
      if (this.#mayMine()) {
        await session.mine(slot);
        await session.turn();
      } else await session.sleep(WAIT_MS);
    }
  }

  async #minePaced(session: MiningSession, slot: Slot, pace: Pace): Promise<void> {
    while (!session.ended) {
      const { beforeTemplate, beforeBlock } = drawTurn(pace, this.#deps.world.random);
      await session.sleep(beforeTemplate);
      const template = !session.ended && this.#mayMine() ? session.freshTemplate() : undefined;
      await session.sleep(beforeBlock);
      if (template && !session.ended) await session.mineTemplate(slot, template);
    }
  }
}
