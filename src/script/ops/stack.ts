import { isTrue } from '../number.ts';
import { Op } from '../opcodes.ts';
import type { OpTable } from './handler.ts';

/** Opcodes that move, copy and drop stack items. */
export const stackOps: OpTable = [
  [Op.TOALTSTACK, ({ stack, altStack }) => altStack.push(stack.pop())],
  [Op.FROMALTSTACK, ({ stack, altStack }) => stack.push(altStack.pop())],
  [Op['2DROP'], ({ stack }) => stack.drop(2)],
  [Op['2DUP'], ({ stack }) => stack.copyFrom(1, 2)],
  [Op['3DUP'], ({ stack }) => stack.copyFrom(2, 3)],
  [Op['2OVER'], ({ stack }) => stack.copyFrom(3, 2)],
  [Op['2ROT'], ({ stack }) => stack.moveFrom(5, 2)],
  [Op['2SWAP'], ({ stack }) => stack.moveFrom(3, 2)],
  [
    Op.IFDUP,
    ({ stack }) => {
      const top = stack.peek(0);
      if (isTrue(top)) stack.push(top);
    },
  ],
  [Op.DEPTH, ({ stack }) => stack.pushNumber(stack.depth)],
  [Op.DROP, ({ stack }) => stack.drop(1)],
  [Op.DUP, ({ stack }) => stack.copyFrom(0, 1)],
  [Op.NIP, ({ stack }) => stack.remove(1)],
  [Op.OVER, ({ stack }) => stack.copyFrom(1, 1)],
  [Op.PICK, ({ stack }) => stack.copyFrom(stack.popNumber(), 1)],
  [Op.ROLL, ({ stack }) => stack.moveFrom(stack.popNumber(), 1)],
  [Op.ROT, ({ stack }) => stack.moveFrom(2, 1)],
  [Op.SWAP, ({ stack }) => stack.moveFrom(1, 1)],
  [
    Op.TUCK,
    ({ stack }) => {
      const top = stack.pop();
      const second = stack.pop();
      stack.push(top);
      stack.push(second);
      stack.push(top);
    },
  ],
];
