/** The pool of peer addresses and our own addresses. */
export { AddressBudget } from './address-budget.ts';
export { addressKey, type Endpoint, groupKey, hostOf, ipOfHost, parseAddressKey } from './address-key.ts';
export { AddressManager } from './address-manager.ts';
export { type LocalAddress, LocalPriority, UnroutableAddressError } from './local-addresses.ts';
export { isLocal, isRoutable } from './ranges.ts';
export type {
  AddressCandidate,
  AddressManagerDeps,
  AddressManagerOptions,
  PeersFile,
} from './types.ts';
