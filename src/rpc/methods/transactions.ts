import { MAX_AMOUNT, NANO_PER_COIN, type NetworkParams } from '../../params/index.ts';
import {
  disassemble,
  encodeAddress,
  isForNet,
  payToAddress,
  pubKeyHashAddress,
  recoverPublicKey,
  scriptHashAddress,
} from '../../script/index.ts';
import { bytesToHex } from '../../util/bytes.ts';
import { hash160, hashToHex, sha256d } from '../../util/hash.ts';
import { ByteWriter, Transaction, type TxOutput } from '../../wire/index.ts';
import { RpcError, RpcErrorCode } from '../errors.ts';
import type { JsonResult } from '../json/encode.ts';
import { parseAddress, tryParseAddress } from '../objects/address-param.ts';
import { coins } from '../objects/amount.ts';
import { confirmations } from '../objects/block.ts';
import { parseHash, parseHex } from '../objects/hash-param.ts';
import {
  inputObjects,
  inputSchema,
  outputObjects,
  outputSchema,
  scriptMeaning,
  scriptMeaningSchema,
  scriptObject,
  scriptSchema,
} from '../objects/transaction.ts';
import { parseTransaction } from '../objects/transaction-param.ts';
import { optional, required } from '../params/signature.ts';
import { bool, float64, int64, listOf, mapOf, objectType, string, uint32 } from '../params/types.ts';
import { choice, decimal, flag, hash, hex, list, maybe, nothing, record, text, whole } from '../schema/result.ts';
import { defineMethod, type Method } from './define.ts';

const FINAL_SEQUENCE = 0xffffffff;
const MAX_LOCK_TIME = 0xffffffff;
/** Precedes every signed message, so that a signature can never be one of a transaction. */
const MESSAGE_MAGIC = 'Soter Signed Message:\n';
/** Bytes of a signature that a key can be recovered from: a header byte, R and S. */
const COMPACT_SIGNATURE_SIZE = 65;
/** Header bytes of such signatures: 27 + recovery id, plus 4 for a compressed key. */
const FIRST_COMPACT_HEADER = 27;

const transactionInput = objectType('soterjson.TransactionInput', { txid: string, vout: uint32 });

const unspentSchema = record({
  bestblock: hash('The block connected last'),
  confirmations: whole('Difference of heights, plus 1; 0 in the memory pool'),
  value: decimal('', 'coins'),
  scriptPubKey: scriptSchema,
  coinbase: flag(),
});

/** Methods about transactions, scripts, addresses and outputs. */
export const transactionMethods: readonly Method[] = [
  defineMethod({
    name: 'createrawtransaction',
    params: [
      required('inputs', listOf(transactionInput), 'Outputs to spend: txid and output number.'),
      required('amounts', mapOf(float64, '{"address":amount,...}'), 'Coins by address to pay.'),
      optional('locktime', int64, 'Height or time before which it can not be mined; 0 or none is none.'),
    ],
    limited: true,
    about: 'Builds an unsigned transaction. Its inputs are not checked.',
    result: hex('The transaction'),
    run: ({ ports: { params } }, [inputs, amounts, lockTime = 0]) => {
      if (lockTime < 0 || lockTime > MAX_LOCK_TIME)
        throw new RpcError(RpcErrorCode.invalidParameter, 'Locktime out of range');
      const sequence = lockTime === 0 ? FINAL_SEQUENCE : FINAL_SEQUENCE - 1;
      const transaction = new Transaction({
        version: 1,
        inputs: inputs.map(({ txid, vout }) => ({
          prevout: { hash: parseHash(txid), index: vout },
          signatureScript: new Uint8Array(0),
          sequence,
          witness: [],
        })),
        outputs: [...amounts].map(([address, amount]) => payment(address, amount, params)),
        lockTime,
      });
      return bytesToHex(transaction.toBytes());
    },
  }),
  defineMethod({
    name: 'decoderawtransaction',
    params: [required('hextx', string, 'The serialised transaction.')],
    limited: true,
    about: 'Shows what a serialised transaction contains.',
    result: record({
      txid: hash(),
      version: whole(),
      locktime: whole('Height, or Unix seconds from 500000000 on'),
      vin: list(inputSchema),
      vout: list(outputSchema),
    }),
    run: ({ ports: { params } }, [hex]): JsonResult => {
      const transaction = parseTransaction(hex);
      return {
        txid: hashToHex(transaction.txid),
        version: transaction.version,
        locktime: transaction.lockTime,
        vin: inputObjects(transaction),
        vout: outputObjects(transaction, params),
      };
    },
  }),
  defineMethod({
    name: 'decodescript',
    params: [required('hexscript', string, 'The serialised script.')],
    limited: true,
    about: 'Shows what a script means.',
    result: record({
      asm: text('Operations by name, data in hexadecimal'),
      ...scriptMeaningSchema,
      p2sh: maybe(text('That of this script as a redeem script', 'address')),
    }),
    run: ({ ports: { params } }, [hex]): JsonResult => {
      const script = parseHex(hex);
      const meaning = scriptMeaning(script, params);
      const isScriptHash = meaning.type === 'scripthash';
      return {
        asm: disassemble(script),
        ...meaning,
        p2sh: isScriptHash ? undefined : encodeAddress(scriptHashAddress(hash160(script), params)),
      };
    },
  }),
  defineMethod({
    name: 'gettxout',
    params: [
      required('txid', string, 'Hash of the transaction.'),
      required('vout', uint32, 'Number of the output.'),
      optional('includemempool', bool, 'Whether the memory pool counts.', true),
    ],
    limited: true,
    about: 'An unspent output.',
    result: choice(['unspent', unspentSchema], ['spent or unknown', nothing()]),
    run: ({ ports }, [txid, vout, includePool = true]): JsonResult => {
      const { dag, mempool, params } = ports;
      const hash = parseHash(txid);
      const unconfirmed = includePool ? mempool?.transaction(hash) : undefined;
      if (unconfirmed) {
        const output = unconfirmed.outputs.at(vout);
        if (!output)
          throw new RpcError(RpcErrorCode.notFound, 'Output index number (vout) does not exist for transaction.');
        return {
          bestblock: hashToHex(dag.bestState().hash),
          confirmations: 0,
          value: coins(output.value),
          scriptPubKey: scriptObject(output.pkScript, params),
          coinbase: false,
        };
      }
      const output = dag.unspentOutput({ hash, index: vout });
      if (!output) return null;
      return {
        bestblock: hashToHex(dag.bestState().hash),
        confirmations: confirmations(ports, output.height),
        value: coins(output.value),
        scriptPubKey: scriptObject(output.pkScript, params),
        coinbase: output.isCoinbase,
      };
    },
  }),
  defineMethod({
    name: 'validateaddress',
    params: [required('address', string, 'Text to check.')],
    limited: true,
    about: 'Checks whether a text is an address of any network.',
    result: record({ isvalid: flag(), address: maybe(text('In its usual form, if it is one', 'address')) }),
    run: ({ ports: { params } }, [text]): JsonResult => {
      const address = tryParseAddress(text, params);
      return 'error' in address ? { isvalid: false } : { isvalid: true, address: encodeAddress(address) };
    },
  }),
  defineMethod({
    name: 'verifymessage',
    params: [
      required('address', string, 'Pay-to-pubkey-hash address of the signer.'),
      required('signature', string, 'The signature in base64.'),
      required('message', string, 'What was signed.'),
    ],
    limited: true,
    about: 'Checks a signed message.',
    result: flag('Whether the signature was made with the key of the address'),
    run: ({ ports: { params } }, [text, signature, message]) => {
      const address = parseAddress(text, params);
      if (address.type !== 'pubkeyhash')
        throw new RpcError(RpcErrorCode.type, 'Address is not a pay-to-pubkey-hash address');
      const key = recoverSigner(parseBase64(signature), message);
      return key !== undefined && encodeAddress(pubKeyHashAddress(hash160(key), params)) === text;
    },
  }),
];

/** Coins to nanoSoter as the reference computes it: in doubles, rounded half away from zero. */
function payment(text: string, amount: number, params: NetworkParams): TxOutput {
  const nano = Math.trunc(amount * Number(NANO_PER_COIN) + 0.5);
  if (!(amount > 0) || nano < 1 || nano > Number(MAX_AMOUNT)) throw new RpcError(RpcErrorCode.type, 'Invalid amount');
  const address = parseAddress(text, params);
  if (address.type !== 'pubkeyhash' && address.type !== 'scripthash')
    throw new RpcError(RpcErrorCode.notFound, 'Invalid address or key');
  if (!isForNet(address, params))
    throw new RpcError(RpcErrorCode.notFound, `Invalid address: ${text} is for the wrong network`);
  return { value: BigInt(nano), pkScript: payToAddress(address) };
}

/** Base64 with padding (RFC 4648); line ends between are allowed. */
function parseBase64(text: string): Uint8Array {
  const joined = text.replace(/[\r\n]/gu, '');
  const wellFormed = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/u.test(joined);
  if (wellFormed) return Buffer.from(joined, 'base64');
  const clean = /^(?:[A-Za-z0-9+/]{4})*/u.exec(joined)?.[0].length ?? 0;
  throw new RpcError(RpcErrorCode.parse, `Malformed base64 encoding: illegal base64 data at input byte ${clean}`);
}

/** The public key that signed a message, serialised as the signature says; undefined if there is none. */
function recoverSigner(signature: Uint8Array, message: string): Uint8Array | undefined {
  if (signature.length !== COMPACT_SIGNATURE_SIZE) return undefined;
  const header = signature[0] - FIRST_COMPACT_HEADER;
  if (header < 0 || header > 7) return undefined;
  const writer = new ByteWriter();
  writer.varBytes(Buffer.from(MESSAGE_MAGIC, 'utf8'));
  writer.varBytes(Buffer.from(message, 'utf8'));
  return recoverPublicKey(signature.subarray(1), header & 3, sha256d(writer.finish()), header >= 4);
}
