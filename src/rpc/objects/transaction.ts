import type { NetworkParams } from '../../params/index.ts';
import { addressesOf, disassemble, encodeAddress } from '../../script/index.ts';
import { bytesToHex } from '../../util/bytes.ts';
import { hashToHex } from '../../util/hash.ts';
import type { BlockHeader, Transaction, TxInput, TxOutput } from '../../wire/index.ts';
import type { JsonResult } from '../json/encode.ts';
import { choice, decimal, hash, hex, list, maybe, record, text, whole } from '../schema/result.ts';
import { coins } from './amount.ts';

/** See {@link scriptMeaning}. */
export const scriptMeaningSchema = {
  reqSigs: maybe(whole('Needed to spend it', 'signatures')),
  type: text('', 'class'),
  addresses: maybe(list(text('', 'address'))),
};

/** See {@link scriptObject}. */
export const scriptSchema = record({
  asm: text('Operations by name, data in hexadecimal'),
  hex: maybe(hex()),
  ...scriptMeaningSchema,
});

/** See {@link inputObjects}. */
export const inputSchema = choice(
  ['coinbase', record({ coinbase: hex('Script'), sequence: whole(), witness: maybe(list(hex())) })],
  [
    'otherwise',
    record({
      txid: hash('Of the spent output'),
      vout: whole('Of the spent output'),
      scriptSig: record({ asm: text(), hex: hex() }),
      txinwitness: maybe(list(hex())),
      sequence: whole(),
    }),
  ],
);

/** See {@link outputObjects}. */
export const outputSchema = record({
  value: decimal('', 'coins'),
  n: whole('Number of the output'),
  scriptPubKey: scriptSchema,
});

/** See {@link transactionObject}. */
export const transactionSchema = record({
  hex: hex(),
  txid: hash(),
  hash: maybe(hash('With witness data')),
  size: maybe(whole('With witness data', 'bytes')),
  vsize: maybe(whole('', 'vbytes')),
  version: whole(),
  locktime: whole('Height, or Unix seconds from 500000000 on'),
  vin: list(inputSchema),
  vout: list(outputSchema),
  blockhash: maybe(hash('In a block only')),
  confirmations: maybe(whole('Difference of heights, plus 1')),
  time: maybe(whole('Of the block', 'Unix seconds')),
  blocktime: maybe(whole('The same', 'Unix seconds')),
});

/** The block in which a transaction is shown. */
export interface TransactionPlace {
  readonly header: BlockHeader;
  readonly confirmations: number;
}

/** The verbose form of a transaction; members about the block only with `place`. */
export function transactionObject(
  transaction: Transaction,
  params: NetworkParams,
  place: TransactionPlace | undefined,
): JsonResult {
  const time = place?.header.timestamp;
  return {
    hex: bytesToHex(transaction.toBytes()),
    txid: hashToHex(transaction.txid),
    hash: hashToHex(transaction.wtxid),
    size: transaction.size,
    vsize: transaction.virtualSize,
    version: transaction.version,
    locktime: transaction.lockTime,
    vin: inputObjects(transaction),
    vout: outputObjects(transaction, params),
    blockhash: place && hashToHex(place.header.hash),
    confirmations: place?.confirmations || undefined,
    time: time || undefined,
    blocktime: time || undefined,
  };
}

/** The inputs. A coinbase shows its script as a whole, unless it is empty. */
export function inputObjects(transaction: Transaction): JsonResult {
  const [first] = transaction.inputs;
  if (transaction.isCoinbase && first.signatureScript.length > 0)
    return [
      {
        coinbase: bytesToHex(first.signatureScript),
        sequence: first.sequence,
        witness: first.witness.length > 0 ? first.witness.map(bytesToHex) : undefined,
      },
    ];
  return transaction.inputs.map((input) => inputMembers(input));
}

/** An input that is no coinbase. @param prevOut what it spends, to be shown with it. */
export function inputMembers(
  { prevout, signatureScript, sequence, witness }: TxInput,
  prevOut?: JsonResult,
): JsonResult {
  return {
    txid: hashToHex(prevout.hash),
    vout: prevout.index,
    scriptSig: { asm: disassemble(signatureScript), hex: bytesToHex(signatureScript) },
    txinwitness: witness.length > 0 ? witness.map(bytesToHex) : undefined,
    prevOut,
    sequence,
  };
}

/** The outputs in order. @param wanted which ones; default all. */
export function outputObjects(
  transaction: Transaction,
  params: NetworkParams,
  wanted: (output: TxOutput) => boolean = () => true,
): JsonResult {
  return transaction.outputs.flatMap((output, n) =>
    wanted(output) ? { value: coins(output.value), n, scriptPubKey: scriptObject(output.pkScript, params) } : [],
  );
}

/** A public key script with what it means. */
export function scriptObject(pkScript: Uint8Array, params: NetworkParams): JsonResult {
  return { asm: disassemble(pkScript), hex: bytesToHex(pkScript) || undefined, ...scriptMeaning(pkScript, params) };
}

/** Class, needed signatures and addresses of a public key script. */
export function scriptMeaning(pkScript: Uint8Array, params: NetworkParams) {
  const { class: type, requiredSigs, addresses } = addressesOf(pkScript, params);
  return {
    reqSigs: requiredSigs || undefined,
    type,
    addresses: addresses.length > 0 ? addresses.map(encodeAddress) : undefined,
  };
}
