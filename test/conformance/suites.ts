import { addressSuites } from './addresses.ts';
import { addrmgrSuites } from './addrmgr.ts';
import { blockFilterSuites } from './block-filters.ts';
import { cliSuites } from './cli.ts';
import { dagSuites } from './dag.ts';
import { mempoolSuites } from './mempool.ts';
import { miningSuites } from './mining.ts';
import { p2pSuites } from './p2p.ts';
import { p2pAddressSuites } from './p2p-addresses.ts';
import { p2pNodeSuites } from './p2p-node.ts';
import { peerSuites } from './p2p-peer.ts';
import { p2pTransactionSuites } from './p2p-transactions.ts';
import { phantomSuites } from './phantom.ts';
import { rpcSuites } from './rpc.ts';
import { scriptSuites } from './script.ts';
import { scriptBlockSuites } from './script-blocks.ts';
import type { Suite } from './suite.ts';
import { webSocketSuites } from './websocket.ts';
import { wireSuites } from './wire.ts';

/** Every conformance suite, in the order they are printed. */
export const suites: readonly Suite[] = [
  ...wireSuites,
  ...scriptSuites,
  ...scriptBlockSuites,
  ...addressSuites,
  ...addrmgrSuites,
  ...phantomSuites,
  ...dagSuites,
  ...peerSuites,
  ...p2pSuites,
  ...p2pNodeSuites,
  ...p2pAddressSuites,
  ...p2pTransactionSuites,
  ...blockFilterSuites,
  ...rpcSuites,
  ...webSocketSuites,
  ...cliSuites,
  ...miningSuites,
  ...mempoolSuites,
];
