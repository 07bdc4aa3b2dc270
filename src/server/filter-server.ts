import { type Hash, ZERO_HASH } from '../util/hash.ts';
import { type FilterRangeMessage, type GetCfCheckptMessage, MAX_CFHEADERS } from '../wire/index.ts';
import type { ConnectedPeer } from './connected-peer.ts';
import type { FilterIndex, ServerDag } from './ports.ts';

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

  getFilters(peer: ConnectedPeer, message: FilterRangeMessage): void {
    const filters = this.#indexFor(message.filterType);
    if (!filters) return;
    const blocks = this.#range(message.startHeight, message.stopHash, MAX_FILTERS);
    for (const blockHash of blocks ?? []) {
      const filter = filters.filter(blockHash);
      if (!filter) return;
      peer.peer.send({ command: 'cfilter', filterType: REGULAR_FILTER, blockHash, filter });
    }
  }

  getHeaders(peer: ConnectedPeer, { filterType, startHeight, stopHash }: FilterRangeMessage): void {
    const filters = this.#indexFor(filterType);
    if (!filters) return;
    const withPrevious = startHeight > 0 ? 1 : 0;
    const blocks = this.#range(startHeight - withPrevious, stopHash, MAX_CFHEADERS + withPrevious);
    if (!blocks || blocks.length <= withPrevious) return;
    const [first] = blocks;
    const previousFilterHeader = withPrevious && first ? filters.filterHeader(first) : ZERO_HASH;
    const filterHashes = present(blocks.slice(withPrevious).map((hash) => filters.filterHash(hash)));
    if (!previousFilterHeader || !filterHashes) return;
    peer.peer.send({ command: 'cfheaders', filterType: REGULAR_FILTER, stopHash, previousFilterHeader, filterHashes });
  }

  getCheckpoints(peer: ConnectedPeer, { filterType, stopHash }: GetCfCheckptMessage): void {
    const filters = this.#indexFor(filterType);
    const { dag } = this.#deps;
    const stopHeight = dag.blockHeight(stopHash);
    if (!filters || stopHeight === undefined) return;
    const headers: (Hash | undefined)[] = [];
    for (let height = CHECKPOINT_INTERVAL; height <= stopHeight; height += CHECKPOINT_INTERVAL) {
      const [block] = dag.blocksAtHeight(height);
      headers.push(block && filters.filterHeader(block));
    }
    const filterHeaders = present(headers);
    if (filterHeaders) peer.peer.send({ command: 'cfcheckpt', filterType: REGULAR_FILTER, stopHash, filterHeaders });
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

/** The list if nothing is missing in it. */
function present<T>(items: readonly (T | undefined)[]): T[] | undefined {
  const found = items.filter((item) => item !== undefined);
  return found.length === items.length ? found : undefined;
}
