import { equalBytes } from '../util/bytes.ts';
import { type Hash, ZERO_HASH } from '../util/hash.ts';
import type { World } from '../util/ports.ts';
import {
  type Block,
  filterBlock,
  INV_WITNESS_FLAG,
  InvType,
  type InvVector,
  type LocatorMessage,
  MAX_HEADERS,
  MAX_INVENTORY,
  type Message,
  type TxEncoding,
  UNKNOWN_HEIGHT,
} from '../wire/index.ts';
import type { ConnectedPeer, ScoreKeeper } from './connected-peer.ts';
import type { ServerDag, ServerPool } from './ports.ts';

/** Blocks listed in one answer to getblocks. */
const MAX_LISTED_BLOCKS = 500;
/** Items that are on their way to a peer before the next one is fetched for it. */
const ITEMS_IN_FLIGHT = 3;
/** Transient ban points for a getdata as large as it can be; smaller ones cost their share. */
const GETDATA_POINTS = 99;
/** Work done for one peer without a turn of the event loop, milliseconds. */
const SLICE_MS = 10;

/** What the block server works with. */
export interface BlockServerDeps {
  readonly dag: Pick<ServerDag, 'getBlock' | 'getBlockBytes' | 'getHeader' | 'locate'>;
  readonly pool: Pick<ServerPool, 'entry'> | undefined;
  readonly world: World;
  readonly keepScore: ScoreKeeper;
  /** Whether this node is as far as the network. */
  isCurrent(): boolean;
}

/** Answers requests for blocks, headers and transactions. */
export class BlockServer {
  readonly #deps: BlockServerDeps;

  constructor(deps: BlockServerDeps) {
    this.#deps = deps;
  }

  /**
   * Sends what was asked for, in order, and lists at the end what is not here. No more than a few items are on their
   * way at a time, so a peer that does not read costs nothing. Transactions come from the pool only; blocks of any
   * status but no orphans. Unknown types are passed over.
   */
  async getData(peer: ConnectedPeer, inventory: readonly InvVector[]): Promise<void> {
    const points = Math.floor((inventory.length * GETDATA_POINTS) / MAX_INVENTORY);
    this.#deps.keepScore(peer, 0, points, 'getdata');
    const { clock } = this.#deps.world;
    const sent: Promise<void>[] = [];
    const missing: InvVector[] = [];
    let sliceStart = clock.monotonic();
    for (const vector of inventory) {
      if (!peer.peer.connected) return;
      const answer = this.#answer(peer, vector);
      if (answer === 'missing') missing.push(vector);
      else sent.push(...answer);
      while (sent.length >= ITEMS_IN_FLIGHT) await sent.shift();
      if (clock.monotonic() - sliceStart < SLICE_MS) continue;
      await this.#turn();
      sliceStart = clock.monotonic();
    }
    await Promise.all(sent);
    if (missing.length > 0) await peer.peer.sendAndWait({ command: 'notfound', inventory: missing });
  }

  /** Lists the blocks above a height; an answer is due even if there are none. */
  getBlocks(peer: ConnectedPeer, { locatorHeights, stopHash }: LocatorMessage): void {
    const located = this.#deps.dag.locate(locatorHeights, stopHash, MAX_LISTED_BLOCKS);
    if (located.length === MAX_LISTED_BLOCKS) peer.continueHash = located.at(-1)?.hash;
    const inventory = located.map(({ hash, height }) => ({ type: InvType.block, hash, height }));
    peer.peer.send({ command: 'inv', inventory });
  }

  /** Sends the headers above a height, unless this node is itself behind. */
  getHeaders(peer: ConnectedPeer, { locatorHeights, stopHash }: LocatorMessage): void {
    if (!this.#deps.isCurrent()) return;
    const located = this.#deps.dag.locate(locatorHeights, stopHash, MAX_HEADERS);
    const headers = located.flatMap(({ hash }) => this.#deps.dag.getHeader(hash) ?? []);
    peer.peer.send({ command: 'headers', headers });
  }

  /** Queues the answer to one entry. */
  #answer(peer: ConnectedPeer, vector: InvVector): Promise<void>[] | 'missing' {
    const encoding = (vector.type & INV_WITNESS_FLAG) === 0 ? 'base' : 'witness';
    switch (vector.type & ~INV_WITNESS_FLAG) {
      case InvType.tx: {
        const entry = this.#deps.pool?.entry(vector.hash);
        return entry ? [peer.peer.sendAndWait({ command: 'tx', tx: entry.transaction }, encoding)] : 'missing';
      }
      case InvType.block:
        return this.#sendBlock(peer, vector.hash, encoding);
      case InvType.filteredBlock: {
        if (!peer.bloom) return [];
        const block = this.#deps.dag.getBlock(vector.hash);
        return block ? sendFiltered(peer, block, encoding) : 'missing';
      }
      default:
        return [];
    }
  }

  /** A block; behind the last one of a full inventory batch the invitation to ask again. */
  #sendBlock(peer: ConnectedPeer, hash: Hash, encoding: TxEncoding): Promise<void>[] | 'missing' {
    const { dag } = this.#deps;
    const sent: Promise<void>[] = [];
    if (encoding === 'witness' && dag.getBlockBytes) {
      // Blocks are stored as they are sent: nothing needs to be decoded.
      const bytes = dag.getBlockBytes(hash);
      if (!bytes) return 'missing';
      sent.push(peer.peer.sendEncodedAndWait('block', bytes));
    } else {
      const block = dag.getBlock(hash);
      if (!block) return 'missing';
      sent.push(peer.peer.sendAndWait({ command: 'block', block }, encoding));
    }
    if (peer.continueHash && equalBytes(peer.continueHash, hash)) {
      peer.continueHash = undefined;
      const invitation = { type: InvType.block, hash: ZERO_HASH, height: UNKNOWN_HEIGHT };
      sent.push(peer.peer.sendAndWait({ command: 'inv', inventory: [invitation] }));
    }
    return sent;
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.#deps.world.timers.soon(resolve));
  }
}

/** The part of a block that matches the peer's filter, then the matched transactions. */
function sendFiltered(peer: ConnectedPeer, block: Block, encoding: TxEncoding): Promise<void>[] {
  if (!peer.bloom) return [];
  const { message, matched } = filterBlock(block, peer.bloom);
  const messages: Message[] = [message];
  for (const index of matched) {
    const tx = block.transactions[index];
    if (tx) messages.push({ command: 'tx', tx });
  }
  return messages.map((each) => peer.peer.sendAndWait(each, encoding));
}
