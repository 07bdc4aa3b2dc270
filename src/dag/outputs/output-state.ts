import type { WriteTransaction } from '../../store/index.ts';
import type { Block } from '../../wire/index.ts';
import type { BlockEffects } from './effects.ts';
import { type Output, sameOutput } from './output.ts';
import { type OutputRecord, ReplayState } from './output-record.ts';
import type { OutputSlot, OutputTable } from './output-table.ts';
import { applyBlock, type Kept, type ReplayView, undoBlock } from './replay.ts';
import type { OutputSetHash } from './set-hash.ts';

/**
 * All outputs, in two views. The *replay* is what the present order makes of all transactions, from genesis on; it is
 * kept up by undoing and redoing only the end of the order that changed. The *stored set* is what checks of new blocks,
 * the memory pool and `gettxout` read; it is brought up once a block, from the outputs that the replay touched:
 * unspent ones are written, ignored ones deleted, and spent or vanished ones *left as they are*. So it also holds what
 * was spent, and depends on the history of orders; nodes must agree on blocks, so they must all keep it in this way.
 */
export class OutputState {
  readonly #table: OutputTable;
  readonly #hash: OutputSetHash;
  readonly #maturity: number;
  readonly #touched = new Set<OutputSlot>();
  readonly #view: ReplayView;
  #storedCount: number;

  /**
   * @param hash over the stored set as it is.
   * @param storedCount outputs in the stored set.
   * @param maturity of coinbases, in generations.
   */
  constructor(table: OutputTable, hash: OutputSetHash, storedCount: number, maturity: number) {
    this.#table = table;
    this.#hash = hash;
    this.#storedCount = storedCount;
    this.#maturity = maturity;
    this.#view = {
      find: (key) => this.#table.find(key),
      set: (slot, state, entry) => {
        this.#touched.add(slot);
        this.#table.change(slot, { state, entry, stored: slot.record.stored });
      },
    };
  }

  /** Looks an output up in the stored set, by `outpointKey`. */
  readonly stored = (key: string): Output | undefined => this.record(key).stored;

  /** Everything known of an output. */
  record(key: string): OutputRecord {
    this.#table.trim();
    return this.#table.get(key);
  }

  /** Outputs in the stored set. */
  get storedCount(): number {
    return this.#storedCount;
  }

  /** Hash over the stored set. */
  get hash(): OutputSetHash {
    return this.#hash;
  }

  /** Takes back the last block of the replay, except for transactions whose flag is 1. */
  undo(block: Block, height: number, effects: BlockEffects, kept?: Uint8Array): void {
    undoBlock(this.#view, block, height, effects, kept);
  }

  /** Replays one more block, except for what was kept of it. */
  apply(block: Block, height: number, kept?: Kept): BlockEffects {
    return applyBlock(this.#view, block, height, this.#maturity, kept);
  }

  /** Brings the stored set up after the replay of a connected block. Costs the number of outputs touched. */
  settle(): void {
    for (const slot of this.#touched) {
      const { state, entry, stored } = slot.record;
      if (state === ReplayState.unspent && entry && !(stored && sameOutput(stored, entry))) {
        this.#store(slot, entry);
      } else if (state === ReplayState.ignored && stored) {
        this.#store(slot, undefined);
      }
      this.#table.tidy(slot);
    }
    this.#touched.clear();
    this.#table.trim();
  }

  /** Rows of the table with all changes written. */
  countRows(): number {
    return this.#table.countRows();
  }

  /** Outputs that wait for the next commit. */
  get pending(): number {
    return this.#table.pending;
  }

  write(transaction: WriteTransaction): void {
    this.#table.write(transaction);
  }

  /** What was written is on its way to the disk. */
  sent(): void {
    this.#table.sent();
  }

  /** What was sent is on disk. */
  committed(): void {
    this.#table.committed();
  }

  #store(slot: OutputSlot, output: Output | undefined): void {
    const { key, record } = slot;
    if (record.stored) {
      this.#hash.remove(key, record.stored);
      this.#storedCount--;
    }
    if (output) {
      this.#hash.add(key, output);
      this.#storedCount++;
    }
    this.#table.change(slot, { state: record.state, entry: record.entry, stored: output });
  }
}
