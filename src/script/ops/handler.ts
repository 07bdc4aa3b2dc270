import { ScriptError, type ScriptErrorCode } from '../errors.ts';
import type { Machine } from '../machine.ts';
import { opcodeName } from '../opcodes.ts';

/**
 * What an opcode does when it is executed.
 * @param end offset behind the opcode in its script.
 */
export type OpHandler = (machine: Machine, opcode: number, end: number) => void;

/** Handlers by opcode; those for whole groups of opcodes learn from their argument which one it is. */
export type OpTable = readonly (readonly [opcode: number, handler: OpHandler])[];

/** Pops a truth value and fails with `code` if it is false: the second half of every …VERIFY opcode. */
export function verifyTop(machine: Machine, opcode: number, code: ScriptErrorCode): void {
  if (!machine.stack.popBool()) throw new ScriptError(code, `${opcodeName(opcode)} failed`);
}
