import type { Hash } from '../util/hash.ts';
import type { ConnectedBlock, DagState } from './dag-state.ts';
import type { BlockInfo } from './events.ts';

/** A block and its colour for the virtual block over all tips. */
export interface ColourChange {
  readonly hash: Hash;
  readonly isBlue: boolean;
}

/**
 * What one block changed in colours, order and tips. Made for every block, wanted by few: hashes are looked up when they are asked
 * for.
 */
export class DagDelta {
  readonly info: BlockInfo;
  /** Connected blocks with this one, genesis included: numbers the changes without a gap, also across restarts. */
  readonly sequence: number;
  /** First position of the order that changed. */
  readonly cut: number;
  /** Blocks that stood there and behind it before. */
  readonly removedCount: number;
  /** The block's own place in the order; undefined if a redundant parent keeps it out. */
  readonly position: number | undefined;
  readonly isBlue: boolean;
  readonly virtualBlueScore: number;
  readonly orderLength: number;
  readonly #state: DagState;
  readonly #connected: ConnectedBlock;
  readonly #colours: readonly boolean[];

  /** Notes the change that was made just now. */
  constructor(state: DagState, info: BlockInfo, connected: ConnectedBlock) {
    const { engine, index } = state;
    const { id, cut, removed, added, recoloured } = connected;
    const place = added.indexOf(id);
    this.info = info;
    this.sequence = index.connectedCount;
    this.cut = cut;
    this.removedCount = removed.length;
    this.position = place === -1 ? undefined : cut + place;
    this.isBlue = engine.isVirtualBlue(id);
    this.virtualBlueScore = engine.virtualBlueCount;
    this.orderLength = engine.orderLength;
    this.#state = state;
    this.#connected = connected;
    this.#colours = recoloured.map((block) => engine.isVirtualBlue(block));
  }

  /** Blocks that now stand from {@link cut} on. */
  get addedCount(): number {
    return this.#connected.added.length;
  }

  /** Those blocks, in order. */
  added(): Hash[] {
    return this.#hashes(this.#connected.added);
  }

  /** Blocks whose colour changed, this one if it is blue. */
  get colourCount(): number {
    return this.#colours.length;
  }

  /** Those blocks. */
  colours(): ColourChange[] {
    return this.#hashes(this.#connected.recoloured).map((hash, i) => ({ hash, isBlue: this.#colours[i]! }));
  }

  /** Parents that were tips until now. The block itself is a tip from now on. */
  formerTips(): Hash[] {
    return this.#hashes(this.#connected.formerTips);
  }

  #hashes(ids: readonly number[]): Hash[] {
    return ids.map((id) => this.#state.index.hashOf(id));
  }
}
