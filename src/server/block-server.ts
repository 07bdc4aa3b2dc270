import { equalBytes } from '../util/bytes.ts';
import { type Hash, ZERO_HASH } from '../util/hash.ts';
import type { World } from '../util/ports.ts';
import {
  type Block,
  type BlockHeader,
  type FilteredBlock,
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
import { Pace } from './pace.ts';
import type { ServerDag, ServerPool } from './ports.ts';
import type { Read } from './readable.ts';

/** Blocks listed in one answer to getblocks. */
const MAX_LISTED_BLOCKS = 500;
/** Transient ban points for a getdata as large as it can be; smaller ones cost their share. */
const GETDATA_POINTS = 99;

/** What the block server works with. */
export interface BlockServerDeps {
  readonly dag: Pick<ServerDag, 'getBlock' | 'getBlockBytes' | 'getHeader' | 'locate'>;
  readonly pool: Pick<ServerPool, 'entry'> | undefined;
  readonly world: World;
  readonly read: Read;
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
   * Sends what was asked for, in order, at the pace of the peer, and lists at the end what is not here. Transactions come
   * from the pool only; blocks of any status but no orphans. Unknown types are passed over.
   */
  async getData(peer: ConnectedPeer, inventory: readonly InvVector[]): Promise<void> {
    const points = Math.floor((inventory.length * GETDATA_POINTS) / MAX_INVENTORY);
    this.#deps.keepScore(peer, 0, points, 'getdata');
    const pace = new Pace(peer.peer, this.#deps.world);
    const missing: InvVector[] = [];
    for (const vector of inventory) {
      if (!(await pace.next())) return;
      const answer = this.#answer(peer, vector, pace);
      if (answer === 'missing') missing.push(vector);
      else for (const written of answer) pace.sent(written);
    }
    await pace.done();
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
  async getHeaders(peer: ConnectedPeer, { locatorHeights, stopHash }: LocatorMessage): Promise<void> {
    const { dag, read, world, isCurrent } = this.#deps;
    if (!isCurrent()) return;
    const located = dag.locate(locatorHeights, stopHash, MAX_HEADERS);
    const pace = new Pace(peer.peer, world);
    const headers: BlockHeader[] = [];
    for (const { hash } of located) {
      if (!(await pace.next())) return;
      const header = read(() => dag.getHeader(hash));
      if (header) headers.push(header);
    }
    await peer.peer.sendAndWait({ command: 'headers', headers });
  }

  /** Queues the answer to one entry. */
  #answer(peer: ConnectedPeer, vector: InvVector, pace: Pace): Promise<void>[] | 'missing' {
    const encoding = (vector.type & INV_WITNESS_FLAG) === 0 ? 'base' : 'witness';
    switch (vector.type & ~INV_WITNESS_FLAG) {
      case InvType.tx: {
        const entry = this.#deps.pool?.entry(vector.hash);
        return entry ? [peer.peer.sendAndWait({ command: 'tx', tx: entry.transaction }, encoding)] : 'missing';
      }
      case InvType.block:
        return this.#sendBlock(peer, vector.hash, encoding);
      case InvType.filteredBlock: {
        const { bloom } = peer;
        if (!bloom) return [];
        const found = pace.costly(() => {
          const block = this.#block(vector.hash);
          return block && { block, ...filterBlock(block, bloom) };
        });
        return found ? sendFiltered(peer, found, encoding) : 'missing';
      }
      default:
        return [];
    }
  }

  /** A block; behind the last one of a full inventory batch the invitation to ask again. */
  #sendBlock(peer: ConnectedPeer, hash: Hash, encoding: TxEncoding): Promise<void>[] | 'missing' {
    const { dag, read } = this.#deps;
    const sent: Promise<void>[] = [];
    if (encoding === 'witness' && dag.getBlockBytes) {
      // Blocks are stored as they are sent: nothing needs to be decoded.
      const bytes = read(() => dag.getBlockBytes?.(hash));
      if (!bytes) return 'missing';
      sent.push(peer.peer.sendEncodedAndWait('block', bytes));
    } else {
      const block = this.#block(hash);
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

  #block(hash: Hash): Block | undefined {
    const { dag, read } = this.#deps;
    return read(() => dag.getBlock(hash));
  }
}

/** The part of a block that matches the peer's filter, then the matched transactions. */
function sendFiltered(
  { peer }: ConnectedPeer,
  { block, message, matched }: FilteredBlock & { readonly block: Block },
  encoding: TxEncoding,
): Promise<void>[] {
  const messages: Message[] = [message];
  for (const index of matched) {
    const tx = block.transactions[index];
    if (tx) messages.push({ command: 'tx', tx });
  }
  return messages.map((each) => peer.sendAndWait(each, encoding));
}
