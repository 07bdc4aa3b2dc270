import { bytesToHex } from '../util/bytes.ts';
import { isSmallInt, Op, opcodeName, smallIntValue } from './opcodes.ts';
import { type ParsedOp, parsePrefix } from './parse.ts';

/**
 * A script in one line, as RPC shows it in `asm`: pushed data as hex, OP_0..OP_16 as `0`..`16`, OP_1NEGATE as `-1`, other
 * opcodes by name, blanks between. Where the script does not parse, `[error]` follows what came before without a blank.
 */
export function disassemble(script: Uint8Array): string {
  const { ops, error } = parsePrefix(script);
  const text = ops.map(describe).join(' ');
  return error ? `${text}[error]` : text;
}

function describe({ opcode, data }: ParsedOp): string {
  if (data) return bytesToHex(data);
  if (isSmallInt(opcode)) return String(smallIntValue(opcode));
  return opcode === Op['1NEGATE'] ? '-1' : opcodeName(opcode);
}
