import type { Dag } from '../dag/index.ts';

/** Counts how often and how deep the end of the order was rewritten. */
export class ReorderTracker {
  /** Blocks that rewrote it. */
  count = 0;
  /** Blocks that lost their place to the last of them. */
  lastDepth = 0;
  greatestDepth = 0;

  constructor({ events }: Pick<Dag, 'events'>) {
    events.on('reorder', ({ removed }) => {
      // Blocks came back into the order, and none lost its place.
      if (removed.length === 0) return;
      this.count++;
      this.lastDepth = removed.length;
      this.greatestDepth = Math.max(this.greatestDepth, removed.length);
    });
  }
}
