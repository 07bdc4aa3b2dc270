import { type Hash, hashToHex } from '../../util/hash.ts';
import { RpcError, RpcErrorCode } from '../errors.ts';
import type { JsonResult } from '../json/encode.ts';
import { confirmations } from '../objects/block.ts';
import { parseHash } from '../objects/hash-param.ts';
import { required } from '../params/signature.ts';
import { string } from '../params/types.ts';
import type { RpcPorts } from '../ports.ts';
import { flag, hash, list, maybe, oneOf, record, whole } from '../schema/result.ts';
import type { RpcTransactionPlace, RpcTransactionStatus } from '../transaction-ports.ts';
import { defineMethod, type Method } from './define.ts';

/** Methods about what the order of the DAG makes of transactions. */
export const transactionStatusMethods: readonly Method[] = [
  defineMethod({
    name: 'gettxstatus',
    params: [required('txid', string, 'Hash of the transaction.')],
    limited: true,
    extension: true,
    about: 'What became of a recent transaction: whether it counts, or which other one won what it spends.',
    result: record({
      txid: hash(),
      status: oneOf(
        ['applied', 'ignored', 'skipped', 'unordered', 'pool', 'dropped'],
        'applied: it counts. ignored: it lost a double spend, or spends from a loser. skipped: what it spends was not there at its place of the order. unordered: the order leaves its block out. pool: it waits for a block. dropped: it left the pool without a block',
      ),
      inpool: flag(),
      dropped: maybe(oneOf(['conflict', 'evicted', 'expired'], 'Why it left the pool')),
      blueconfirmations: whole('Blue ones of the order from the one on that makes it count', 'blocks'),
      blocks: list(
        record({
          hash: hash(),
          height: whole(),
          index: whole('Place in the block, the coinbase has 0'),
          state: oneOf(['applied', 'ignored', 'skipped', 'unordered'], 'What the order makes of it there'),
          position: maybe(whole('Place of the block in the order, genesis has 0')),
          isblue: flag(),
          confirmations: whole('Difference of heights'),
          blueconfirmations: whole('', 'blocks'),
        }),
        'That hold it',
      ),
      lostinputs: list(
        record({
          index: whole('Number of the input'),
          txid: hash('Of the output'),
          vout: whole('Of the output'),
          reason: oneOf(['spent', 'ignored', 'missing']),
          winner: maybe(hash('The transaction that spends it')),
        }),
        'That keep it from having effect',
      ),
    }),
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
