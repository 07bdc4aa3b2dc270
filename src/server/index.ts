/** The peer handler: everything between this node and its peers. See docs/protocol.md, "Peers". */
export type { AddressCacheTexts } from './address-exchange.ts';
export type { Ban } from './ban-list.ts';
export {
  OperationError,
  type PeerInfo,
  type PeerLoad,
  type PeerOperations,
  type PersistentPeer,
} from './operations.ts';
export { PeerHandler } from './peer-handler.ts';
export type {
  FilterIndex,
  PeerHandlerDeps,
  PeerHandlerEvents,
  PeerHandlerOptions,
  PoolEntry,
  ServerDag,
  ServerLoggers,
  ServerPool,
  StateFile,
} from './ports.ts';
export { parseSubnet, type Subnet } from './subnet.ts';
