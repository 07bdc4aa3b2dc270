import { concatBytes, equalBytes } from '../util/bytes.ts';
import { type Hash, sha256d } from '../util/hash.ts';
import { witnessMerkleRoot } from './merkle.ts';
import type { Transaction } from './transaction.ts';

/** OP_RETURN, push of 36 bytes, and the four bytes that mark a commitment (BIP 141). */
const COMMITMENT_PREFIX = Uint8Array.of(0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed);
const COMMITMENT_SCRIPT_SIZE = 38;

/** Result of {@link checkWitnessCommitment} for a block that breaks a rule; `message` is the text known nodes use. */
export interface WitnessCommitmentProblem {
  readonly kind: 'noTransactions' | 'unexpectedWitness' | 'invalidNonce' | 'mismatch';
  readonly message: string;
}

/** The script of an output that commits to the witness data of a block. */
export function witnessCommitmentScript(commitment: Hash): Uint8Array {
  return concatBytes(COMMITMENT_PREFIX, commitment);
}

/** The commitment: double SHA-256 of witness merkle root and nonce, 32 bytes each. */
export function witnessCommitment(transactions: readonly Transaction[], nonce: Uint8Array): Hash {
  return sha256d(concatBytes(witnessMerkleRoot(transactions), nonce));
}

/** The committed hash of a coinbase: that of its last output with a commitment script; undefined without one. */
export function findWitnessCommitment(coinbase: Transaction): Hash | undefined {
  const output = coinbase.outputs.findLast(
    ({ pkScript }) =>
      pkScript.length >= COMMITMENT_SCRIPT_SIZE &&
      equalBytes(pkScript.subarray(0, COMMITMENT_PREFIX.length), COMMITMENT_PREFIX),
  );
  return output?.pkScript.subarray(COMMITMENT_PREFIX.length, COMMITMENT_SCRIPT_SIZE);
}

/**
 * Checks the witness commitment of a block's transactions (BIP 141). Block validation of the network does not demand
 * it; miners and tools do.
 * @returns undefined if the commitment is right, or absent while no transaction has witness data.
 */
export function checkWitnessCommitment(transactions: readonly Transaction[]): WitnessCommitmentProblem | undefined {
  const coinbase = transactions[0];
  if (!coinbase)
    return {
      kind: 'noTransactions',
      message: 'cannot validate witness commitment of block without transactions',
    };
  const committed = coinbase.isCoinbase ? findWitnessCommitment(coinbase) : undefined;
  if (!committed) {
    if (!transactions.some(({ hasWitness }) => hasWitness)) return undefined;
    return {
      kind: 'unexpectedWitness',
      message: 'block contains transaction with witness data, yet no witness commitment present',
    };
  }
  const stack = coinbase.inputs[0].witness;
  if (stack.length !== 1)
    return {
      kind: 'invalidNonce',
      message: `the coinbase transaction has ${stack.length} items in its witness stack when only one is allowed`,
    };
  const nonce = stack[0];
  if (nonce.length !== 32)
    return {
      kind: 'invalidNonce',
      message: `the coinbase transaction witness nonce has ${nonce.length} bytes when it must be 32 bytes`,
    };
  const actual = witnessCommitment(transactions, nonce);
  if (equalBytes(actual, committed)) return undefined;
  return {
    kind: 'mismatch',
    message: `witness commitment does not match: computed [${decimal(actual)}], coinbase includes [${decimal(committed)}]`,
  };
}

function decimal(bytes: Uint8Array): string {
  return Array.from(bytes).join(' ');
}
