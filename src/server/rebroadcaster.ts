import { type Hash, hashKey } from '../util/hash.ts';
import type { Timer, World } from '../util/ports.ts';
import type { Block, Transaction } from '../wire/index.ts';
import type { ServerPool } from './ports.ts';
import type { Relay } from './relay.ts';

/** First repetition after so long, milliseconds. */
const FIRST_MS = 5 * 60_000;
/** Later ones after a random whole number of seconds below this. */
const RANGE_SECONDS = 1800;
/** Transactions kept; beyond it the oldest is no longer repeated. */
const MAX_TRANSACTIONS = 10_000;

/** Announces the transactions of this node's own users again and again until they are in a block. */
export class Rebroadcaster {
  readonly #world: World;
  readonly #relay: Relay;
  readonly #pool: Pick<ServerPool, 'entry'>;
  readonly #transactions = new Map<string, Hash>();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(world: World, relay: Relay, pool: Pick<ServerPool, 'entry'>) {
    this.#world = world;
    this.#relay = relay;
    this.#pool = pool;
  }

  start(): void {
    if (!this.#timer && !this.#stopped) this.#wait(FIRST_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#transactions.clear();
  }

  add(tx: Transaction): void {
    this.#transactions.set(hashKey(tx.txid), tx.txid);
    if (this.#transactions.size <= MAX_TRANSACTIONS) return;
    for (const oldest of this.#transactions.keys()) {
      this.#transactions.delete(oldest);
      return;
    }
  }

  /** A block confirms its transactions. */
  confirmed(block: Block): void {
    if (this.#transactions.size === 0) return;
    for (const { txid } of block.transactions) this.#transactions.delete(hashKey(txid));
  }

  #wait(milliseconds: number): void {
    this.#timer = this.#world.timers.after(milliseconds, () => {
      this.#repeat();
      this.#wait(this.#world.random.below(RANGE_SECONDS) * 1000);
    });
  }

  #repeat(): void {
    for (const [key, txid] of this.#transactions) {
      const entry = this.#pool.entry(txid);
      if (entry) this.#relay.announceEntry(entry);
      else this.#transactions.delete(key);
    }
  }
}
