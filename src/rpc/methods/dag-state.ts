import { hashToHex } from '../../util/hash.ts';
import { messageOf, RpcError, RpcErrorCode } from '../errors.ts';
import type { JsonResult } from '../json/encode.ts';
import { optional } from '../params/signature.ts';
import { bool } from '../params/types.ts';
import type { RpcSyncProgress } from '../ports.ts';
import { defineMethod, type Method } from './define.ts';

/** Methods by which a DAG is compared with another one, and with itself. Not in soterd 2.1.1. */
export const dagStateMethods: readonly Method[] = [
  defineMethod({
    name: 'getdaginfo',
    about:
      'A summary of the DAG; two nodes with equal digests hold the same DAG, order and outputs. Not in soterd 2.1.1.',
    returns: [
      '{"blocks": n (genesis included), "tips": ["hash",...], "tipshash": "hash", "minheight": n, "maxheight": n (of the tips),',
      ' "transactions": n (in all blocks), "virtualbluescore": n, "orderlength": n, "orderhash": "hash", "outputs": n (in the stored set),',
      ' "outputsethash": "hash", "orphans": n (blocks without their parents), "current": bool, "reorders": n (blocks that rewrote the',
      ' end of the order since the start), "lastreorderdepth": n (blocks that lost their place), "maxreorderdepth": n,',
      ' "indexbytes": n (memory), "databasebytes": n (on disk), "sync": {"blockspersecond": n, "heightsleft": n, "secondsleft": n (at this',
      ' pace)} (while catching up with a peer)} (object)',
    ],
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
    about:
      'Derives colouring, order and outputs again from the stored blocks and compares them with what is stored. Takes minutes in a large DAG; the node goes on with its work, and the log tells how far it has come. Not in soterd 2.1.1.',
    returns: [
      '{"valid": bool, "difference": "text" (the first one; left out if there is none), "blocks": n, "positions": n (of the order),',
      ' "outputs": n, "seconds": n} (object)',
    ],
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

function progressObject(progress: RpcSyncProgress | undefined): JsonResult | undefined {
  if (!progress) return undefined;
  const { blocksPerSecond, heightsLeft, secondsLeft } = progress;
  return {
    blockspersecond: Math.round(10 * blocksPerSecond) / 10,
    heightsleft: heightsLeft,
    secondsleft: secondsLeft === undefined ? undefined : Math.round(secondsLeft),
  };
}
