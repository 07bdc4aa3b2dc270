import { deepStrictEqual } from 'node:assert';
import { BlockIndex, BlockStatus, DagEngine, type EngineOptions } from '../../src/dag/engine/index.ts';
import type { DagPlan } from './random-dag.ts';

/**
 * Feeds a plan to an engine and plays the store: keeps the rows and order pages the engine hands out, mirrors the order
 * from the reported changes, and can replace the engine by one loaded from what was stored.
 */
export class EngineDriver {
  engine: DagEngine;
  readonly #plan: DagPlan;
  readonly #options: EngineOptions;
  /** What a store would hold. */
  readonly rows: Uint8Array[] = [];
  readonly pages: Uint8Array[] = [];
  /** Engine id of each block of the plan. */
  readonly ids: number[] = [];
  /** Block of the plan for each engine id; −1 for blocks that are not connected. */
  readonly blocks: number[] = [];
  #order: number[] = [];

  constructor(plan: DagPlan, options: EngineOptions = {}) {
    this.#plan = plan;
    this.#options = options;
    this.engine = new DagEngine(new BlockIndex({ hashSeed: 42 }), options);
  }

  /** Connects a block of the plan and checks what the engine reports about the order. */
  add(block: number): void {
    const { engine } = this;
    const parents = this.#plan.parents[block]!.map((parent) => this.ids[parent]!);
    const id = engine.index.append(this.#facts(this.#plan.hashes[block]!, parents, BlockStatus.stored));
    this.ids[block] = id;
    this.blocks[id] = block;
    const change = engine.addBlock(id);
    deepStrictEqual([...change.removed], this.#order.slice(change.orderCut), 'removed end of the order');
    this.#order = [...this.#order.slice(0, change.orderCut), ...change.added];
    deepStrictEqual(change.selectedParent, engine.selectedParent(id));
    deepStrictEqual(change.blueCount, engine.blueCount(id));
    this.rows[id] = change.row;
  }

  /** Adds a block that failed: its hash is known, nothing else. */
  addFailed(hash: Uint8Array, parent: number): void {
    const { engine } = this;
    const id = engine.index.append(this.#facts(hash, [this.ids[parent]!], BlockStatus.failed));
    this.blocks[id] = -1;
    this.rows[id] = engine.unconnectedRow(id);
  }

  /** Commits the order pages, as after each block or each batch of blocks. */
  commit(): void {
    const { firstPage, pages, pageCount } = this.engine.takeOrderPages();
    this.pages.splice(firstPage, pages.length, ...pages);
    this.pages.length = pageCount;
  }

  /** Replaces the engine by one loaded from the rows and pages committed. */
  restart(): void {
    this.commit();
    this.engine = DagEngine.load(this.rows, this.pages, { ...this.#options, hashSeed: 43 });
  }

  /** Order in blocks of the plan, as the engine has it and as it followed from the changes. */
  order(): number[] {
    const { engine } = this;
    const order = Array.from({ length: engine.orderLength }, (_, position) => engine.orderAt(position));
    deepStrictEqual(order, this.#order, 'order from the reported changes');
    order.forEach((id, position) => {
      deepStrictEqual(engine.positionOf(id), position);
    });
    return order.map((id) => this.blocks[id]!);
  }

  /** Virtual blue set in blocks of the plan, ascending by hash. */
  virtualBlue(): number[] {
    const { engine } = this;
    const members = this.ids.filter((id) => engine.isVirtualBlue(id));
    deepStrictEqual(members.length, engine.virtualBlueCount, 'size of the virtual blue set');
    return members.sort((a, b) => engine.index.compareHashes(a, b)).map((id) => this.blocks[id]!);
  }

  /** B(block) in blocks of the plan, ascending by hash. */
  blueOf(block: number): number[] {
    const blue = this.engine.colouringOf(this.ids[block]!);
    deepStrictEqual(blue.length, this.engine.blueCount(this.ids[block]!), 'size of a blue set');
    return blue.map((id) => this.blocks[id]!);
  }

  #facts(hash: Uint8Array, parents: readonly number[], status: BlockStatus) {
    const { index } = this.engine;
    const height = parents.reduce((height, parent) => Math.max(height, index.height(parent) + 1), 0);
    return { hash, height, time: 1_600_000_000 + height, bits: 0x207fffff, status, parents };
  }
}
