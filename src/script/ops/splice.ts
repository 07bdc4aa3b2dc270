import { equalBytes } from '../../util/bytes.ts';
import type { Machine } from '../machine.ts';
import { Op } from '../opcodes.ts';
import { type OpTable, verifyTop } from './handler.ts';

function equal({ stack }: Machine): void {
  const a = stack.pop();
  const b = stack.pop();
  stack.pushBool(equalBytes(a, b));
}

/** What is left of the opcodes on byte strings and bits; the others are disabled. */
export const spliceOps: OpTable = [
  [Op.SIZE, ({ stack }) => stack.pushNumber(stack.peek(0).length)],
  [Op.EQUAL, equal],
  [
    Op.EQUALVERIFY,
    (machine, opcode) => {
      equal(machine);
      verifyTop(machine, opcode, 'ErrEqualVerify');
    },
  ],
];
