import { addressSuites } from './addresses.ts';
import { addrmgrSuites } from './addrmgr.ts';
import { phantomSuites } from './phantom.ts';
import { rpcSuites } from './rpc.ts';
import { scriptSuites } from './script.ts';
import type { Suite } from './suite.ts';
import { wireSuites } from './wire.ts';

/** Every conformance suite, in the order they are printed. */
export const suites: readonly Suite[] = [
  ...wireSuites,
  ...scriptSuites,
  ...addressSuites,
  ...addrmgrSuites,
  ...phantomSuites,
  ...rpcSuites,
];
