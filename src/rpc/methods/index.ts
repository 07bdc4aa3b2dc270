import { socketMethods } from '../websocket/methods.ts';
import { banMethods } from './bans.ts';
import { blockTemplateMethods } from './block-template.ts';
import { blockMethods } from './blocks.ts';
import { controlMethods } from './control.ts';
import { dagMethods } from './dag.ts';
import { dagStateMethods } from './dag-state.ts';
import type { Method } from './define.ts';
import { foreignMethods } from './foreign.ts';
import { mempoolMethods } from './mempool.ts';
import { metricsMethods } from './metrics.ts';
import { miningMethods } from './mining.ts';
import { peerMethods } from './peers.ts';
import { pictureMethods } from './pictures.ts';
import { searchMethods } from './search.ts';
import { transactionStatusMethods } from './transaction-status.ts';
import { transactionMethods } from './transactions.ts';

/** Every method by name. */
export const rpcMethods: ReadonlyMap<string, Method> = new Map(
  [
    controlMethods,
    peerMethods,
    banMethods,
    blockMethods,
    dagMethods,
    dagStateMethods,
    transactionMethods,
    mempoolMethods,
    transactionStatusMethods,
    miningMethods,
    blockTemplateMethods,
    metricsMethods,
    pictureMethods,
    searchMethods,
    socketMethods,
    foreignMethods,
  ]
    .flat()
    .map((method) => [method.name, method]),
);
