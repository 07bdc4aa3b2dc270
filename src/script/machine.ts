import type { Hash } from '../util/hash.ts';
import type { Transaction } from '../wire/index.ts';
import { ScriptError } from './errors.ts';
import { ScriptFlag, type ScriptFlags } from './flags.ts';
import { MAX_OPERATIONS } from './limits.ts';
import { view } from './parse.ts';
import { legacySignatureHash, witnessSignatureHash } from './sighash.ts';
import { SigHashCache } from './sighash-cache.ts';
import type { SignatureCache } from './signature-cache.ts';
import { ScriptStack } from './stack.ts';

/** One input and what it spends: the subject of a verification. */
export interface InputCheck {
  readonly tx: Transaction;
  readonly inputIndex: number;
  /** Public key script of the spent output. */
  readonly prevScript: Uint8Array;
  /** Value of the spent output, nanoSoter; signed in witness programs only. */
  readonly amount: bigint;
  readonly flags: ScriptFlags;
  /** Valid signatures of earlier verifications. */
  readonly cache?: SignatureCache;
  /** What the inputs of `tx` have in common; pass the same one for all of them. */
  readonly hashes?: SigHashCache;
}

/**
 * State of a conditional: its branch runs, its branch is passed over and ELSE will turn that round, or it lies inside a
 * branch that is passed over.
 */
export type Condition = 'taken' | 'untaken' | 'skipped';

/** The state that opcodes work on. Stacks live as long as the input's verification, all else as long as one script. */
export class Machine {
  readonly stack: ScriptStack;
  readonly altStack: ScriptStack;
  /** Open conditionals of the running script, innermost last. */
  readonly conditions: Condition[] = [];
  /** True from the start if a version 0 witness program is spent and the Witness flag is set. */
  witnessV0 = false;
  readonly #check: InputCheck;
  #hashes: SigHashCache | undefined;
  #script: Uint8Array;
  #operations = 0;
  /** Offset behind the last executed CODESEPARATOR. */
  #codeStart = 0;
  /** Hashes of the unchanged script code by code start and hash type: a script may check many signatures. */
  #memo: Map<number, Hash> | undefined;

  constructor(check: InputCheck) {
    this.#check = check;
    this.#hashes = check.hashes;
    this.#script = check.prevScript;
    const minimal = (check.flags & ScriptFlag.minimalData) !== 0;
    this.stack = new ScriptStack(minimal);
    this.altStack = new ScriptStack(minimal);
  }

  get tx(): Transaction {
    return this.#check.tx;
  }

  /** Sequence number of the input under verification. */
  get sequence(): number {
    return this.#check.tx.inputs[this.#check.inputIndex].sequence;
  }

  get flags(): ScriptFlags {
    return this.#check.flags;
  }

  get signatureCache(): SignatureCache | undefined {
    return this.#check.cache;
  }

  /** True if all bits of `flag` are set. */
  has(flag: number): boolean {
    return (this.#check.flags & flag) === flag;
  }

  /** Begins a script: limits count anew. The stack stays. */
  begin(script: Uint8Array): void {
    this.#script = script;
    this.#operations = 0;
    this.#codeStart = 0;
    this.#memo = undefined;
  }

  /** True unless the innermost conditional passes over its branch. */
  get executing(): boolean {
    const { length } = this.conditions;
    return length === 0 || this.conditions[length - 1] === 'taken';
  }

  /** Counts operations against the limit of one script. */
  countOperations(count: number): void {
    this.#operations += count;
    if (this.#operations > MAX_OPERATIONS)
      throw new ScriptError('ErrTooManyOperations', `exceeded max operation limit of ${MAX_OPERATIONS}`);
  }

  /** Notes an executed CODESEPARATOR: signatures cover what comes from `offset` on. */
  separateCode(offset: number): void {
    this.#codeStart = offset;
  }

  /** What signatures of the running script cover: all of it from behind the last executed CODESEPARATOR. */
  get scriptCode(): Uint8Array {
    return this.#codeStart === 0 ? this.#script : view(this.#script, this.#codeStart, this.#script.length);
  }

  /**
   * The hash that signatures of a type sign.
   * @param stripped the script code without the signatures in it, if that differs from {@link scriptCode}.
   */
  signatureHash(hashType: number, stripped: Uint8Array | undefined): Hash {
    if (stripped) return this.#computeHash(stripped, hashType);
    const key = this.#codeStart * 256 + hashType;
    const known = this.#memo?.get(key);
    if (known) return known;
    const hash = this.#computeHash(this.scriptCode, hashType);
    this.#memo ??= new Map();
    this.#memo.set(key, hash);
    return hash;
  }

  #computeHash(scriptCode: Uint8Array, hashType: number): Hash {
    const { tx, inputIndex, amount } = this.#check;
    this.#hashes ??= new SigHashCache(tx);
    return this.witnessV0
      ? witnessSignatureHash(this.#hashes, scriptCode, inputIndex, amount, hashType)
      : legacySignatureHash(this.#hashes, scriptCode, inputIndex, hashType);
  }
}
