/** One remote node: handshake, framing, queues, trickle, ping, stall detection, statistics. See docs/protocol.md. */
export { netAddressOf } from './address.ts';
export { DEFAULT_LIMITS, type PeerLimits, ProtocolGate } from './limits.ts';
export { SentNonces } from './nonces.ts';
export { type MessageHandlers, Peer, type PeerDeps, type PeerHandlers } from './peer.ts';
export type { AddressLists } from './push.ts';
export type { Transport, TransportHandlers } from './transport.ts';
export type { PeerOptions, PeerStats, SendOptions } from './types.ts';
