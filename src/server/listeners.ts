import type { SyncManager } from '../netsync/index.ts';
import type { MessageHandlers, Peer } from '../peer/index.ts';
import { InvType, type InvVector, UNKNOWN_HEIGHT } from '../wire/index.ts';
import type { AddressExchange } from './address-exchange.ts';
import type { BlockServer } from './block-server.ts';
import type { BloomService } from './bloom-service.ts';
import type { ConnectedPeer } from './connected-peer.ts';
import type { FilterServer } from './filter-server.ts';

/** From this protocol version on peers know from our version message that we take no transactions (BIP 37). */
const RELAY_FLAG_VERSION = 70_001;

/** Who deals with which messages. */
export interface ListenerParts {
  readonly sync: SyncManager;
  readonly blocks: BlockServer;
  readonly filters: FilterServer;
  readonly bloom: BloomService;
  readonly exchange: AddressExchange;
  /** False: transactions are not wanted. */
  readonly relayTransactions: boolean;
  /** The peer handler's record of a peer; undefined once it has left. */
  peerOf(peer: Peer): ConnectedPeer | undefined;
}

/** Leads every message to the part that deals with it. Commands that are not listed are ignored. */
export function messageListeners(parts: ListenerParts): MessageHandlers {
  const { sync, blocks, filters, bloom, exchange } = parts;
  const on =
    <M>(handle: (peer: ConnectedPeer, message: M) => void | Promise<void>) =>
    (peer: Peer, message: M): void | Promise<void> => {
      const record = parts.peerOf(peer);
      return record && handle(record, message);
    };
  return {
    inv: on((peer, { inventory }) => {
      const wanted = parts.relayTransactions ? inventory : withoutTransactions(peer, inventory);
      return wanted && sync.inventory(peer, wanted);
    }),
    notfound: on((peer, { inventory }) => sync.notFound(peer, inventory)),
    block: on((peer, { block }) => {
      peer.addKnownInventory({ type: InvType.block, hash: block.hash, height: UNKNOWN_HEIGHT });
      return sync.block(peer, block);
    }),
    tx: on((peer, { tx }) => {
      if (!parts.relayTransactions) return undefined;
      peer.addKnownInventory({ type: InvType.tx, hash: tx.txid, height: UNKNOWN_HEIGHT });
      return sync.transaction(peer, tx);
    }),
    headers: on((peer) => sync.headers(peer)),
    getdata: on((peer, { inventory }) => blocks.getData(peer, inventory)),
    getblocks: on((peer, message) => blocks.getBlocks(peer, message)),
    getheaders: on((peer, message) => blocks.getHeaders(peer, message)),
    getcfilters: on((peer, message) => filters.getFilters(peer, message)),
    getcfheaders: on((peer, message) => filters.getHeaders(peer, message)),
    getcfcheckpt: on((peer, message) => filters.getCheckpoints(peer, message)),
    mempool: on((peer) => bloom.mempool(peer)),
    filterload: on((peer, message) => bloom.filterLoad(peer, message)),
    filteradd: on((peer, message) => bloom.filterAdd(peer, message)),
    filterclear: on((peer) => bloom.filterClear(peer)),
    feefilter: on((peer, { minFee }) => bloom.feeFilter(peer, minFee)),
    addr: on((peer, { addresses }) => exchange.addr(peer, addresses)),
    getaddr: on((peer) => exchange.getAddr(peer)),
    addrcache: on((peer, message) => exchange.addrCache(peer, message)),
    getaddrcache: on((peer) => exchange.getAddrCache(peer)),
  };
}

/** To a node that takes blocks only, offering transactions is a fault if the peer could know. */
function withoutTransactions(peer: ConnectedPeer, inventory: readonly InvVector[]): readonly InvVector[] | undefined {
  const rest = inventory.filter(({ type }) => type !== InvType.tx);
  if (rest.length === inventory.length || peer.peer.protocolVersion < RELAY_FLAG_VERSION) return rest;
  peer.disconnect('announces transactions to a node that takes blocks only');
  return undefined;
}
