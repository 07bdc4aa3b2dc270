import { ScriptError } from '../errors.ts';
import { ScriptFlag } from '../flags.ts';
import { FINAL_SEQUENCE, LOCK_TIME_THRESHOLD } from '../limits.ts';
import type { Machine } from '../machine.ts';
import { MAX_LOCK_TIME_SIZE } from '../number.ts';
import { Op } from '../opcodes.ts';
import type { OpTable } from './handler.ts';

/** Sequence number bit that switches a relative lock off (BIP 68). */
const SEQUENCE_DISABLED = 0x80000000;

/** Sequence number bit that makes a relative lock count units of 512 seconds instead of blocks (BIP 68). */
const SEQUENCE_IS_SECONDS = 0x400000;

/** Bits of a sequence number that say what a relative lock counts, and how much. */
const SEQUENCE_MASK = SEQUENCE_IS_SECONDS | 0xffff;

/** The bits of a number of up to 40 bits that fit a sequence number. */
function low32(value: number): number {
  return value % 0x100000000;
}

/** True if the opcode is a plain NOP because its rule is off, which another rule may refuse. */
function isNop(machine: Machine, flag: number, name: string): boolean {
  if (machine.has(flag)) return false;
  if (machine.has(ScriptFlag.discourageUpgradableNops))
    throw new ScriptError('ErrDiscourageUpgradableNOPs', `${name} reserved for soft-fork upgrades`);
  return true;
}

function unsatisfied(text: string): ScriptError {
  return new ScriptError('ErrUnsatisfiedLockTime', text);
}

/** Both lock times must be of the same kind (below or from `threshold` on) and the required one must be reached. */
function checkReached(actual: number, threshold: number, required: number): void {
  if (actual < threshold !== required < threshold)
    throw unsatisfied(`mismatched locktime types -- tx locktime ${actual}, stack locktime ${required}`);
  if (required > actual)
    throw unsatisfied(
      `locktime requirement not satisfied -- locktime is greater than the transaction locktime: ${required} > ${actual}`,
    );
}

/** BIP 65. The operand stays on the stack. */
function checkLockTimeVerify(machine: Machine): void {
  if (isNop(machine, ScriptFlag.checkLockTimeVerify, 'OP_NOP2')) return;
  const required = machine.stack.peekNumber(MAX_LOCK_TIME_SIZE);
  if (required < 0) throw new ScriptError('ErrNegativeLockTime', `negative lock time: ${required}`);
  checkReached(machine.tx.lockTime, LOCK_TIME_THRESHOLD, required);
  if (machine.sequence === FINAL_SEQUENCE) throw unsatisfied('transaction input is finalized');
}

/** BIP 112. The operand stays on the stack. */
function checkSequenceVerify(machine: Machine): void {
  if (isNop(machine, ScriptFlag.checkSequenceVerify, 'OP_NOP3')) return;
  const required = machine.stack.peekNumber(MAX_LOCK_TIME_SIZE);
  if (required < 0) throw new ScriptError('ErrNegativeLockTime', `negative sequence: ${required}`);
  if ((low32(required) & SEQUENCE_DISABLED) !== 0) return;
  if (machine.tx.version < 2) throw unsatisfied(`invalid transaction version: ${machine.tx.version}`);
  const { sequence } = machine;
  if ((sequence & SEQUENCE_DISABLED) !== 0)
    throw unsatisfied(`transaction sequence has sequence locktime disabled bit set: 0x${sequence.toString(16)}`);
  checkReached(sequence & SEQUENCE_MASK, SEQUENCE_IS_SECONDS, low32(required) & SEQUENCE_MASK);
}

/** Lock times, absolute and relative. */
export const lockTimeOps: OpTable = [
  [Op.CHECKLOCKTIMEVERIFY, checkLockTimeVerify],
  [Op.CHECKSEQUENCEVERIFY, checkSequenceVerify],
];
