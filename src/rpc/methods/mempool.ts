import type { EntryDescription } from '../../mempool/index.ts';
import { bytesToHex } from '../../util/bytes.ts';
import { hashToHex } from '../../util/hash.ts';
import { Transaction } from '../../wire/index.ts';
import { RpcError, RpcErrorCode } from '../errors.ts';
import type { JsonResult } from '../json/encode.ts';
import { coins } from '../objects/amount.ts';
import { confirmations } from '../objects/block.ts';
import { parseHash } from '../objects/hash-param.ts';
import { type TransactionPlace, transactionObject, transactionSchema } from '../objects/transaction.ts';
import { parseTransaction } from '../objects/transaction-param.ts';
import { optional, required } from '../params/signature.ts';
import { bool, int, int64, string } from '../params/types.ts';
import type { RpcMempool, RpcPorts } from '../ports.ts';
import { choice, decimal, hash, hex, list, mapping, record, whole } from '../schema/result.ts';
import { defineMethod, type Method } from './define.ts';

/** Result that stands beside the errors of estimatefee, for clients that look at nothing else. */
const NO_ESTIMATE = -1;

/** Methods about unconfirmed transactions. */
export const mempoolMethods: readonly Method[] = [
  defineMethod({
    name: 'estimatefee',
    params: [required('numblocks', int64, 'Heights within which it should be mined.')],
    limited: true,
    wallet: true,
    about: 'Estimates the fee with which a transaction is mined soon, from what mined ones have paid.',
    result: decimal('-1 beside an error', 'coins per 1000 bytes'),
    run: ({ ports }, [heights]) => {
      if (heights <= 0) throw new RpcError(RpcErrorCode.internal, 'Parameter NumBlocks must be positive', NO_ESTIMATE);
      const estimate = poolOf(ports).estimateFee(heights);
      if (typeof estimate === 'number') return estimate;
      throw new RpcError(RpcErrorCode.internal, estimate.problem, NO_ESTIMATE);
    },
  }),
  defineMethod({
    name: 'getmempoolinfo',
    about: 'Size of the memory pool.',
    result: record({ size: whole('', 'transactions'), bytes: whole('', 'bytes') }),
    run: ({ ports }) => {
      const { count, bytes } = poolOf(ports);
      return { size: count, bytes };
    },
  }),
  defineMethod({
    name: 'getrawmempool',
    params: [optional('verbose', bool, 'Objects instead of ids.', false)],
    limited: true,
    about: 'The transactions of the memory pool.',
    result: choice(
      ['verbose=false', list(hash())],
      [
        'verbose=true',
        mapping(
          'txid',
          record({
            size: whole('With witness data', 'bytes'),
            vsize: whole('', 'vbytes'),
            fee: decimal('', 'coins'),
            time: whole('When it entered', 'Unix seconds'),
            height: whole('Greatest of the DAG when it entered'),
            startingpriority: decimal('When it entered'),
            currentpriority: decimal('In the next block'),
            depends: list(hash(), 'Transactions of the pool that it spends from'),
          }),
        ),
      ],
    ),
    run: ({ ports }, [verbose = false]): JsonResult => {
      const pool = poolOf(ports);
      if (!verbose) return Array.from(pool.txids(), hashToHex);
      return Object.fromEntries(Array.from(pool.entries(), (entry) => [hashToHex(entry.txid), entryObject(entry)]));
    },
  }),
  defineMethod({
    name: 'getrawtransaction',
    params: [
      required('txid', string, 'Hash of the transaction.'),
      optional('verbose', int, 'Other than 0: an object.', 0),
    ],
    limited: true,
    about:
      'A transaction of the memory pool; with the transaction index also of blocks, as it stands in the one that arrived last.',
    result: choice(['verbose=0', hex()], ['otherwise', transactionSchema]),
    run: ({ ports }, [text, verbose = 0]) => {
      const txid = parseHash(text);
      const unconfirmed = poolOf(ports).transaction(txid);
      if (unconfirmed) return rawTransaction(ports, unconfirmed, verbose !== 0, undefined);
      if (!ports.transactions)
        throw new RpcError(
          RpcErrorCode.notFound,
          'The transaction index must be enabled to query the blockchain (specify --txindex)',
        );
      const found = ports.transactions.newest(txid);
      const header = found && ports.dag.getHeader(found.block);
      if (!header)
        throw new RpcError(RpcErrorCode.notFound, `No information available about transaction ${hashToHex(txid)}`);
      const place = { header, confirmations: confirmations(ports, found.height) };
      return rawTransaction(ports, Transaction.fromBytes(found.bytes), verbose !== 0, place);
    },
  }),
  defineMethod({
    name: 'sendrawtransaction',
    params: [
      required('hextx', string, 'The serialised transaction.'),
      optional('allowhighfees', bool, 'Ignored.', false),
    ],
    limited: true,
    about: 'Takes a transaction into the memory pool and announces it to peers until it is in a block.',
    result: hash('Its txid'),
    run: ({ ports }, [hex]) => {
      const pool = poolOf(ports);
      const transaction = parseTransaction(hex);
      const refused = pool.submit(transaction);
      if (refused) throw new RpcError(RpcErrorCode.decode, `TX rejected: ${refused.refusal}`);
      return hashToHex(transaction.txid);
    },
  }),
];

function poolOf({ mempool }: RpcPorts): RpcMempool {
  if (!mempool) throw new RpcError(RpcErrorCode.internal, 'this node keeps no memory pool');
  return mempool;
}

function rawTransaction(
  { params }: RpcPorts,
  transaction: Transaction,
  isVerbose: boolean,
  place: TransactionPlace | undefined,
): JsonResult {
  return isVerbose ? transactionObject(transaction, params, place) : bytesToHex(transaction.toBytes());
}

function entryObject(entry: EntryDescription): JsonResult {
  return {
    size: entry.size,
    vsize: entry.virtualSize,
    fee: coins(entry.fee),
    time: entry.time,
    height: entry.height,
    startingpriority: entry.startingPriority,
    currentpriority: entry.currentPriority,
    depends: entry.depends.map(hashToHex),
  };
}
