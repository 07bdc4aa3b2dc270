import { type Block, compactToTarget, type Generation } from '../wire/index.ts';

/** Rule that a proof of work can break. */
export type PowErrorCode = 'ErrUnexpectedDifficulty' | 'ErrHighHash' | 'ErrCuckooFail';

/** The proof of work of a block is no proof. `message` is the text that peers see. */
export class PowError extends Error {
  override name = 'PowError';
  readonly code: PowErrorCode;

  constructor(code: PowErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * What makes a block expensive to create and cheap to check. Two kinds exist: in generation 2 the block hash itself
 * must
 * not exceed the target (`sha256dPow`); in generation 4 the verification sub-header must hold a cycle of 20 edges in
 * the
 * graph that the block hash seeds (Cuckaroo, 24 edge bits), and the target plays no part in the check. The second one
 * is to live in `pow/cuckaroo/` behind this interface.
 */
export interface ProofOfWork {
  readonly name: 'sha256d' | 'cuckaroo';
  /** Protocol generation whose blocks it checks. */
  readonly generation: Generation;
  /**
   * Checks the proof of a block against a target that {@link checkedTarget} returned.
   * @throws {PowError}
   */
  check(block: Block, target: bigint): void;
}

/**
 * The target that compact `bits` stand for, if it is one that the network allows at all. Whether it is the target that
 * this very block must have is for the difficulty rule to say.
 * @throws {PowError} `ErrUnexpectedDifficulty` if it is below 1 or above `powLimit`.
 */
export function checkedTarget(bits: number, powLimit: bigint): bigint {
  const target = compactToTarget(bits);
  if (target <= 0n) {
    throw new PowError('ErrUnexpectedDifficulty', `block target difficulty of ${numberToHex(target)} is too low`);
  }
  if (target > powLimit) {
    throw new PowError(
      'ErrUnexpectedDifficulty',
      `block target difficulty of ${numberToHex(target)} is higher than max of ${numberToHex(powLimit)}`,
    );
  }
  return target;
}

/** Hex of an integer padded with zeros to 64 characters, a minus sign included. */
export function numberToHex(value: bigint): string {
  return value < 0n ? `-${(-value).toString(16).padStart(63, '0')}` : value.toString(16).padStart(64, '0');
}
