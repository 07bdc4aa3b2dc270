import { isUnspendable } from '../../script/index.ts';
import type { Transaction } from '../../wire/index.ts';
import { outputKey } from './outpoint-key.ts';
import type { Output } from './output.ts';

/** An output that a transaction makes. */
export interface NewOutput {
  readonly key: string;
  readonly index: number;
  readonly output: Output;
}

/**
 * The outputs of a transaction that can ever be spent, in order. Those whose script begins with OP_RETURN or does not
 * parse never enter any set.
 * @param isCoinbase the mark that the outputs get.
 */
export function spendableOutputs(tx: Transaction, height: number, isCoinbase: boolean): NewOutput[] {
  const list: NewOutput[] = [];
  const { idKey, outputs } = tx;
  for (let index = 0; index < outputs.length; index++) {
    const { value, pkScript } = outputs[index];
    if (isUnspendable(pkScript)) continue;
    list.push({ key: outputKey(idKey, index), index, output: { value, pkScript, height, isCoinbase } });
  }
  return list;
}
