import { Dag } from '../../../src/dag/index.ts';
import { systemWorld } from '../../../src/node/system.ts';
import { TcpDialer, TcpListener } from '../../../src/node/tcp.ts';
import { networkParams, userAgent } from '../../../src/params/index.ts';
import { sha256dPow } from '../../../src/pow/index.ts';
import { PeerHandler, type PeerHandlerOptions, type ServerPool } from '../../../src/server/index.ts';
import { MemoryStore } from '../../../src/store/index.ts';
import { silentLogger } from '../../../src/util/log.ts';
import type { World } from '../../../src/util/ports.ts';
import type { Block } from '../../../src/wire/index.ts';

/** Network of all recordings played here. */
export const PARAMS = networkParams('simnet');

/** The real world at another time: its clocks start at the recording's and can be moved on. */
class ShiftedWorld implements World {
  readonly timers = systemWorld.timers;
  readonly random = systemWorld.random;
  readonly clock: World['clock'];
  #skipped = 0;

  constructor(unixMilliseconds: number) {
    const { clock } = systemWorld;
    const start = clock.monotonic();
    const elapsed = () => clock.monotonic() - start + this.#skipped;
    this.clock = { now: () => unixMilliseconds + elapsed(), monotonic: elapsed };
  }

  /** Moves the clocks to so many milliseconds after the start, unless they are past it. */
  skipTo(milliseconds: number): void {
    this.#skipped += Math.max(0, milliseconds - this.clock.monotonic());
  }
}

/** One complete node over real sockets on this machine, its blocks in memory. */
export class TestNode {
  readonly dag: Dag;
  readonly world: ShiftedWorld;
  readonly failures: unknown[] = [];
  #handler: PeerHandler | undefined;
  #address = '';

  /** @param unixSeconds the time that the node believes in. */
  constructor(unixSeconds: number) {
    this.world = new ShiftedWorld(unixSeconds * 1000);
    const { clock } = this.world;
    this.dag = new Dag({ params: PARAMS }, { store: new MemoryStore(), clock, pow: sha256dPow });
    this.dag.open();
  }

  get handler(): PeerHandler {
    if (!this.#handler) throw new Error('node has not been started');
    return this.#handler;
  }

  /** Where it listens, `ip:port`. */
  get address(): string {
    return this.#address;
  }

  /** Takes blocks in as if it had had them for long. */
  load(blocks: readonly Block[]): void {
    for (const block of blocks) this.dag.processBlock(block);
  }

  async start(options: Partial<PeerHandlerOptions> = {}, pool?: ServerPool): Promise<void> {
    const listener = await TcpListener.listen('127.0.0.1:0');
    this.#address = listener.address;
    this.#handler = new PeerHandler(
      { params: PARAMS, services: 0x0dn, userAgent: userAgent(2), ...options },
      {
        dag: this.dag,
        ...(pool && { pool }),
        world: this.world,
        logger: silentLogger,
        dialer: new TcpDialer(),
        listeners: [listener],
        failed: (error) => this.failures.push(error),
      },
    );
    await this.#handler.start();
  }

  async stop(): Promise<void> {
    await this.#handler?.stop();
    await this.dag.close();
  }
}
