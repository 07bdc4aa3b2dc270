import { RuleError } from '../dag/index.ts';
import { RejectCode } from '../wire/index.ts';

/**
 * The memory pool refuses a transaction: it breaks a rule of blocks or one of this node's relay policy. `message` is the
 * text that peers get as reason of a reject message and RPC clients behind `TX rejected: `.
 */
export class PolicyError extends Error {
  override name = 'PolicyError';
  /** Code for the peer's reject message (BIP 61), see `RejectCode`. */
  readonly rejectCode: number;

  constructor(rejectCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.rejectCode = rejectCode;
  }
}

/** Shorthand for what is refused by policy alone. */
export function nonStandard(message: string): PolicyError {
  return new PolicyError(RejectCode.nonstandard, message);
}

/**
 * Runs a check of the block rules on behalf of the pool.
 * @throws {PolicyError} with code `invalid` and the rule's text, if a rule is broken.
 */
export function applyBlockRule<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof RuleError) throw new PolicyError(RejectCode.invalid, error.message, { cause: error });
    throw error;
  }
}
