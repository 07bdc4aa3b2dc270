import { type Hash, ZERO_HASH } from '../util/hash.ts';
import type { World } from '../util/ports.ts';
import { type FilterRangeMessage, type GetCfCheckptMessage, MAX_CFHEADERS } from '../wire/index.ts';
import type { ConnectedPeer } from './connected-peer.ts';
import { Pace } from './pace.ts';
import type { FilterIndex, ServerDag } from './ports.ts';
import type { Read } from './readable.ts';

/** The only filter type there is (BIP 158). */
const REGULAR_FILTER = 0;
/** Filters sent for one request; a request for more is not answered. */
const MAX_FILTERS = 1000;
/** Heights between two checkpoints. */
const CHECKPOINT_INTERVAL = 1000;

/** What the filter server works with. */
export interface FilterServerDeps {
  readonly dag: Pick<ServerDag, 'locate' | 'blockHeight' | 'blocksAtHeight'>;
  /** Absent unless committed filters are offered: then every request is ignored. */
  readonly filters: FilterIndex | undefined;
  readonly world: World;
  readonly read: Read;
  isCurrent(): boolean;
}

/**
 * Serves committed filters (BIP 157) over heights: a range names all blocks of its heights. What cannot be served
 * (filters not offered, this node behind, unknown type or block, range too long) is not answered.
 */
export class FilterServer {
  readonly #deps: FilterServerDeps;

  constructor(deps: FilterServerDeps) {
    this.#deps = deps;
  }

  async getFilters(peer: ConnectedPeer, message: FilterRangeMessage): Promise<void> {
    const filters = this.#indexFor(message.filterType);
    if (!filters) return;
    const { read, world } = this.#deps;
    const pace = new Pace(peer.peer, world);
    for (const blockHash of this.#range(message.startHeight, message.stopHash, MAX_FILTERS) ?? []) {
      if (!(await pace.next())) return;
      const filter = read(() => filters.filter(blockHash));
      if (!filter) break;
      pace.sent(peer.peer.sendAndWait({ command: 'cfilter', filterType: REGULAR_FILTER, blockHash, filter }));
    }
    await pace.done();
  }

  async getHeaders(peer: ConnectedPeer, { filterType, startHeight, stopHash }: FilterRangeMessage): Promise<void> {
    const filters = this.#indexFor(filterType);
    if (!filters) return;
    const withPrevious = startHeight > 0 ? 1 : 0;
    const blocks = this.#range(startHeight - withPrevious, stopHash, MAX_CFHEADERS + withPrevious);
    if (!blocks || blocks.length <= withPrevious) return;
    const [first] = blocks;
    const previousFilterHeader = withPrevious && first ? this.#deps.read(() => filters.filterHeader(first)) : ZERO_HASH;
    const filterHashes = await this.#each(peer, blocks.slice(withPrevious), (hash) => filters.filterHash(hash));
    if (!previousFilterHeader || !filterHashes) return;
    const { peer: connection } = peer;
    await connection.sendAndWait({
      command: 'cfheaders',
      filterType: REGULAR_FILTER,
      stopHash,
      previousFilterHeader,
      filterHashes,
    });
  }

  async getCheckpoints(peer: ConnectedPeer, { filterType, stopHash }: GetCfCheckptMessage): Promise<void> {
    const filters = this.#indexFor(filterType);
    const { dag } = this.#deps;
    const stopHeight = dag.blockHeight(stopHash);
    if (!filters || stopHeight === undefined) return;
    const blocks: Hash[] = [];
    for (let height = CHECKPOINT_INTERVAL; height <= stopHeight; height += CHECKPOINT_INTERVAL) {
      const [block] = dag.blocksAtHeight(height);
      if (block) blocks.push(block);
    }
    const filterHeaders = await this.#each(peer, blocks, (hash) => filters.filterHeader(hash));
    if (!filterHeaders) return;
    await peer.peer.sendAndWait({ command: 'cfcheckpt', filterType: REGULAR_FILTER, stopHash, filterHeaders });
  }

  /** What the index says of each block; undefined if something is missing, or the peer has left meanwhile. */
  async #each(
    peer: ConnectedPeer,
    blocks: readonly Hash[],
    lookUp: (block: Hash) => Hash | undefined,
  ): Promise<Hash[] | undefined> {
    const pace = new Pace(peer.peer, this.#deps.world);
    const found: Hash[] = [];
    for (const block of blocks) {
      if (!(await pace.next())) return undefined;
      const hash = this.#deps.read(() => lookUp(block));
      if (!hash) return undefined;
      found.push(hash);
    }
    return found;
  }

  #indexFor(filterType: number): FilterIndex | undefined {
    if (filterType !== REGULAR_FILTER || !this.#deps.isCurrent()) return undefined;
    return this.#deps.filters;
  }

  /** Blocks of all heights from `start` to that of the stop block; undefined if that is nonsense or too much. */
  #range(start: number, stopHash: Hash, max: number): Hash[] | undefined {
    const { dag } = this.#deps;
    const stopHeight = dag.blockHeight(stopHash);
    if (stopHeight === undefined || start > stopHeight) return undefined;
    const located = dag.locate([start - 1], stopHash, max + 1);
    return located.length > max ? undefined : located.map(({ hash }) => hash);
  }
}
