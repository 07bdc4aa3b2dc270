import type { SyncProgress } from '../../netsync/index.ts';
import { hashToHex } from '../../util/hash.ts';
import { messageOf, RpcError, RpcErrorCode } from '../errors.ts';
import type { JsonResult } from '../json/encode.ts';
import { optional } from '../params/signature.ts';
import { bool } from '../params/types.ts';
import { decimal, flag, hash, list, maybe, record, text, whole } from '../schema/result.ts';
import { defineMethod, type Method } from './define.ts';

/** Methods by which a DAG is compared with another one, and with itself. Not in soterd 2.1.1. */
export const dagStateMethods: readonly Method[] = [
  defineMethod({
    name: 'getdaginfo',
    extension: true,
    about: 'A summary of the DAG; two nodes with equal digests hold the same DAG, order and outputs.',
    result: record({
      blocks: whole('Genesis included', 'blocks'),
      tips: list(hash()),
      tipshash: hash(),
      minheight: whole('Least height of a tip'),
      maxheight: whole('Greatest height of a tip'),
      transactions: whole('In all blocks'),
      virtualbluescore: whole('Blue for all tips together', 'blocks'),
      orderlength: whole('', 'blocks'),
      orderhash: hash('Digest of the order'),
      outputs: whole('In the stored set'),
      outputsethash: hash('Digest of the stored set'),
      orphans: whole('Without their parents', 'blocks'),
      current: flag('Whether a tip is younger than a day'),
      reorders: whole('That rewrote the end of the order since the start', 'blocks'),
      lastreorderdepth: whole('That lost their place to the last of them', 'blocks'),
      maxreorderdepth: whole('Most that lost their place at once', 'blocks'),
      indexbytes: whole('Memory of index, colouring and order', 'bytes'),
      databasebytes: maybe(whole('On disk', 'bytes')),
      sync: maybe(
        record(
          {
            blockspersecond: decimal(),
            heightsleft: whole('That the peer claims to have more'),
            secondsleft: maybe(whole('At this pace', 'seconds')),
          },
          'While catching up with a peer',
        ),
      ),
    }),
    run: ({ ports: { dag, reorders, database, peers } }) => {
      const { tips, hash, minHeight, maxHeight, blockCount } = dag.snapshot();
      const { transactions, virtualBlueScore, orderLength, outputs, indexBytes } = dag.sizes();
      return {
        blocks: blockCount,
        tips: tips.map(hashToHex).sort(),
        tipshash: hashToHex(hash),
        minheight: minHeight,
        maxheight: maxHeight,
        transactions,
        virtualbluescore: virtualBlueScore,
        orderlength: orderLength,
        orderhash: hashToHex(dag.orderHash()),
        outputs,
        outputsethash: hashToHex(dag.outputSetHash()),
        orphans: dag.orphanCount,
        current: dag.isCurrent(),
        reorders: reorders.count,
        lastreorderdepth: reorders.lastDepth,
        maxreorderdepth: reorders.greatestDepth,
        indexbytes: indexBytes,
        databasebytes: database?.bytes,
        sync: progressObject(peers.syncProgress()),
      };
    },
  }),
  defineMethod({
    name: 'verifydag',
    params: [optional('scripts', bool, 'Run the scripts of all blocks, too, which takes much longer.', false)],
    extension: true,
    about:
      'Derives colouring, order and outputs again from the stored blocks and compares them with what is stored. Takes minutes in a large DAG; the node goes on with its work, and the log tells how far it has come.',
    result: record({
      valid: flag(),
      difference: maybe(text('The first one, if there is any')),
      blocks: whole(),
      positions: whole('Of the order'),
      outputs: whole(),
      seconds: decimal('', 'seconds'),
    }),
    run: async ({ ports: { database }, caller }, [scripts = false]) => {
      if (!database) throw new RpcError(RpcErrorCode.misc, 'there is no database');
      try {
        const { difference, blocks, positions, outputs, seconds } = await database.verify(scripts, caller.signal);
        return { valid: difference === undefined, difference, blocks, positions, outputs, seconds };
      } catch (error) {
        throw new RpcError(RpcErrorCode.misc, messageOf(error));
      }
    },
  }),
];

function progressObject(progress: SyncProgress | undefined): JsonResult | undefined {
  if (!progress) return undefined;
  const { blocksPerSecond, heightsLeft, secondsLeft } = progress;
  return {
    blockspersecond: Math.round(10 * blocksPerSecond) / 10,
    heightsleft: heightsLeft,
    secondsleft: secondsLeft === undefined ? undefined : Math.round(secondsLeft),
  };
}
