import { WITNESS_SCALE_FACTOR } from '../params/index.ts';
import {
  isUnspendable,
  legacySigOps,
  p2shSigOps,
  ScriptError,
  SigHashCache,
  type SignatureCache,
  STANDARD_FLAGS,
  sigOpCost,
  verifyInput,
} from '../script/index.ts';
import type { Transaction, TxOutput } from '../wire/index.ts';
import type { ScriptRules } from './ports.ts';

/** The script rules of the relay policy. @param cache signatures that the memory pool verified already. */
export function standardScriptRules(cache?: SignatureCache): ScriptRules {
  return {
    isUnspendable,
    legacySigOpCost: (tx) => legacySigOps(tx) * WITNESS_SCALE_FACTOR,
    sigOpCost(tx, spent, witness) {
      if (witness) return sigOpCost(tx, (i) => spent[i].pkScript);
      const redeem = tx.inputs.reduce((sum, input, i) => sum + p2shSigOps(input.signatureScript, spent[i].pkScript), 0);
      return (legacySigOps(tx) + redeem) * WITNESS_SCALE_FACTOR;
    },
    verify: (tx, spent) => passes(tx, spent, cache),
  };
}

function passes(tx: Transaction, spent: readonly TxOutput[], cache: SignatureCache | undefined): boolean {
  const hashes = new SigHashCache(tx);
  try {
    for (const [inputIndex, { value, pkScript }] of spent.entries()) {
      verifyInput({ tx, inputIndex, prevScript: pkScript, amount: value, flags: STANDARD_FLAGS, cache, hashes });
    }
  } catch (error) {
    if (error instanceof ScriptError) return false;
    throw error;
  }
  return true;
}
