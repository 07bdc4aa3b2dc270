import { type Hash, hashToHex } from '../../util/hash.ts';
import { RpcError, RpcErrorCode } from '../errors.ts';
import type { JsonResult } from '../json/encode.ts';
import { confirmations } from '../objects/block.ts';
import { parseHash } from '../objects/hash-param.ts';
import { required } from '../params/signature.ts';
import { string } from '../params/types.ts';
import type { RpcPorts, RpcTransactionPlace, RpcTransactionStatus } from '../ports.ts';
import { defineMethod, type Method } from './define.ts';

/** Methods about what the order of the DAG makes of transactions. */
export const transactionStatusMethods: readonly Method[] = [
  defineMethod({
    name: 'gettxstatus',
    params: [required('txid', string, 'Hash of the transaction.')],
    limited: true,
    about:
      'What became of a recent transaction: whether it counts, or which other one won what it spends. Not in soterd 2.1.1.',
    returns: [
      '{"txid": "hash", "status": "applied" (it counts) or "ignored" (it lost a double spend, or spends from a loser) or "skipped"',
      ' (what it spends was not there at its place of the order) or "unordered" (the order leaves its block out) or "pool" (waits',
      ' for a block) or "dropped" (left the pool without a block), "inpool": bool, "dropped": "conflict" or "evicted" or "expired",',
      ' "blueconfirmations": n (blue blocks from the one on that makes it count),',
      ' "blocks": [{"hash": "hash", "height": n, "index": n (place in the block), "state": "applied" or ..., "position": n (place of',
      ' the block in the order), "isblue": bool, "confirmations": n, "blueconfirmations": n},...],',
      ' "lostinputs": [{"index": n, "txid": "hash", "vout": n, "reason": "spent" or "ignored" or "missing", "winner": "hash" (of the',
      ' transaction that spends it)},...]} (object)',
    ],
    run: async ({ ports }, [text]) => {
      const txid = parseHash(text);
      const status = await ports.tracker?.status(txid);
      if (!status)
        throw new RpcError(RpcErrorCode.notFound, `No information available about transaction ${hashToHex(txid)}`);
      return statusObject(ports, txid, status);
    },
  }),
];

function statusObject(ports: RpcPorts, txid: Hash, status: RpcTransactionStatus): JsonResult {
  const { blocks, inPool, dropped, lostInputs } = status;
  const effective = blocks.find(({ state }) => state === 'applied');
  return {
    txid: hashToHex(txid),
    status: summary(status),
    inpool: inPool,
    dropped,
    blueconfirmations: effective?.blueConfirmations ?? 0,
    blocks: blocks.map((place) => placeObject(ports, place)),
    lostinputs: lostInputs.map(({ index, prevout, reason, winner }) => ({
      index,
      txid: hashToHex(prevout.hash),
      vout: prevout.index,
      reason,
      winner: winner && hashToHex(winner),
    })),
  };
}

/** The best of its places counts; a transaction that waits again after it lost its effect is in the pool. */
function summary({ blocks, inPool }: RpcTransactionStatus): string {
  const states = new Set(blocks.map(({ state }) => state));
  if (states.has('applied')) return 'applied';
  if (inPool) return 'pool';
  return (['ignored', 'skipped', 'unordered'] as const).find((state) => states.has(state)) ?? 'dropped';
}

function placeObject(ports: RpcPorts, place: RpcTransactionPlace): JsonResult {
  const { hash, height, index, state, position, isBlue, blueConfirmations } = place;
  return {
    hash: hashToHex(hash),
    height,
    index,
    state,
    position,
    isblue: isBlue,
    confirmations: confirmations(ports, height),
    blueconfirmations: blueConfirmations,
  };
}
