/** Helpers of this room's tests. */
import { ZERO_HASH } from '../util/hash.ts';
import { Transaction } from '../wire/index.ts';
import { ScriptBuilder } from './builder.ts';
import { verifyInput } from './engine.ts';
import { ScriptError, type ScriptErrorPhase } from './errors.ts';
import { NO_FLAGS, type ScriptFlags } from './flags.ts';
import { Op } from './opcodes.ts';

/** Value of the output that {@link spending} spends, nanoSoter. */
export const AMOUNT = 5_000n;

/** What differs between the transactions of {@link spending}. */
export interface Spend {
  readonly signatureScript?: Uint8Array;
  readonly witness?: readonly Uint8Array[];
  readonly version?: number;
  readonly lockTime?: number;
  readonly sequence?: number;
}

/** A transaction with one input and one output. */
export function spending({ signatureScript, witness, version, lockTime, sequence }: Spend): Transaction {
  return new Transaction({
    version: version ?? 2,
    inputs: [
      {
        prevout: { hash: ZERO_HASH, index: 7 },
        signatureScript: signatureScript ?? new Uint8Array(),
        sequence: sequence ?? 0,
        witness: witness ?? [],
      },
    ],
    outputs: [{ value: 1n, pkScript: Uint8Array.of(Op[1]) }],
    lockTime: lockTime ?? 0,
  });
}

/** Verifies the input of {@link spending}: phase and text of the refusal. */
export function outcome(prevScript: Uint8Array, spend: Spend, flags: ScriptFlags): [ScriptErrorPhase | 'ok', string] {
  const tx = spending(spend);
  try {
    verifyInput({ tx, inputIndex: 0, prevScript, amount: AMOUNT, flags });
  } catch (error) {
    if (error instanceof ScriptError) return [error.phase, error.message];
    throw error;
  }
  return ['ok', ''];
}

/** Runs `script` behind pushes of `items`: `ok` or the text of the refusal. */
export function evaluate(items: readonly (number | Uint8Array)[], script: readonly number[], flags = NO_FLAGS): string {
  const builder = new ScriptBuilder();
  for (const item of items) {
    if (typeof item === 'number') builder.int(item);
    else builder.data(item);
  }
  const [phase, text] = outcome(Uint8Array.from(script), { signatureScript: builder.build() }, flags);
  return phase === 'ok' ? 'ok' : text;
}
