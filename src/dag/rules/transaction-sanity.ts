import {
  MAX_AMOUNT,
  MAX_BLOCK_BASE_SIZE,
  MAX_COINBASE_SCRIPT_SIZE,
  MIN_COINBASE_SCRIPT_SIZE,
} from '../../params/index.ts';
import { isZeroHash } from '../../util/hash.ts';
import { NULL_INDEX, type OutPoint, type Transaction, type TxOutput } from '../../wire/index.ts';
import { RuleError } from '../errors.ts';

/** How the greatest amount is printed in reject texts. */
export const MAX_AMOUNT_TEXT = '2.1e+15';
const MAX_INT64 = (1n << 63n) - 1n;

/**
 * Rules of a transaction that need nothing but the transaction, in the order of the reference node.
 * @throws {RuleError} the first one broken.
 */
export function checkTransactionSanity(tx: Transaction): void {
  if (tx.inputs.length === 0) throw new RuleError('ErrNoTxInputs', 'transaction has no inputs');
  if (tx.outputs.length === 0) throw new RuleError('ErrNoTxOutputs', 'transaction has no outputs');
  if (tx.strippedSize > MAX_BLOCK_BASE_SIZE) {
    throw new RuleError(
      'ErrTxTooBig',
      `serialized transaction is too big - got ${tx.strippedSize}, max ${MAX_BLOCK_BASE_SIZE}`,
    );
  }
  checkOutputValues(tx.outputs);
  checkInputs(tx);
}

function checkOutputValues(outputs: readonly TxOutput[]): void {
  let total = 0n;
  for (const { value } of outputs) {
    if (value < 0n) throw new RuleError('ErrBadTxOutValue', `transaction output has negative value of ${value}`);
    if (value > MAX_AMOUNT) {
      throw new RuleError(
        'ErrBadTxOutValue',
        `transaction output value of ${value} is higher than max allowed value of ${MAX_AMOUNT_TEXT}`,
      );
    }
    total += value;
    if (total > MAX_INT64) {
      throw new RuleError(
        'ErrBadTxOutValue',
        `total value of all transaction outputs exceeds max allowed value of ${MAX_AMOUNT_TEXT}`,
      );
    }
    if (total > MAX_AMOUNT) {
      throw new RuleError(
        'ErrBadTxOutValue',
        `total value of all transaction outputs is ${total} which is higher than max allowed value of ${MAX_AMOUNT_TEXT}`,
      );
    }
  }
}

function checkInputs(tx: Transaction): void {
  if (tx.inputs.length > 1) {
    if (hasDuplicates(tx.inputKeys)) {
      throw new RuleError('ErrDuplicateTxInputs', 'transaction contains duplicate inputs');
    }
  }
  if (tx.isCoinbase) {
    const { length } = tx.inputs[0].signatureScript;
    if (length < MIN_COINBASE_SCRIPT_SIZE || length > MAX_COINBASE_SCRIPT_SIZE) {
      throw new RuleError(
        'ErrBadCoinbaseScriptLen',
        `coinbase transaction script length of ${length} is out of range (min: ${MIN_COINBASE_SCRIPT_SIZE}, max: ${MAX_COINBASE_SCRIPT_SIZE})`,
      );
    }
  } else if (tx.inputs.some(({ prevout }) => isNull(prevout))) {
    throw new RuleError('ErrBadTxInput', 'transaction input refers to previous output that is null');
  }
}

function hasDuplicates(keys: readonly string[]): boolean {
  if (keys.length === 2) return keys[0] === keys[1];
  return new Set(keys).size < keys.length;
}

function isNull({ hash, index }: OutPoint): boolean {
  return index === NULL_INDEX && isZeroHash(hash);
}
