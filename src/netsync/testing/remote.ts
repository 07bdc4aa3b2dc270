import { type Hash, ZERO_HASH } from '../../util/hash.ts';
import type { World } from '../../util/ports.ts';
import { type Block, InvType, type InvVector, UNKNOWN_HEIGHT } from '../../wire/index.ts';
import type { SyncManager } from '../sync-manager.ts';
import type { FakeDag } from './fake-dag.ts';
import { FakePeer } from './fake-peer.ts';

/** How a remote node behaves; everything it does not say is honest. */
export interface RemoteOptions {
  /** Height in its version. Default: that of its DAG. */
  readonly claim?: number;
  readonly latency?: number;
  /** Milliseconds that each block takes on the line, one after the other. Default 0. */
  readonly pace?: number;
  /** Changes what it lists for a getblocks. */
  readonly list?: (entries: InvVector[]) => InvVector[] | undefined;
  /** Changes a block that it serves; undefined: not found; null: no answer at all. */
  readonly serve?: (block: Block | undefined) => Block | undefined | null;
}

/**
 * A node at the other end, serving a DAG of its own as known nodes do: inv for every getblocks, blocks one by one in
 * order and each only after the one before was dealt with, the zero inv after a full batch, notfound at the end.
 */
export class Remote extends FakePeer {
  readonly dag: FakeDag;
  readonly #manager: SyncManager;
  readonly #world: World;
  readonly #options: RemoteOptions;
  #continue: Hash | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(manager: SyncManager, world: World, dag: FakeDag, options: RemoteOptions = {}) {
    super(options.claim ?? dag.snapshot().maxHeight);
    this.dag = dag;
    this.#manager = manager;
    this.#world = world;
    this.#options = options;
    this.onGetBlocks = (height) => this.#later(() => this.#list(height));
    this.onGetData = (vectors) => this.#later(() => this.#serve(vectors));
  }

  connect(): this {
    this.#manager.peerConnected(this);
    return this;
  }

  /** Hangs up. */
  leave(): void {
    this.connected = false;
    this.#manager.peerDisconnected(this);
  }

  override disconnect(reason: string): void {
    super.disconnect(reason);
    this.#manager.peerDisconnected(this);
  }

  /** Announces blocks, each in an inv of its own. */
  announce(...blocks: { readonly hash: Hash; readonly height: number }[]): void {
    this.#later(() => {
      for (const { hash, height } of blocks) this.inv([{ type: InvType.block, hash, height }]);
    });
  }

  inv(entries: readonly InvVector[]): void {
    if (this.connected) this.#manager.inventory(this, entries);
  }

  #later(run: () => void | Promise<void>): void {
    const latency = this.#options.latency ?? 20;
    const arrived = new Promise<void>((resolve) => this.#world.timers.after(latency, resolve));
    this.#sending = this.#sending.then(async () => {
      await arrived;
      if (this.connected) await run();
    });
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.#world.timers.after(milliseconds, resolve));
  }

  #list(height: number): void {
    const located = this.dag.locate([height], ZERO_HASH, 500);
    if (located.length === 500) this.#continue = located[499]!.hash;
    const entries = located.map((entry) => ({ type: InvType.block, ...entry }));
    const answer = this.#options.list ? this.#options.list(entries) : entries;
    if (answer) this.inv(answer);
  }

  async #serve(vectors: readonly InvVector[]): Promise<void> {
    const missing: InvVector[] = [];
    for (const vector of vectors) {
      const own = this.dag.getBlock(vector.hash);
      const block = this.#options.serve ? this.#options.serve(own) : own;
      if (block && this.#options.pace) await this.#pause(this.#options.pace);
      if (!this.connected) return;
      if (block) await this.#manager.block(this, block);
      else if (block === undefined) missing.push(vector);
      if (!this.connected) return;
      if (this.#continue && Buffer.compare(this.#continue, vector.hash) === 0) {
        this.#continue = undefined;
        this.inv([{ type: InvType.block, hash: ZERO_HASH, height: UNKNOWN_HEIGHT }]);
      }
    }
    if (missing.length > 0) this.#manager.notFound(this, missing);
  }
}
