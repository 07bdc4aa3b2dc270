/** Makes, accepts, retries and limits connections; DNS seeds; ban scores. See docs/peers.md. */
export { DynamicBanScore } from './ban-score.ts';
export { ConnectionExistsError, ConnectionManager } from './connection-manager.ts';
export { type DnsSeedOptions, seedFromDns } from './dns-seed.ts';
export {
  type ConnectionManagerDeps,
  type ConnectionManagerOptions,
  type ConnectionRequest,
  type Dialer,
  type Listener,
  type RequestKind,
  RequestState,
  type Resolver,
  type Stream,
} from './types.ts';
