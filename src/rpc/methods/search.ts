import { addressesOf, encodeAddress } from '../../script/index.ts';
import { bytesToHex } from '../../util/bytes.ts';
import { hashToHex } from '../../util/hash.ts';
import { Transaction, type TxInput, type TxOutput } from '../../wire/index.ts';
import { RpcError, RpcErrorCode } from '../errors.ts';
import type { JsonResult } from '../json/encode.ts';
import { parseAddress } from '../objects/address-param.ts';
import { coins } from '../objects/amount.ts';
import { confirmations } from '../objects/block.ts';
import { inputMembers, inputObjects, inputSchema, outputObjects, outputSchema } from '../objects/transaction.ts';
import { optional, required } from '../params/signature.ts';
import { bool, int, listOf, string } from '../params/types.ts';
import type { RpcAddressIndex, RpcIndexedTransaction, RpcPorts } from '../ports.ts';
import {
  choice,
  decimal,
  hash,
  hex,
  list,
  maybe,
  nothing,
  type ResultSchema,
  record,
  text,
  whole,
} from '../schema/result.ts';
import { defineMethod, type Method } from './define.ts';

/** Most transactions of one answer, and bytes of them: what a client wants beyond that it asks for with `skip`. */
const MAX_COUNT = 10_000;
const MAX_BYTES = 8 * 1024 * 1024;
/** Transactions that are shown before other work runs. */
const SHOWN_PER_TURN = 50;

/** A transaction to be shown; `place` if it is in a block. */
interface Found {
  readonly tx: Transaction;
  readonly place: RpcIndexedTransaction | undefined;
}

/** What is wanted of each transaction. */
interface View {
  /** Show what inputs spend. */
  readonly spent: boolean;
  /** Only inputs and outputs with these addresses; empty for all. */
  readonly addresses: ReadonlySet<string>;
}

const spendSchema = record({
  txid: hash('Of the spent output'),
  vout: whole('Of the spent output'),
  scriptSig: record({ asm: text(), hex: hex() }),
  txinwitness: maybe(list(hex())),
  prevOut: maybe(record({ addresses: maybe(list(text('', 'address'))), value: decimal('', 'coins') }, 'With vinextra')),
  sequence: whole(),
});

const foundSchema: ResultSchema = record({
  hex: hex(),
  txid: hash(),
  hash: text('Always empty', ''),
  size: text('Always empty', ''),
  vsize: text('Always empty', ''),
  version: whole(),
  locktime: whole('Height, or Unix seconds from 500000000 on'),
  vin: choice(
    ['a coinbase with filteraddrs', nothing()],
    ['otherwise', list(choice(['coinbase', inputSchema], ['otherwise', spendSchema]))],
  ),
  vout: list(outputSchema),
  blockhash: maybe(hash('The block; left out for the memory pool')),
  confirmations: maybe(whole('Difference of heights, plus 1')),
  time: maybe(whole('Of the block', 'Unix seconds')),
  blocktime: maybe(whole('The same', 'Unix seconds')),
});

/** The search by address. */
export const searchMethods: readonly Method[] = [
  defineMethod({
    name: 'searchrawtransactions',
    params: [
      required('address', string, 'Address, or public key in hexadecimal.'),
      optional('verbose', int, 'Other than 0: objects.', 1),
      optional('skip', int, 'How many to leave out first.', 0),
      optional('count', int, `Most results, ${MAX_COUNT} at most.`, 100),
      optional('vinextra', int, 'Other than 0: show the spent outputs.', 0),
      optional('reverse', bool, 'Newest first.', false),
      optional('filteraddrs', listOf(string), 'Only inputs and outputs with these addresses.'),
    ],
    limited: true,
    about:
      'Transactions that pay to an address or spend from it, those of blocks as they arrived, then those of the memory pool. Needs the address index.',
    result: choice(['verbose=0', list(hex())], ['otherwise', list(foundSchema)], ['count=0', nothing()]),
    run: async ({ ports }, [address, verbose = 0, skip = 0, count = 0, vinExtra = 0, reverse = false, filter = []]) => {
      const { addresses } = ports;
      if (!addresses) throw new RpcError(RpcErrorCode.misc, 'Address index must be enabled (--addrindex)');
      const wanted = count < 0 ? 1 : Math.min(count, MAX_COUNT);
      if (wanted === 0) return null;
      const parsed = parseAddress(address, ports.params);
      const found = await search(addresses, parsed, Math.max(0, skip), wanted, reverse);
      const view = { spent: vinExtra !== 0, addresses: new Set(filter) };
      const shown = await show(found, ports, verbose === 0 ? undefined : view);
      if (shown.length === 0) throw new RpcError(RpcErrorCode.notFound, 'No information available about address');
      return shown;
    },
  }),
];

/** Finds what is wanted in blocks and in the pool, which comes last, or first in reverse; what is left out counts in this order. */
async function search(
  index: RpcAddressIndex,
  address: Parameters<RpcAddressIndex['unconfirmed']>[0],
  skip: number,
  count: number,
  reverse: boolean,
): Promise<readonly Iterable<Found>[]> {
  const pool = index.unconfirmed(address).map((tx): Found => ({ tx, place: undefined }));
  if (reverse) {
    const first = pool.slice(skip, skip + count);
    const rest = { skip: Math.max(0, skip - pool.length), count: count - first.length, reverse };
    return [first, decoded((await index.confirmed(address, rest)).transactions)];
  }
  const { skipped, count: found, transactions } = await index.confirmed(address, { skip, count, reverse });
  return [decoded(transactions), pool.slice(skip - skipped, skip - skipped + count - found)];
}

function* decoded(transactions: Iterable<RpcIndexedTransaction>): Iterable<Found> {
  for (const place of transactions) yield { tx: Transaction.fromBytes(place.bytes), place };
}

/** @param view how, or undefined for hexadecimal text. */
async function show(
  found: readonly Iterable<Found>[],
  ports: RpcPorts,
  view: View | undefined,
): Promise<readonly JsonResult[]> {
  const shown: JsonResult[] = [];
  let bytes = 0;
  for (const part of found) {
    for (const item of part) {
      bytes += item.tx.size;
      if (bytes > MAX_BYTES)
        throw new RpcError(
          RpcErrorCode.misc,
          'the transactions are too large for one answer: ask for fewer with count',
        );
      shown.push(view ? foundObject(item, ports, view) : bytesToHex(item.tx.toBytes()));
      if (shown.length % SHOWN_PER_TURN === 0) await ports.pause();
    }
  }
  return shown;
}

function foundObject({ tx, place }: Found, ports: RpcPorts, view: View): JsonResult {
  const time = place && ports.dag.getHeader(place.block)?.timestamp;
  return {
    hex: bytesToHex(tx.toBytes()),
    txid: hashToHex(tx.txid),
    hash: '',
    size: '',
    vsize: '',
    version: tx.version,
    locktime: tx.lockTime,
    vin: inputs(tx, ports, view),
    vout: outputObjects(tx, ports.params, (output) => passes(output, ports, view)),
    blockhash: place && hashToHex(place.block),
    confirmations: (place && confirmations(ports, place.height)) || undefined,
    time: time || undefined,
    blocktime: time || undefined,
  };
}

/** The inputs that are wanted; those of a coinbase have no addresses, so a filter leaves none, which shows as null. */
function inputs(tx: Transaction, ports: RpcPorts, view: View): JsonResult {
  const isFiltered = view.addresses.size > 0;
  if (tx.isCoinbase) return isFiltered ? null : inputObjects(tx);
  return tx.inputs.flatMap((input) => {
    const spent = view.spent || isFiltered ? spentOutput(input, ports) : undefined;
    if (isFiltered && !(spent && passes(spent, ports, view))) return [];
    return inputMembers(input, view.spent && spent ? spentObject(spent, ports) : undefined);
  });
}

/** What an input spends, of the pool or of a block. */
function spentOutput({ prevout }: TxInput, { mempool, transactions }: RpcPorts): TxOutput | undefined {
  const unconfirmed = mempool?.transaction(prevout.hash);
  if (unconfirmed) return unconfirmed.outputs[prevout.index];
  const place = transactions?.newest(prevout.hash);
  return place && Transaction.fromBytes(place.bytes).outputs[prevout.index];
}

function spentObject(output: TxOutput, { params }: RpcPorts): JsonResult {
  const addresses = addressesOf(output.pkScript, params).addresses.map(encodeAddress);
  return { addresses: addresses.length > 0 ? addresses : undefined, value: coins(output.value) };
}

function passes({ pkScript }: TxOutput, { params }: RpcPorts, { addresses }: View): boolean {
  if (addresses.size === 0) return true;
  return addressesOf(pkScript, params).addresses.some((address) => addresses.has(encodeAddress(address)));
}
