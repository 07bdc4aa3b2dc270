/** Networks and their constants. See docs/protocol.md. */
export * from './constants.ts';
export { DurationError, parseDuration } from './duration.ts';
export type { Deployment, DnsSeed, NetworkName, NetworkParams } from './network.ts';
export { NetworkFileError, parseNetworkFile } from './network-file.ts';
export { NETWORK_NAMES, networkParams } from './networks.ts';
export { retargetInterval, wholeMilliseconds } from './retarget.ts';
export { subsidy } from './subsidy.ts';
export {
  addUserAgent,
  parseUserAgent,
  softwareVersion,
  softwareVersionNumber,
  userAgent,
  userAgentCommentProblem,
  userAgentLengthProblem,
} from './user-agent.ts';
