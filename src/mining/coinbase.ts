import { concatBytes } from '../util/bytes.ts';
import { ZERO_HASH } from '../util/hash.ts';
import { NULL_INDEX, Transaction, type TxOutput, witnessCommitmentScript } from '../wire/index.ts';

/** Text that closes the coinbase script, by which miners of this software family are known. */
const FLAGS_TEXT = '/P2SH/soterd/';

/** The script push of {@link FLAGS_TEXT}: `0d2f503253482f736f746572642f`. */
export const COINBASE_FLAGS: Uint8Array = Uint8Array.of(FLAGS_TEXT.length, ...Buffer.from(FLAGS_TEXT, 'ascii'));

/** Output script that anyone can spend (OP_TRUE): where a template pays when no address is configured. */
const PAY_ANYONE: Uint8Array = Uint8Array.of(0x51);

/** The shortest script that pushes a number: an opcode for -1 … 16, else its little-endian sign-magnitude bytes. */
function pushNumber(value: bigint): Uint8Array {
  if (value === 0n) return Uint8Array.of(0x00);
  if (value === -1n || (value >= 1n && value <= 16n)) return Uint8Array.of(0x50 + Number(value));
  const bytes: number[] = [];
  for (let rest = value < 0n ? -value : value; rest > 0n; rest >>= 8n) bytes.push(Number(rest & 0xffn));
  // The top bit of the last byte is the sign: if the magnitude uses it, the sign takes a byte of its own.
  if (bytes[bytes.length - 1] & 0x80) bytes.push(0);
  if (value < 0n) bytes[bytes.length - 1] |= 0x80;
  return Uint8Array.of(bytes.length, ...bytes);
}

/**
 * Signature script of a coinbase: height, extra nonce, flags; at most 28 bytes.
 * @param extraNonce u64; values from 2^63 on are pushed as the negative number with the same 64 bits.
 */
export function coinbaseScript(height: number, extraNonce: bigint): Uint8Array {
  return concatBytes(pushNumber(BigInt(height)), pushNumber(BigInt.asIntN(64, extraNonce)), COINBASE_FLAGS);
}

/** What a coinbase pays. */
export interface CoinbaseFields {
  /** Height of the block. */
  readonly height: number;
  /** nanoSoter: subsidy and fees. */
  readonly value: bigint;
  /** Output script; anyone can spend if absent. */
  readonly payTo?: Uint8Array;
  /** Hash that commits to the block's witness data (BIP 141): adds an output and a witness of 32 zero bytes. */
  readonly commitment?: Uint8Array;
}

/** The coinbase of a fresh template, with extra nonce 0. */
export function coinbaseTransaction({ height, value, payTo, commitment }: CoinbaseFields): Transaction {
  const outputs: TxOutput[] = [{ value, pkScript: payTo ?? PAY_ANYONE }];
  if (commitment) outputs.push({ value: 0n, pkScript: witnessCommitmentScript(commitment) });
  return withSignatureScript(
    { version: 1, outputs, lockTime: 0, witness: commitment ? [ZERO_HASH] : [] },
    coinbaseScript(height, 0n),
  );
}

/** The same coinbase with another extra nonce. */
export function withExtraNonce(coinbase: Transaction, height: number, extraNonce: bigint): Transaction {
  const { version, outputs, lockTime } = coinbase;
  const { witness } = coinbase.inputs[0];
  return withSignatureScript({ version, outputs, lockTime, witness }, coinbaseScript(height, extraNonce));
}

/** The same coinbase with another output script in its first output. */
export function payingTo(coinbase: Transaction, payTo: Uint8Array): Transaction {
  const [{ value }, ...others] = coinbase.outputs;
  return new Transaction({
    version: coinbase.version,
    inputs: coinbase.inputs,
    outputs: [{ value, pkScript: payTo }, ...others],
    lockTime: coinbase.lockTime,
  });
}

interface CoinbaseParts {
  readonly version: number;
  readonly outputs: readonly TxOutput[];
  readonly lockTime: number;
  readonly witness: readonly Uint8Array[];
}

function withSignatureScript(parts: CoinbaseParts, signatureScript: Uint8Array): Transaction {
  const { version, outputs, lockTime, witness } = parts;
  const prevout = { hash: ZERO_HASH, index: NULL_INDEX };
  const input = { prevout, signatureScript, sequence: 0xffffffff, witness };
  return new Transaction({ version, inputs: [input], outputs, lockTime });
}
