import { MemoryPool, type PoolDeps, type PoolOptions } from '../../mempool/index.ts';
import type { Channels } from '../../metrics/index.ts';
import type { Clock } from '../../util/ports.ts';
import type { Transaction } from '../../wire/index.ts';

/** The memory pool of a node, which tells what enters and leaves and how long transactions take to judge. */
export class MeasuredPool extends MemoryPool {
  readonly #clock: Clock;
  readonly #channel: Channels['transaction'];

  constructor(
    options: PoolOptions,
    deps: PoolDeps,
    channels: Pick<Channels, 'transaction' | 'poolAdded' | 'poolRemoved'>,
  ) {
    super(options, deps);
    this.#clock = deps.world.clock;
    this.#channel = channels.transaction;
    this.events.on('added', () => channels.poolAdded.send(1));
    this.events.on('removed', ({ reason }) => channels.poolRemoved.send(reason));
  }

  override process(tx: Transaction, tag: number): readonly Transaction[] {
    return this.#measured(() => super.process(tx, tag));
  }

  override submit(tx: Transaction): readonly Transaction[] {
    return this.#measured(() => super.submit(tx));
  }

  #measured<T>(judge: () => T): T {
    const start = this.#clock.monotonic();
    let refused = true;
    try {
      const result = judge();
      refused = false;
      return result;
    } finally {
      this.#channel.send({ milliseconds: this.#clock.monotonic() - start, refused });
    }
  }
}
