import { NO_FLAGS, ScriptError, SigHashCache, type SignatureCache, verifyInput } from '../../script/index.ts';
import { bytesToHex } from '../../util/bytes.ts';
import type { Emitter } from '../../util/emitter.ts';
import { hashToHex } from '../../util/hash.ts';
import type { Block, Transaction } from '../../wire/index.ts';
import { RuleError } from '../errors.ts';
import type { StoredLookup } from './inputs.ts';

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
 * returns, since a block is committed right after it; an implementation may have begun before, see {@link early}.
 */
export interface ScriptVerifier {
  /** @param jobs all of `block`, in its order. */
  verify(jobs: readonly ScriptJob[], block: Block): ScriptFailure | undefined;
  /** Present if the verifier can begin before it is asked. */
  readonly early?: EarlyVerification;
}

/** Verification of blocks that wait for their turn. What it does or does not do changes no verdict. */
export interface EarlyVerification {
  /** After scripts of waiting blocks were run. */
  readonly events: Pick<Emitter<{ progress: undefined }>, 'on'>;
  /**
   * A block will be verified soon.
   * @param block passes all rules of a block by itself.
   * @param storedOutput the stored set as it is at this moment.
   */
  prepare(block: Block, storedOutput: StoredLookup): void;
  /** True while scripts of the block have not been run that were to be run before its turn. */
  isBusy(block: Block): boolean;
  /** Runs scripts that nobody is running yet, some milliseconds of work. @returns false if there are none. */
  assist(): boolean;
  /** The block had its turn. */
  forget(block: Block): void;
}

/** Runs the scripts one after the other on this thread. */
export class InlineScriptVerifier implements ScriptVerifier {
  readonly #cache: SignatureCache | undefined;

  /** @param cache signatures that the memory pool has verified already. */
  constructor(cache?: SignatureCache) {
    this.#cache = cache;
  }

  verify(jobs: readonly ScriptJob[]): ScriptFailure | undefined {
    let hashes: SigHashCache | undefined;
    for (const [job, { tx, inputIndex, prevScript, amount }] of jobs.entries()) {
      if (hashes?.tx !== tx) hashes = new SigHashCache(tx);
      try {
        verifyInput({ tx, inputIndex, prevScript, amount, flags: NO_FLAGS, cache: this.#cache, hashes });
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
