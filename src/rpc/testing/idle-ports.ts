import { type NetworkName, networkParams } from '../../params/index.ts';
import { type Hash, hashKey, ZERO_HASH } from '../../util/hash.ts';
import { tipsHash } from '../../wire/index.ts';
import type { RpcDag, RpcPorts } from '../ports.ts';

/** A DAG that consists of the genesis block of a network. */
export function genesisDag(network: NetworkName = 'simnet'): RpcDag {
  const { genesis, genesisHash } = networkParams(network);
  const isGenesis = (hash: Hash) => hashKey(hash) === hashKey(genesisHash);
  return {
    bestState: () => ({
      hash: genesisHash,
      height: 0,
      bits: genesis.header.bits,
      size: genesis.size,
      weight: genesis.weight,
      txCount: 1,
      medianTime: genesis.header.timestamp,
    }),
    snapshot: () => ({ tips: [genesisHash], hash: tipsHash([genesisHash]), minHeight: 0, maxHeight: 0, blockCount: 1 }),
    blocksAtHeight: (height) => (height === 0 ? [genesisHash] : []),
    blockHeight: (hash) => (isGenesis(hash) ? 0 : undefined),
    getBlock: (hash) => (isGenesis(hash) ? genesis : undefined),
    getBlockBytes: (hash) => (isGenesis(hash) ? genesis.toBytes() : undefined),
    getHeader: (hash) => (isGenesis(hash) ? genesis.header : undefined),
    coloring: () => [{ hash: genesisHash, isBlue: true }],
    orderHash: () => ZERO_HASH,
    outputSetHash: () => ZERO_HASH,
    sizes: () => ({ transactions: 1, virtualBlueScore: 1, orderLength: 1, outputs: 1, indexBytes: 0 }),
    newestBlocks: (count) =>
      [
        {
          hash: genesisHash,
          height: 0,
          time: genesis.header.timestamp,
          parents: [],
          isBlue: true,
          position: 0,
          txCount: 1,
        },
      ].slice(0, count),
    orphanCount: 0,
    isCurrent: () => false,
    timeOffset: 0,
    unspentOutput: () => undefined,
    isSane: () => true,
  };
}

/** Ports of a node that has no peers, does not mine and holds only the genesis block; any of them can be replaced. */
export function idlePorts(changes: Partial<RpcPorts> = {}): RpcPorts {
  return {
    params: networkParams('simnet'),
    settings: { version: 2_010_100, proxy: '', relayFee: 1000n },
    clock: { now: () => 1_700_000_000_000, monotonic: () => 0 },
    dag: genesisDag(),
    reorders: { count: 0, lastDepth: 0, greatestDepth: 0 },
    blocks: { submit: async () => ({ status: 'rejected', reason: 'not in this test' }) },
    peers: {
      connectedCount: () => 0,
      syncProgress: () => undefined,
      peers: () => [],
      connect: async () => undefined,
      removeById: notFound,
      removeByAddress: notFound,
      disconnectById: notFound,
      disconnectByAddress: notFound,
      persistentPeers: () => [],
      pingAll: () => undefined,
      netTotals: () => ({ bytesReceived: 0, bytesSent: 0 }),
      listenAddresses: () => ['127.0.0.1:18555'],
      addressCache: () => [],
      resolve: async (host) => [host],
      bans: () => [],
      isBannable: () => false,
      isListed: () => false,
      ban: () => undefined,
      liftBan: () => false,
      clearBans: () => undefined,
    },
    miner: {
      hasPaymentAddress: true,
      isMining: () => false,
      workerCount: () => 2,
      hashesPerSecond: () => 0,
      start: () => undefined,
      stop: async () => undefined,
      setWorkers: async () => undefined,
      generate: async () => [],
    },
    work: {
      coinbaseFlags: new Uint8Array(0),
      isSynchronised: () => false,
      current: () => {
        throw new Error('not in this test');
      },
      changed: async () => undefined,
      check: () => undefined,
    },
    metrics: { blockMetrics: () => ({ count: 0, hashes: [], times: [] }), report: async () => [] },
    control: { requestShutdown: () => undefined, uptime: () => 0 },
    logs: { subsystems: ['CHAN', 'RPCS'], setLevels: () => undefined },
    pause: async () => undefined,
    ...changes,
  };
}

function notFound(): never {
  throw new Error('peer not found');
}
