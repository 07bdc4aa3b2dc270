import { NO_FLAGS, ScriptError, type SignatureCache, verifyInput } from '../../script/index.ts';
import { bytesToHex } from '../../util/bytes.ts';
import { hashToHex } from '../../util/hash.ts';
import type { Transaction } from '../../wire/index.ts';
import { RuleError } from '../errors.ts';

/** One input whose scripts must run. */
export interface ScriptJob {
  readonly tx: Transaction;
  readonly inputIndex: number;
  /** Public key script and value (nanoSoter) of the output it spends. */
  readonly prevScript: Uint8Array;
  readonly amount: bigint;
}

/** The first job of a list that failed, by its place in the list. */
export interface ScriptFailure {
  readonly job: number;
  readonly error: ScriptError;
}

/**
 * Runs the scripts of a whole block at once, by the rules of blocks (no flags). The answer must be there when the call
 * returns, since a block is committed right after it; an implementation may have spread the work over threads before.
 */
export interface ScriptVerifier {
  verify(jobs: readonly ScriptJob[]): ScriptFailure | undefined;
}

/** Runs the scripts one after the other on this thread. */
export class InlineScriptVerifier implements ScriptVerifier {
  readonly #cache: SignatureCache | undefined;

  /** @param cache signatures that the memory pool has verified already. */
  constructor(cache?: SignatureCache) {
    this.#cache = cache;
  }

  verify(jobs: readonly ScriptJob[]): ScriptFailure | undefined {
    for (const [job, { tx, inputIndex, prevScript, amount }] of jobs.entries()) {
      try {
        verifyInput({ tx, inputIndex, prevScript, amount, flags: NO_FLAGS, cache: this.#cache });
      } catch (error) {
        if (error instanceof ScriptError) return { job, error };
        throw error;
      }
    }
    return undefined;
  }
}

/** The error of a block whose input failed, with the text that peers see. */
export function scriptRuleError({ tx, inputIndex, prevScript }: ScriptJob, error: ScriptError): RuleError {
  const { prevout, signatureScript, witness } = tx.inputs[inputIndex];
  const malformed = error.phase === 'setup';
  return new RuleError(
    malformed ? 'ErrScriptMalformed' : 'ErrScriptValidation',
    `failed to ${malformed ? 'parse' : 'validate'} input ${hashToHex(tx.txid)}:${inputIndex} ` +
      `which references output ${hashToHex(prevout.hash)}:${prevout.index} - ${error.message} ` +
      `(input witness [${witness.map(bytesToHex).join(' ')}], input script bytes ${bytesToHex(signatureScript)}, ` +
      `prev output script bytes ${bytesToHex(prevScript)})`,
  );
}
