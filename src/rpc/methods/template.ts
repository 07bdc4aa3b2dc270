import { bytesToHex } from '../../util/bytes.ts';
import { hashToHex } from '../../util/hash.ts';
import { compactToTarget, type Transaction } from '../../wire/index.ts';
import type { JsonResult } from '../json/encode.ts';
import type { RpcPorts, RpcTemplate } from '../ports.ts';
import { flag, hash, hex, list, maybe, record, text, whole } from '../schema/result.ts';

/** Limits that a miner who changes the transactions must keep; the size limit is what clients of the reference node expect. */
const SIGOP_LIMIT = 80_000;
const SIZE_LIMIT = 4_000_000;
const WEIGHT_LIMIT = 4_002_080;
/** A block may be so many seconds ahead of the network's time. */
const MAX_AHEAD = 7200;
const MUTABLE = ['time', 'transactions/add', 'prevblock', 'coinbase/append'];

const transactionMembers = {
  data: hex('Serialised, with witness data'),
  hash: hash('Its txid'),
  depends: list(whole('Place in this list, the first has 1'), 'What it spends from'),
  fee: whole('', 'nanoSoter'),
  sigops: whole('Cost of its signature operations'),
  weight: whole(),
};

/** See {@link templateObject}. */
export const templateSchema = record({
  bits: text('Compact target', 'hex'),
  curtime: whole('', 'Unix seconds'),
  height: whole(),
  previousblockhash: hash('Digest of the parents'),
  sigoplimit: whole(),
  sizelimit: whole('', 'bytes'),
  weightlimit: whole(),
  transactions: list(record(transactionMembers)),
  version: whole(),
  coinbaseaux: maybe(record({ flags: hex('For the end of the coinbase script') })),
  coinbasevalue: maybe(whole('Most that the coinbase may pay', 'nanoSoter')),
  coinbasetxn: maybe(
    record(transactionMembers, 'With the capability coinbasetxn; its fee is the negative sum of the others'),
  ),
  default_witness_commitment: maybe(hash('In the bytes of the commitment output')),
  longpollid: text('In a request: answer when there is other work', 'id'),
  submitold: maybe(flag('To a long poll: whether earlier work is still welcome')),
  target: hex('32 bytes, big endian'),
  maxtime: whole('', 'Unix seconds'),
  mintime: whole('', 'Unix seconds'),
  mutable: list(text()),
  noncerange: hex(),
  capabilities: list(text()),
  parentsversion: whole('Of the parent sub-header; not in soterd 2.1.1'),
  parents: list(record({ hash: hash(), data: hex('32 bytes') }), 'In the order of the block; not in soterd 2.1.1'),
});

/** A template with its name, and what the answer shows of it. */
export interface ShownTemplate {
  readonly template: RpcTemplate;
  readonly createdAt: number;
  /** A whole coinbase instead of its value. */
  readonly fullCoinbase: boolean;
  /** In answers to a long poll: whether work on the earlier template is still welcome. */
  readonly submitOld?: boolean;
}

/** Name of a template, by which a client asks for the next one. */
export function longPollId({ template, createdAt }: Pick<ShownTemplate, 'template' | 'createdAt'>): string {
  return `${hashToHex(template.block.header.prevBlock)}-${createdAt}`;
}

/** The answer of getblocktemplate (BIP 22, BIP 23); its parents are an addition without which nobody could build the block. */
export function templateObject(ports: RpcPorts, shown: ShownTemplate): JsonResult {
  const { template, fullCoinbase, submitOld } = shown;
  const { block, height, commitment, minTime } = template;
  const { header, parents, parentsVersion } = block;
  return {
    bits: header.bits.toString(16),
    curtime: header.timestamp,
    height,
    previousblockhash: hashToHex(header.prevBlock),
    sigoplimit: SIGOP_LIMIT,
    sizelimit: SIZE_LIMIT,
    weightlimit: WEIGHT_LIMIT,
    transactions: transactionObjects(template),
    version: header.version,
    ...(fullCoinbase ? coinbaseTransaction(template) : coinbaseValue(ports, template)),
    default_witness_commitment: commitment && bytesToHex(commitment),
    longpollid: longPollId(shown),
    submitold: submitOld,
    target: compactToTarget(header.bits).toString(16).padStart(64, '0'),
    maxtime: Math.floor(ports.clock.now() / 1000) + ports.dag.timeOffset + MAX_AHEAD,
    mintime: minTime,
    mutable: MUTABLE,
    noncerange: '00000000ffffffff',
    capabilities: ['proposal'],
    parentsversion: parentsVersion,
    parents: parents.map(({ hash, data }) => ({ hash: hashToHex(hash), data: bytesToHex(data) })),
  };
}

function transactionObjects({ block, fees, sigOpCosts }: RpcTemplate): JsonResult {
  const { transactions } = block;
  const places = new Map(transactions.map(({ txid }, index) => [hashToHex(txid), index]));
  return transactions.slice(1).map((tx, position) => ({
    data: bytesToHex(tx.toBytes()),
    hash: hashToHex(tx.txid),
    depends: dependencies(tx, places),
    fee: Number(fees[position + 1]),
    sigops: sigOpCosts[position + 1],
    weight: tx.weight,
  }));
}

/** Places of the transactions that one spends from, each once. The coinbase has place 0, so the first one of the list has 1. */
function dependencies({ inputs }: Transaction, places: ReadonlyMap<string, number>): number[] {
  const parents = inputs.flatMap(({ prevout }) => places.get(hashToHex(prevout.hash)) ?? []);
  return [...new Set(parents)];
}

function coinbaseTransaction({ block, fees, sigOpCosts }: RpcTemplate) {
  const [coinbase] = block.transactions;
  return {
    coinbasetxn: {
      data: bytesToHex(coinbase.toBytes()),
      hash: hashToHex(coinbase.txid),
      depends: [],
      fee: Number(fees[0]),
      sigops: sigOpCosts[0],
      weight: 0,
    },
  };
}

function coinbaseValue({ work }: RpcPorts, { block }: RpcTemplate) {
  return {
    coinbaseaux: { flags: bytesToHex(work.coinbaseFlags) },
    coinbasevalue: block.transactions[0].outputs[0].value,
  };
}
