import { bytesToHex } from '../../util/bytes.ts';
import { hashToHex } from '../../util/hash.ts';
import type { Random, Timer, Timers } from '../../util/ports.ts';
import type { RpcDagChange, RpcEvents } from '../event-ports.ts';
import { encodeJson, type JsonResult } from '../json/encode.ts';
import type { RpcDag } from '../ports.ts';
import { hash, list, maybe, record, text, whole } from '../schema/result.ts';
import { blockObject, blockSchema, changeObject, changeSchema } from './dag-change.ts';
import { notification } from './message.ts';
import type { Subscriber } from './subscriber.ts';

/** Blocks of a snapshot. */
export const MAX_SNAPSHOT_BLOCKS = 2000;
/** Changes that are kept for clients that come back, and characters of them. */
export const KEPT_CHANGES = 2000;
export const KEPT_SIZE = 4 * 1024 * 1024;
/** Changes are still noted so long after the last client has left, milliseconds. */
export const KEEP_TIME = 10 * 60 * 1000;

/** What the feed works with. */
export interface DagFeedDeps {
  readonly dag: RpcDag;
  /** Absent if nothing ever changes. */
  readonly events: RpcEvents | undefined;
  readonly timers: Timers;
  readonly random: Random;
}

/** What a client asks for. */
export interface FeedRequest {
  /** Blocks of the snapshot. */
  readonly last: number;
  /** What it has seen: the sequence of the last change, and the run of the node that this belongs to. */
  readonly since: number;
  readonly start: string;
}

interface KeptChange {
  readonly change: JsonResult;
  readonly size: number;
}

/**
 * Changes of the DAG for whoever draws it (`notifydag`). A change has the number of blocks as its sequence, so a snapshot and the
 * changes behind it fit together without a gap whatever is on its way; the newest changes are kept, so that a client that lost
 * its connection goes on where it was. The cost of a block depends on what it changed. Nothing is noted before the first
 * client comes.
 */
export class DagFeed {
  /** Differs from run to run. */
  readonly #start: string;
  readonly #deps: DagFeedDeps;
  /** Sequences from which on clients are told. */
  readonly #clients = new Map<Subscriber, number>();
  /** By sequence, oldest first. */
  readonly #kept = new Map<number, KeptChange>();
  #keptSize = 0;
  /** The last change that was noted; changes up to it are not news. */
  #last = 0;
  #unsubscribe: (() => void) | undefined;
  #keepTimer: Timer | undefined;

  constructor(deps: DagFeedDeps) {
    this.#deps = deps;
    this.#start = bytesToHex(deps.random.bytes(8));
  }

  /** Subscribes a client, and tells it what it has to know before the first change. */
  subscribe(client: Subscriber, { last, since, start }: FeedRequest): JsonResult {
    this.#follow();
    const missed = start === this.#start ? this.#since(since) : undefined;
    if (missed) {
      this.#clients.set(client, this.#last);
      return { start: this.#start, sequence: this.#last, changes: missed };
    }
    // What is on its way to the disk has not been told, but is part of the snapshot.
    const { tips, hash: tipsHash, maxHeight, blockCount } = this.#deps.dag.snapshot();
    const { orderLength, virtualBlueScore } = this.#deps.dag.sizes();
    this.#clients.set(client, blockCount);
    return {
      start: this.#start,
      sequence: blockCount,
      snapshot: {
        maxheight: maxHeight,
        tips: tips.map(hashToHex),
        tipshash: hashToHex(tipsHash),
        orderlength: orderLength,
        bluescore: virtualBlueScore,
        blocks: this.#deps.dag.newestBlocks(last).map(blockObject),
      },
    };
  }

  /** Ends a client's subscription, if it has one. */
  unsubscribe(client: Subscriber): void {
    if (!this.#clients.delete(client) || this.#clients.size > 0) return;
    this.#keepTimer = this.#deps.timers.after(KEEP_TIME, () => this.stop());
  }

  /** Notes nothing any more, and forgets what it noted. */
  stop(): void {
    this.#keepTimer?.cancel();
    this.#keepTimer = undefined;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#clients.clear();
    this.#kept.clear();
    this.#keptSize = 0;
  }

  #follow(): void {
    this.#keepTimer?.cancel();
    this.#keepTimer = undefined;
    if (this.#unsubscribe) return;
    this.#last = this.#deps.dag.snapshot().blockCount;
    this.#unsubscribe = this.#deps.events?.onDagChange((change) => this.#changed(change));
  }

  /** The changes behind a sequence; undefined if some are not kept. */
  #since(sequence: number): JsonResult[] | undefined {
    if (sequence > this.#last) return undefined;
    const missed: JsonResult[] = [];
    for (let next = sequence + 1; next <= this.#last; next++) {
      const kept = this.#kept.get(next);
      if (!kept) return undefined;
      missed.push(kept.change);
    }
    return missed;
  }

  #changed(change: RpcDagChange): void {
    const { sequence } = change;
    if (sequence <= this.#last) return;
    const object = changeObject(change);
    const encoded = encodeJson(object);
    this.#last = sequence;
    this.#keep(sequence, { change: object, size: encoded.length });
    const message = notification('dagchanged', encoded);
    for (const [client, from] of [...this.#clients]) if (sequence > from) client.notify(message);
  }

  #keep(sequence: number, kept: KeptChange): void {
    this.#kept.set(sequence, kept);
    this.#keptSize += kept.size;
    for (const [oldest, { size }] of this.#kept) {
      if (this.#kept.size <= KEPT_CHANGES && this.#keptSize <= KEPT_SIZE) return;
      this.#kept.delete(oldest);
      this.#keptSize -= size;
    }
  }
}

/** What {@link DagFeed.subscribe} returns. */
export const feedSchema = record({
  start: text('Of this run of the node; sequences of another one mean nothing', '16 hex digits'),
  sequence: whole('Changes with a greater one follow as dagchanged'),
  changes: maybe(list(changeSchema, 'What followed since, if all of it is still known; otherwise there is a snapshot')),
  snapshot: maybe(
    record({
      maxheight: whole('Greatest height'),
      tips: list(hash()),
      tipshash: hash('Digest of the tips'),
      orderlength: whole('', 'blocks'),
      bluescore: whole('Blue blocks of the DAG', 'blocks'),
      blocks: list(blockSchema, 'Those of the greatest heights, ascending by height and hash'),
    }),
  ),
});
