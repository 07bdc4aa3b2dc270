import { ScriptError } from '../errors.ts';
import { ScriptFlag } from '../flags.ts';
import type { Condition, Machine } from '../machine.ts';
import { isTrue } from '../number.ts';
import { Op, opcodeName } from '../opcodes.ts';
import { type OpTable, verifyTop } from './handler.ts';

/** Pops the operand of IF and NOTIF; MinimalIf narrows its forms in version 0 witness programs. */
function popCondition(machine: Machine): boolean {
  const item = machine.stack.pop();
  if (machine.witnessV0 && machine.has(ScriptFlag.minimalIf)) {
    if (item.length > 1)
      throw new ScriptError(
        'ErrMinimalIf',
        `minimal if is active, top element MUST have a length of at least, instead length is ${item.length}`,
      );
    if (item.length === 1 && item[0] !== 1)
      throw new ScriptError(
        'ErrMinimalIf',
        `minimal if is active, top stack item MUST be an empty byte array or 0x01, is instead: ${item[0]}`,
      );
  }
  return isTrue(item);
}

/** Opens a conditional; inside a branch that is passed over it takes no operand. */
function open(machine: Machine, wanted: boolean): void {
  let condition: Condition = 'skipped';
  if (machine.executing) condition = popCondition(machine) === wanted ? 'taken' : 'untaken';
  machine.conditions.push(condition);
}

function innermost(machine: Machine, opcode: number): number {
  const index = machine.conditions.length - 1;
  if (index < 0)
    throw new ScriptError(
      'ErrUnbalancedConditional',
      `encountered opcode ${opcodeName(opcode)} with no matching opcode to begin conditional execution`,
    );
  return index;
}

/** ELSE may occur several times and turns the branch round each time. */
function turn(machine: Machine, opcode: number): void {
  const index = innermost(machine, opcode);
  const condition = machine.conditions[index];
  if (condition !== 'skipped') machine.conditions[index] = condition === 'taken' ? 'untaken' : 'taken';
}

function close(machine: Machine, opcode: number): void {
  innermost(machine, opcode);
  machine.conditions.pop();
}

/** NOPs that a later rule may give a meaning; NOP2 and NOP3 have theirs in locktime.ts. */
function upgradableNop(machine: Machine, opcode: number): void {
  if (machine.has(ScriptFlag.discourageUpgradableNops))
    throw new ScriptError('ErrDiscourageUpgradableNOPs', `${opcodeName(opcode)} reserved for soft-fork upgrades`);
}

/** Conditionals and everything that ends a script or does nothing. */
export const flowOps: OpTable = [
  [Op.NOP, () => undefined],
  [Op.IF, (machine) => open(machine, true)],
  [Op.NOTIF, (machine) => open(machine, false)],
  [Op.ELSE, turn],
  [Op.ENDIF, close],
  [Op.VERIFY, (machine, opcode) => verifyTop(machine, opcode, 'ErrVerify')],
  [
    Op.RETURN,
    () => {
      throw new ScriptError('ErrEarlyReturn', 'script returned early');
    },
  ],
  ...[Op.NOP1, Op.NOP4, Op.NOP5, Op.NOP6, Op.NOP7, Op.NOP8, Op.NOP9, Op.NOP10].map(
    (opcode) => [opcode, upgradableNop] as const,
  ),
];
