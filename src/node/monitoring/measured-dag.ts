import { Dag, type DagDeps, type DagOptions, type ProcessResult, RuleError } from '../../dag/index.ts';
import type { Channels } from '../../metrics/index.ts';
import type { Block } from '../../wire/index.ts';

/** The DAG of a node, which tells how long each block took and what became of it. */
export class MeasuredDag extends Dag {
  readonly #clock: DagDeps['clock'];
  readonly #channel: Channels['block'];

  constructor(options: DagOptions, deps: DagDeps, channels: Pick<Channels, 'block' | 'reorder'>) {
    super(options, deps);
    this.#clock = deps.clock;
    this.#channel = channels.block;
    this.events.on('reorder', ({ removed }) => {
      // Blocks may also come back into the order without any that loses its place.
      if (removed.length > 0) channels.reorder.send(removed.length);
    });
  }

  override processBlock(block: Block, mayGoOn?: () => boolean): ProcessResult {
    const start = this.#clock.monotonic();
    try {
      const result = super.processBlock(block, mayGoOn);
      const blocks = result.status === 'accepted' ? result.accepted.length : 1;
      this.#channel.send({ milliseconds: this.#clock.monotonic() - start, outcome: result.status, blocks });
      return result;
    } catch (error) {
      const milliseconds = this.#clock.monotonic() - start;
      const rule = error instanceof RuleError ? error.code : error instanceof Error ? error.name : 'unknown';
      this.#channel.send({ milliseconds, outcome: 'refused', blocks: 1, rule });
      throw error;
    }
  }
}
