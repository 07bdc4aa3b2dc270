import { ScriptError } from '../errors.ts';
import { Op, opcodeName } from '../opcodes.ts';
import { arithmeticOps } from './arithmetic.ts';
import { cryptoOps } from './crypto.ts';
import { flowOps } from './flow.ts';
import type { OpHandler } from './handler.ts';
import { lockTimeOps } from './locktime.ts';
import { spliceOps } from './splice.ts';
import { stackOps } from './stack.ts';

const RESERVED: readonly number[] = [Op.RESERVED, Op.VER, Op.RESERVED1, Op.RESERVED2];

/** Opcodes without a meaning fail when they are executed, and only then. */
const meaningless: OpHandler = (_machine, opcode) => {
  const kind = RESERVED.includes(opcode) ? 'reserved' : 'invalid';
  throw new ScriptError('ErrReservedOpcode', `attempt to execute ${kind} opcode ${opcodeName(opcode)}`);
};

/** The handler of every opcode above OP_PUSHDATA4, by its value. Pushes of data are the engine's own business. */
export const OP_HANDLERS: readonly OpHandler[] = (() => {
  const table: OpHandler[] = Array.from({ length: 256 }, () => meaningless);
  table[Op['1NEGATE']] = ({ stack }) => stack.pushNumber(-1);
  for (let opcode: number = Op[1]; opcode <= Op[16]; opcode++) {
    const item = Uint8Array.of(opcode - Op[1] + 1);
    table[opcode] = ({ stack }) => stack.push(item);
  }
  for (const ops of [flowOps, stackOps, spliceOps, arithmeticOps, cryptoOps, lockTimeOps])
    for (const [opcode, handler] of ops) table[opcode] = handler;
  return table;
})();
