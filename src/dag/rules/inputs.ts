import { MAX_AMOUNT } from '../../params/index.ts';
import { hashToHex } from '../../util/hash.ts';
import type { Transaction } from '../../wire/index.ts';
import { RuleError, type RuleErrorCode } from '../errors.ts';
import { outpointKey } from '../outputs/outpoint-key.ts';
import type { Output } from '../outputs/output.ts';
import { MAX_AMOUNT_TEXT } from './transaction-sanity.ts';

/** Finds an output by its key, see `outpointKey`. */
export type OutputLookup = (key: string) => Output | undefined;

/** What the inputs of a transaction came to: its fee, or which rule it breaks (the text is built only if asked for). */
export type InputsVerdict =
  | { readonly ok: true; readonly fee: bigint }
  | { readonly ok: false; readonly error: () => RuleError };

/**
 * Looks at what a transaction spends: every output is there, coinbases are mature, amounts are possible, and no more is
 * paid out than came in. A coinbase spends nothing and has no fee. Whether an output was spent before is *not* looked
 * at: `lookup` decides what is there.
 * @param height of the block the transaction stands in.
 * @param maturity generations between a coinbase and its spend.
 */
export function examineInputs(tx: Transaction, height: number, maturity: number, lookup: OutputLookup): InputsVerdict {
  if (tx.isCoinbase) return { ok: true, fee: 0n };
  let total = 0n;
  for (let index = 0; index < tx.inputs.length; index++) {
    const { prevout } = tx.inputs[index];
    const name = (): string => `${hashToHex(prevout.hash)}:${prevout.index}`;
    const output = lookup(outpointKey(prevout.hash, prevout.index));
    if (!output) {
      return broken(
        'ErrMissingTxOut',
        () =>
          `output ${name()} referenced from transaction ${hashToHex(tx.txid)}:${index} either does not exist or has already been spent`,
      );
    }
    if (output.isCoinbase && height - output.height < maturity) {
      return broken(
        'ErrImmatureSpend',
        () =>
          `tried to spend coinbase transaction output ${name()} from height ${output.height} at height ${height} before required maturity of ${maturity} blocks`,
      );
    }
    total += output.value;
    if (total > MAX_AMOUNT) {
      const sum = total;
      return broken(
        'ErrBadTxOutValue',
        () =>
          `total value of all transaction inputs is ${sum} which is higher than max allowed value of ${MAX_AMOUNT_TEXT}`,
      );
    }
  }
  let spent = 0n;
  for (const { value } of tx.outputs) spent += value;
  if (total < spent) {
    return broken(
      'ErrSpendTooHigh',
      () =>
        `total value of all transaction inputs for transaction ${hashToHex(tx.txid)} is ${total} which is less than the amount spent of ${spent}`,
    );
  }
  return { ok: true, fee: total - spent };
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
