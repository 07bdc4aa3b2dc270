/**
 * What `import … from 'soterd/peer'` offers: one connection to a node of the Soter network, from the handshake to the end,
 * and what it needs to run over TCP. `examples/peer.ts` shows it at work, docs/peer-library.md explains it.
 */
export { type NetworkName, type NetworkParams, networkParams, userAgent } from '../params/index.ts';
export {
  DEFAULT_LIMITS,
  type MessageHandlers,
  Peer,
  type PeerDeps,
  type PeerHandlers,
  type PeerLimits,
  type PeerOptions,
  type PeerStats,
  type SendOptions,
  SentNonces,
  type Transport,
  type TransportHandlers,
} from '../peer/index.ts';
export { type Hash, hashFromHex, hashToHex, ZERO_HASH } from '../util/hash.ts';
export { type Logger, silentLogger } from '../util/log.ts';
export type { Clock, Random, Timer, Timers, World } from '../util/ports.ts';
export {
  Block,
  BlockHeader,
  type Command,
  InvType,
  type InvVector,
  type Message,
  type MessageOf,
  type NetAddress,
  RejectCode,
  Services,
  Transaction,
  type TxEncoding,
} from '../wire/index.ts';
export { systemWorld } from './system.ts';
export { systemResolver, TcpDialer, TcpListener, TcpTransport } from './tcp.ts';
