import type { BlockInfo, Dag } from '../dag/index.ts';
import type { MemoryPool } from '../mempool/index.ts';
import type { RpcEvents } from '../rpc/index.ts';
import { Emitter } from '../util/emitter.ts';
import type { Transaction } from '../wire/index.ts';

/**
 * What RPC clients can subscribe to. To be made before the managers that follow the DAG are started: a transaction that enters
 * the pool because of a block is then told after the block.
 */
export function rpcEvents(dag: Pick<Dag, 'events'>, pool: Pick<MemoryPool, 'events'>): RpcEvents {
  const events = new Emitter<{ block: BlockInfo; transaction: Transaction }>();
  dag.events.on('connected', (block) => events.emit('block', block));
  pool.events.on('added', ({ transaction }) => events.emit('transaction', transaction));
  return {
    // Its listeners only look at the DAG, so their turn does not matter.
    onDagChange: (listener) => dag.events.on('changed', listener),
    onBlock: (listener) => events.on('block', listener),
    onTransaction: (listener) => events.on('transaction', listener),
  };
}
