import { MAX_AMOUNT } from '../../params/index.ts';
import { hashToHex } from '../../util/hash.ts';
import type { Transaction } from '../../wire/index.ts';
import { RuleError, type RuleErrorCode } from '../errors.ts';
import type { Output } from '../outputs/output.ts';
import { MAX_AMOUNT_TEXT } from './transaction-sanity.ts';

/** Finds an output of the stored set by its key, see `outpointKey`. */
export type StoredLookup = (key: string) => Output | undefined;

/**
 * Finds an output by its key, see `outpointKey`.
 * @param input place of the input that asks, for lookups that have found the outputs of a transaction already.
 */
export type OutputLookup = (key: string, input: number) => Output | undefined;

/**
 * What the inputs of a transaction came to: its fee, or which rule it breaks (the text is built only if asked for).
 */
export type InputsVerdict =
  | { readonly ok: true; readonly fee: bigint }
  | { readonly ok: false; readonly error: () => RuleError };

const NO_FEE: InputsVerdict = { ok: true, fee: 0n };

/**
 * Looks at what a transaction spends: every output is there, coinbases are mature, amounts are possible, and no more is
 * paid out than came in. A coinbase spends nothing and has no fee. Whether an output was spent before is *not* looked
 * at: `lookup` decides what is there.
 * @param height of the block the transaction stands in.
 * @param maturity generations between a coinbase and its spend.
 */
export function examineInputs(tx: Transaction, height: number, maturity: number, lookup: OutputLookup): InputsVerdict {
  if (tx.isCoinbase) return NO_FEE;
  const { inputKeys } = tx;
  let total = 0n;
  for (let index = 0; index < inputKeys.length; index++) {
    const output = lookup(inputKeys[index], index);
    if (!output) return missing(tx, index);
    if (output.isCoinbase && height - output.height < maturity) return immature(tx, index, output, height, maturity);
    total += output.value;
    if (total > MAX_AMOUNT) return tooMuch(total);
  }
  let spent = 0n;
  for (const { value } of tx.outputs) spent += value;
  return total < spent ? overspent(tx, total, spent) : { ok: true, fee: total - spent };
}

function nameOf(tx: Transaction, input: number): string {
  const { hash, index } = tx.inputs[input].prevout;
  return `${hashToHex(hash)}:${index}`;
}

function missing(tx: Transaction, input: number): InputsVerdict {
  return broken(
    'ErrMissingTxOut',
    () =>
      `output ${nameOf(tx, input)} referenced from transaction ${hashToHex(tx.txid)}:${input} either does not exist or has already been spent`,
  );
}

function immature(tx: Transaction, input: number, output: Output, height: number, maturity: number): InputsVerdict {
  return broken(
    'ErrImmatureSpend',
    () =>
      `tried to spend coinbase transaction output ${nameOf(tx, input)} from height ${output.height} at height ${height} before required maturity of ${maturity} blocks`,
  );
}

function tooMuch(sum: bigint): InputsVerdict {
  return broken(
    'ErrBadTxOutValue',
    () =>
      `total value of all transaction inputs is ${sum} which is higher than max allowed value of ${MAX_AMOUNT_TEXT}`,
  );
}

function overspent(tx: Transaction, total: bigint, spent: bigint): InputsVerdict {
  return broken(
    'ErrSpendTooHigh',
    () =>
      `total value of all transaction inputs for transaction ${hashToHex(tx.txid)} is ${total} which is less than the amount spent of ${spent}`,
  );
}

function broken(code: RuleErrorCode, message: () => string): InputsVerdict {
  return { ok: false, error: () => new RuleError(code, message()) };
}

/**
 * Like {@link examineInputs}, for callers that treat a broken rule as an error.
 * @returns the fee in nanoSoter.
 * @throws {RuleError}
 */
export function checkTransactionInputs(
  tx: Transaction,
  height: number,
  maturity: number,
  lookup: OutputLookup,
): bigint {
  const verdict = examineInputs(tx, height, maturity, lookup);
  if (!verdict.ok) throw verdict.error();
  return verdict.fee;
}
