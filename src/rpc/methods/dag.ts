import { hashKey, hashToHex } from '../../util/hash.ts';
import type { JsonResult } from '../json/encode.ts';
import { difficultyOf } from '../objects/difficulty.ts';
import type { RpcPorts } from '../ports.ts';
import { choice, decimal, flag, hash, list, mapping, nothing, oneOf, record, text, whole } from '../schema/result.ts';
import { defineMethod, type Method } from './define.ts';

/** Blocks that are drawn before other work runs. */
const BLOCKS_PER_TURN = 500;

/** Methods about the DAG as a whole. */
export const dagMethods: readonly Method[] = [
  defineMethod({
    name: 'getdagtips',
    about: 'The tips of the DAG.',
    result: record({
      tips: list(hash()),
      hash: hash('What the header of a block on these tips carries'),
      minheight: whole('Least height of a tip'),
      maxheight: whole('Greatest height of a tip'),
      blkcount: whole('In the DAG, genesis included', 'blocks'),
    }),
    run: ({ ports }) => {
      const { tips, hash, minHeight, maxHeight, blockCount } = ports.dag.snapshot();
      return {
        tips: tips.map(hashToHex),
        hash: hashToHex(hash),
        minheight: minHeight,
        maxheight: maxHeight,
        blkcount: blockCount,
      };
    },
  }),
  defineMethod({
    name: 'getdagcoloring',
    about: 'All blocks in consensus order with their colour.',
    result: list(record({ hash: hash(), isblue: flag('For the block connected last and its past') }), 'Genesis first'),
    run: ({ ports }) => {
      const blocks: JsonResult[] = [];
      for (const { hash, isBlue } of ports.dag.coloring()) blocks.push({ hash: hashToHex(hash), isblue: isBlue });
      return blocks;
    },
  }),
  defineMethod({
    name: 'renderdag',
    about: 'The DAG as a graph description in the DOT language of Graphviz.',
    result: record({ dot: text('The graph', 'digraph dag {...}') }),
    run: async ({ ports }) => ({ dot: await renderDot(ports) }),
  }),
  defineMethod({
    name: 'getblockchaininfo',
    about: 'State of the DAG and of rule changes.',
    result: record({
      chain: oneOf(['mainnet', 'testnet1', 'regtest', 'simnet']),
      blocks: whole('In the DAG, genesis included', 'blocks'),
      headers: whole('The same', 'blocks'),
      bestblockhash: hash('The block connected last'),
      difficulty: decimal('Of that block'),
      mediantime: whole('Of that block', 'Unix seconds'),
      pruned: flag('Always false'),
      softforks: list(
        record({
          id: text('', 'bip'),
          version: whole('Of blocks that follow it'),
          reject: record({ status: flag('Whether other blocks are refused') }),
        }),
      ),
      bip9_softforks: mapping(
        'name',
        record({
          statuses: choice(['first window', list(text('', 'defined'))], ['later', nothing()]),
          bit: whole('Of the version of a block'),
          startTime: whole('', 'Unix seconds'),
          timeout: whole('', 'Unix seconds'),
          since: whole('Always 0'),
        }),
      ),
    }),
    run: ({ ports }) => {
      const { dag, params } = ports;
      const { blockCount, maxHeight } = dag.snapshot();
      const best = dag.bestState();
      const fork = (id: string, version: number, height: number): JsonResult => ({
        id,
        version,
        reject: { status: maxHeight >= height },
      });
      return {
        chain: params.name,
        blocks: blockCount,
        headers: blockCount,
        bestblockhash: hashToHex(best.hash),
        difficulty: difficultyOf(best.bits, params),
        mediantime: best.medianTime,
        pruned: false,
        softforks: [
          fork('bip34', 2, params.bip34Height),
          fork('bip66', 3, params.bip66Height),
          fork('bip65', 4, params.bip65Height),
        ],
        bip9_softforks: deploymentObjects(ports),
      };
    },
  }),
];

/**
 * Deployments by name. While a tip lies in the first window all are "defined"; past it the reference node reports no
 * state at all, and treats them as active.
 */
function deploymentObjects({ dag, params }: RpcPorts): JsonResult {
  const statuses = dag.snapshot().minHeight + 1 < params.minerConfirmationWindow ? ['defined'] : null;
  const sorted = [...params.deployments].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Object.fromEntries(
    sorted.map(({ name, bit, startTime, expireTime }) => [
      name,
      { statuses, bit, startTime, timeout: expireTime, since: 0 },
    ]),
  );
}

/** Blocks as nodes, ascending by height and hash and numbered in that order; then an edge to each parent. */
async function renderDot(ports: RpcPorts): Promise<string> {
  const { dag, params } = ports;
  const { maxHeight } = dag.snapshot();
  const numbers = new Map<string, number>();
  const nodes: string[] = [];
  const hashes = [];
  for (let height = 0; height <= maxHeight; height++) {
    for (const hash of dag.blocksAtHeight(height)) {
      const text = hashToHex(hash);
      nodes.push(`n${hashes.length} [label="${text.slice(-7)}", tooltip="height ${height} hash ${text}"];\n`);
      numbers.set(hashKey(hash), hashes.length);
      hashes.push(hash);
    }
  }
  const edges: string[] = [];
  for (const [number, hash] of hashes.entries()) {
    for (const parent of dag.getBlock(hash)?.parentHashes ?? [])
      edges.push(`n${number} -> n${numbers.get(hashKey(parent))};\n`);
    if ((number + 1) % BLOCKS_PER_TURN === 0) await ports.pause();
  }
  const ordering = params.generation === 4 ? 'ordering=out;\n' : '';
  return `digraph dag {\n${ordering}${nodes.join('')}${edges.join('')}}`;
}
