import type { Machine } from '../machine.ts';
import { Op } from '../opcodes.ts';
import { type OpHandler, type OpTable, verifyTop } from './handler.ts';

function unary(compute: (value: number) => number): OpHandler {
  return ({ stack }) => stack.pushNumber(compute(stack.popNumber()));
}

/** `a` is the item below `b`. */
function binary(compute: (a: number, b: number) => number): OpHandler {
  return ({ stack }) => {
    const b = stack.popNumber();
    const a = stack.popNumber();
    stack.pushNumber(compute(a, b));
  };
}

function comparison(compare: (a: number, b: number) => boolean): OpHandler {
  return binary((a, b) => (compare(a, b) ? 1 : 0));
}

const numberEqual = comparison((a, b) => a === b);

/** True if x lies in [minimum, maximum), x being the lowest of the three items. */
function within({ stack }: Machine): void {
  const maximum = stack.popNumber();
  const minimum = stack.popNumber();
  const value = stack.popNumber();
  stack.pushBool(value >= minimum && value < maximum);
}

/** Opcodes on numbers of at most four bytes; results may need five. */
export const arithmeticOps: OpTable = [
  [Op['1ADD'], unary((value) => value + 1)],
  [Op['1SUB'], unary((value) => value - 1)],
  [Op.NEGATE, unary((value) => -value)],
  [Op.ABS, unary(Math.abs)],
  [Op.NOT, unary((value) => (value === 0 ? 1 : 0))],
  [Op['0NOTEQUAL'], unary((value) => (value === 0 ? 0 : 1))],
  [Op.ADD, binary((a, b) => a + b)],
  [Op.SUB, binary((a, b) => a - b)],
  [Op.BOOLAND, comparison((a, b) => a !== 0 && b !== 0)],
  [Op.BOOLOR, comparison((a, b) => a !== 0 || b !== 0)],
  [Op.NUMEQUAL, numberEqual],
  [
    Op.NUMEQUALVERIFY,
    (machine, opcode, end) => {
      numberEqual(machine, opcode, end);
      verifyTop(machine, opcode, 'ErrNumEqualVerify');
    },
  ],
  [Op.NUMNOTEQUAL, comparison((a, b) => a !== b)],
  [Op.LESSTHAN, comparison((a, b) => a < b)],
  [Op.GREATERTHAN, comparison((a, b) => a > b)],
  [Op.LESSTHANOREQUAL, comparison((a, b) => a <= b)],
  [Op.GREATERTHANOREQUAL, comparison((a, b) => a >= b)],
  [Op.MIN, binary(Math.min)],
  [Op.MAX, binary(Math.max)],
  [Op.WITHIN, within],
];
