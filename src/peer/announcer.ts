import type { Timer, World } from '../util/ports.ts';
import { INV_WITNESS_FLAG, InvType, type InvVector } from '../wire/index.ts';
import { itemKey, type KnownInventory } from './known-inventory.ts';
import { MAX_TRICKLED_INVENTORY } from './limits.ts';

/**
 * Announces inventory to the remote. Blocks go out at once, one message each; everything else waits for the next
 * trickle, so that the time of an announcement tells little about its origin. What the remote knows is left out.
 */
export class Announcer {
  readonly #known: KnownInventory;
  readonly #limit: number;
  readonly #send: (inventory: readonly InvVector[]) => void;
  readonly #waiting = new Map<string, InvVector>();
  #timer: Timer | undefined;

  /**
   * @param limit items that may wait; beyond it the oldest is dropped, the remote will hear of it from others.
   * @param send queues one inv message.
   */
  constructor(known: KnownInventory, limit: number, send: (inventory: readonly InvVector[]) => void) {
    this.#known = known;
    this.#limit = limit;
    this.#send = send;
  }

  /** Items waiting for the trickle. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Begins to trickle every `interval` milliseconds. */
  start(world: World, interval: number): void {
    this.#timer = world.timers.every(interval, () => this.#trickle());
  }

  /** Stops trickling and forgets what waits. */
  stop(): void {
    this.#timer?.cancel();
    this.#waiting.clear();
  }

  /** Announces an item unless the remote knows it. */
  add(item: InvVector): void {
    if (this.#known.has(item)) return;
    if ((item.type & ~INV_WITNESS_FLAG) === InvType.block) {
      this.#known.add(item);
      this.#send([item]);
      return;
    }
    const key = itemKey(item);
    if (this.#waiting.has(key)) return;
    this.#waiting.set(key, item);
    if (this.#waiting.size > this.#limit) this.#waiting.delete(this.#waiting.keys().next().value!);
  }

  #trickle(): void {
    if (this.#waiting.size === 0) return;
    const items = [...this.#waiting.values()].filter((item) => !this.#known.has(item));
    this.#waiting.clear();
    for (let i = 0; i < items.length; i += MAX_TRICKLED_INVENTORY) {
      const batch = items.slice(i, i + MAX_TRICKLED_INVENTORY);
      for (const item of batch) this.#known.add(item);
      this.#send(batch);
    }
  }
}
