import { hashToHex } from '../../util/hash.ts';
import { workFromBits } from '../../wire/index.ts';
import { messageOf, RpcError, RpcErrorCode } from '../errors.ts';
import { parseBlock } from '../objects/block-param.ts';
import { difficultyOf } from '../objects/difficulty.ts';
import { parseHex } from '../objects/hash-param.ts';
import { optional, required } from '../params/signature.ts';
import { bool, int, objectType, string, uint32 } from '../params/types.ts';
import type { RpcPorts } from '../ports.ts';
import { choice, decimal, flag, hash, list, nothing, record, text, whole } from '../schema/result.ts';
import { defineMethod, type Method } from './define.ts';

/** One call mines at most this many blocks, so that its list of hashes stays bounded. */
export const MAX_GENERATE = 100_000;
/** Blocks that a computation over the DAG reads before it lets other work run. */
const BLOCKS_PER_TURN = 500;
/** Default of getnetworkhashps, and what getmininginfo shows. */
const HASH_RATE_HEIGHTS = 120;

const NO_ADDRESS = 'No payment addresses specified via --miningaddr';

/** Methods about mining. */
export const miningMethods: readonly Method[] = [
  defineMethod({
    name: 'generate',
    params: [required('numblocks', uint32, 'How many blocks to mine.')],
    about: 'Mines blocks now, one after the other, on networks where a processor can.',
    result: list(hash(), 'In the order in which they were mined'),
    run: async ({ ports: { miner, params } }, [count]) => {
      if (!miner.hasPaymentAddress) throw new RpcError(RpcErrorCode.internal, NO_ADDRESS);
      if (!params.generateSupported)
        throw new RpcError(
          RpcErrorCode.notFound,
          `No support for \`generate\` on the current network, ${params.name}, as it's unlikely to be possible to mine a block with the CPU.`,
        );
      if (count === 0)
        throw new RpcError(RpcErrorCode.internal, 'Please request a nonzero number of blocks to generate.');
      try {
        return (await miner.generate(Math.min(count, MAX_GENERATE))).map(hashToHex);
      } catch (error) {
        throw new RpcError(RpcErrorCode.internal, messageOf(error));
      }
    },
  }),
  defineMethod({
    name: 'setgenerate',
    params: [
      required('generate', bool, 'Whether to mine.'),
      optional('genproclimit', int, 'Worker threads; -1 is one per processor, 0 switches mining off.', -1),
    ],
    about: 'Switches continuous mining on or off.',
    result: nothing(),
    run: async ({ ports: { miner } }, [generate, workers = -1]) => {
      if (!generate || workers === 0) {
        await miner.stop();
      } else {
        if (!miner.hasPaymentAddress) throw new RpcError(RpcErrorCode.internal, NO_ADDRESS);
        await miner.setWorkers(workers);
        miner.start();
      }
      return null;
    },
  }),
  defineMethod({
    name: 'getgenerate',
    about: 'Whether the node is mining.',
    result: flag('Also while generate runs'),
    run: ({ ports }) => ports.miner.isMining(),
  }),
  defineMethod({
    name: 'gethashespersec',
    about: 'How fast the node mines.',
    result: whole('0 while it does not mine', 'hashes per second'),
    run: ({ ports }) => Math.trunc(ports.miner.hashesPerSecond()),
  }),
  defineMethod({
    name: 'getmininginfo',
    about: 'State of mining and of the network.',
    result: record({
      blocks: whole('In the DAG, genesis included', 'blocks'),
      currentblocksize: whole('Of the block connected last', 'bytes'),
      currentblockweight: whole('Of the same'),
      currentblocktx: whole('In the same', 'transactions'),
      difficulty: decimal('Of the same'),
      errors: text('Always empty', ''),
      generate: flag('Whether this node mines'),
      genproclimit: whole('Worker threads'),
      hashespersec: whole('Of this node', 'hashes per second'),
      networkhashps: whole('Of the network, estimated', 'hashes per second'),
      pooledtx: whole('In the memory pool', 'transactions'),
      testnet: flag(),
    }),
    run: async ({ ports }) => {
      const { dag, miner, mempool, params } = ports;
      const best = dag.bestState();
      return {
        blocks: dag.snapshot().blockCount,
        currentblocksize: best.size,
        currentblockweight: best.weight,
        currentblocktx: best.txCount,
        difficulty: difficultyOf(best.bits, params),
        errors: '',
        generate: miner.isMining(),
        genproclimit: miner.workerCount(),
        hashespersec: Math.trunc(miner.hashesPerSecond()),
        networkhashps: await networkHashRate(ports, HASH_RATE_HEIGHTS, -1),
        pooledtx: mempool?.count ?? 0,
        testnet: params.name === 'testnet1',
      };
    },
  }),
  defineMethod({
    name: 'getnetworkhashps',
    params: [
      optional('blocks', int, 'Heights to look at; 0 or less means since the last retarget.', HASH_RATE_HEIGHTS),
      optional('height', int, 'Last height; less than 0 means the greatest.', -1),
    ],
    limited: true,
    about: 'Estimates the hash rate of the network from the work and times of blocks.',
    result: whole('', 'hashes per second'),
    run: ({ ports }, [blocks = HASH_RATE_HEIGHTS, height = -1]) => networkHashRate(ports, blocks, height),
  }),
  defineMethod({
    name: 'submitblock',
    params: [
      required('hexblock', string, 'The serialised block.'),
      optional('options', objectType('soterjson.SubmitBlockOptions', { workid: string }), 'Ignored.'),
    ],
    limited: true,
    about: 'Hands a block to the node as if a peer had sent it; an accepted one is announced to peers.',
    result: choice(
      ['accepted, or kept until its parents are known', nothing()],
      ['refused', text('', 'rejected: reason')],
    ),
    run: async ({ ports: { blocks, params } }, [hex]) => {
      const result = await blocks.submit(parseBlock(parseHex(hex), params.generation));
      return result.status === 'rejected' ? `rejected: ${result.reason}` : null;
    },
  }),
  defineMethod({
    name: 'getblockmetrics',
    about: 'Figures of the blocks that this process has mined.',
    result: record({
      blkgencount: whole('Mined by this process', 'blocks'),
      blkhashes: choice(['simnet, once there are any', list(hash())], ['otherwise', nothing()]),
      blkgentimes: choice(
        ['once there are any', list(decimal('', 'milliseconds'), 'Newest 5000')],
        ['otherwise', nothing()],
      ),
    }),
    run: ({ ports }) => {
      const { count, hashes, times } = ports.metrics.blockMetrics();
      return {
        blkgencount: count,
        blkhashes: hashes.length > 0 ? hashes.map(hashToHex) : null,
        blkgentimes: times.length > 0 ? [...times] : null,
      };
    },
  }),
];

/**
 * Hashes per second: work of all blocks after the first of the looked-at heights, divided by the whole seconds between
 * their earliest and latest times. Of the first height only the last block in hash order counts for the time.
 */
async function networkHashRate(ports: RpcPorts, blocks: number, height: number): Promise<number> {
  const { dag, params } = ports;
  const { maxHeight } = dag.snapshot();
  const end = height < 0 ? maxHeight : height;
  if (end > maxHeight || end === 0) return 0;
  const start = Math.max(0, blocks <= 0 ? end - ((end % params.blocksPerRetarget) + 1) : end - blocks);
  let work = 0n;
  let earliest = Number.POSITIVE_INFINITY;
  let latest = Number.NEGATIVE_INFINITY;
  let read = 0;
  for (let at = start; at <= end; at++) {
    const hashes = dag.blocksAtHeight(at);
    for (const hash of at === start ? hashes.slice(-1) : hashes) {
      const header = dag.getHeader(hash);
      if (!header) continue;
      if (at > start) work += workFromBits(header.bits);
      earliest = Math.min(earliest, header.timestamp);
      latest = Math.max(latest, header.timestamp);
      if (++read % BLOCKS_PER_TURN === 0) await ports.pause();
    }
  }
  const seconds = latest - earliest;
  return seconds > 0 ? Number(work / BigInt(seconds)) : 0;
}
