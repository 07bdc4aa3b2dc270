import { ZERO_HASH } from '../../util/hash.ts';
import { NULL_INDEX, type OutPoint, Transaction, type TxInput, type TxOutput } from '../transaction.ts';

const NOTHING = new Uint8Array(0);

/** An input that no lock time holds back; without a script it is not signed. */
export function finalInput(
  prevout: OutPoint,
  signatureScript: Uint8Array = NOTHING,
  witness: readonly Uint8Array[] = [],
): TxInput {
  return { prevout, signatureScript, sequence: 0xffffffff, witness };
}

/** The input of a coinbase. */
export function coinbaseInput(signatureScript: Uint8Array, witness?: readonly Uint8Array[]): TxInput {
  return finalInput({ hash: ZERO_HASH, index: NULL_INDEX }, signatureScript, witness);
}

/** A transaction of version 1. */
export function transactionOf(inputs: readonly TxInput[], outputs: readonly TxOutput[], lockTime = 0): Transaction {
  return new Transaction({ version: 1, inputs, outputs, lockTime });
}
