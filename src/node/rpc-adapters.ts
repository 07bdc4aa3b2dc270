import { AssertError, type Dag, ReplayState, RuleError } from '../dag/index.ts';
import { FeeEstimateError, type FeeEstimator, type MemoryPool, PolicyError } from '../mempool/index.ts';
import { COINBASE_FLAGS, type Miner, type WorkSource } from '../mining/index.ts';
import type { RpcBlockSink, RpcDag, RpcMempool, RpcMiner, RpcWorkSource } from '../rpc/index.ts';
import { type Block, checkBlockBinding, type Transaction } from '../wire/index.ts';

/** What the RPC server reads of the DAG. */
export function rpcDag(dag: Dag): RpcDag {
  return {
    bestState: () => dag.bestState(),
    snapshot: () => dag.snapshot(),
    blocksAtHeight: (height) => dag.blocksAtHeight(height),
    blockHeight: (hash) => dag.blockHeight(hash),
    getBlock: (hash) => dag.getBlock(hash),
    getBlockBytes: (hash) => dag.getBlockBytes(hash),
    getHeader: (hash) => dag.getHeader(hash),
    coloring: () => dag.coloring(),
    orderHash: () => dag.orderHash(),
    outputSetHash: () => dag.outputSetHash(),
    sizes: () => ({
      transactions: dag.bestState().totalTxs,
      virtualBlueScore: dag.virtualBlueScore,
      orderLength: dag.orderLength,
      outputs: dag.outputCount,
      indexBytes: dag.indexBytes,
    }),
    newestBlocks: (count) => dag.newestBlocks(count),
    isCurrent: () => dag.isCurrent(),
    unspentOutput(outpoint) {
      // The stored set keeps outputs that were spent (docs/compatibility.md).
      const { state, stored } = dag.outputRecord(outpoint);
      return state === ReplayState.spent ? undefined : stored;
    },
    isSane: (block) => isSane(block, dag),
    get orphanCount() {
      return dag.orphanCount;
    },
    get timeOffset() {
      return dag.timeOffset;
    },
  };
}

function isSane(block: Block, dag: Dag): boolean {
  // Genesis keeps no rule of proof of work.
  if (block.parents.length === 0) return true;
  try {
    dag.checkBlockSanity(block);
    return true;
  } catch (error) {
    if (error instanceof RuleError) return false;
    throw error;
  }
}

/** What became of a block that broke no rule. */
type Outcome = { readonly status: 'accepted' | 'orphan' };

/** Where submitted blocks go. @param process takes a block as if a peer had sent it. */
export function rpcBlockSink(process: (block: Block) => Outcome | Promise<Outcome>): RpcBlockSink {
  return {
    async submit(block) {
      try {
        const { status } = await process(block);
        return { status };
      } catch (error) {
        if (error instanceof RuleError || error instanceof AssertError)
          return { status: 'rejected', reason: error.message };
        throw error;
      }
    },
  };
}

/** What the RPC server gives to external miners. */
export function rpcWork(
  source: Pick<WorkSource, 'current' | 'changed'>,
  dag: Pick<Dag, 'checkTemplate'>,
  isSynchronised: () => boolean,
): RpcWorkSource {
  return {
    coinbaseFlags: COINBASE_FLAGS,
    isSynchronised,
    current: (payAddress) => source.current(payAddress),
    changed: (signal) => source.changed(signal),
    check(block) {
      const binding = checkBlockBinding(block);
      if (binding) return { rule: undefined, reason: binding.message };
      try {
        dag.checkTemplate(block);
        return undefined;
      } catch (error) {
        if (error instanceof RuleError) return { rule: error.code, reason: error.message };
        if (error instanceof AssertError) return { rule: undefined, reason: error.message };
        throw error;
      }
    },
  };
}

/** How the RPC server controls the miner. */
export function rpcMiner(miner: Miner): RpcMiner {
  return {
    get hasPaymentAddress() {
      return miner.hasAddress;
    },
    isMining: () => miner.running,
    workerCount: () => miner.workers,
    hashesPerSecond: () => miner.hashesPerSecond,
    start: () => miner.start(),
    stop: () => miner.stop(),
    setWorkers: (count) => miner.setWorkers(count),
    generate: (count) => miner.generate(count),
  };
}

/**
 * What the RPC server does with the memory pool.
 * @param announce tells peers of transactions that entered, and repeats that.
 */
export function rpcMempool(
  pool: MemoryPool,
  estimator: FeeEstimator,
  announce: (transactions: readonly Transaction[]) => void,
): RpcMempool {
  return {
    get count() {
      return pool.count;
    },
    get bytes() {
      return pool.bytes;
    },
    *txids() {
      for (const { txid } of pool.entries()) yield txid;
    },
    *entries() {
      for (const entry of pool.entries()) yield pool.describe(entry);
    },
    transaction: (txid) => pool.entry(txid)?.transaction,
    spenderOf: (outpoint) => pool.spenderOf(outpoint)?.transaction,
    submit(tx) {
      try {
        announce(pool.submit(tx));
        return undefined;
      } catch (error) {
        if (error instanceof PolicyError) return { refusal: error.message };
        throw error;
      }
    },
    estimateFee(heights) {
      try {
        return estimator.estimate(heights);
      } catch (error) {
        if (error instanceof FeeEstimateError) return { problem: error.message };
        throw error;
      }
    },
  };
}
