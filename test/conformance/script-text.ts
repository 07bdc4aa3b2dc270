import { Op, ScriptBuilder } from '../../src/script/index.ts';
import { hexToBytes } from '../../src/util/bytes.ts';

/** Opcodes by the names that the recordings use: without `OP_`, and the numbers only with it. */
const OPCODES: ReadonlyMap<string, number> = (() => {
  const table = new Map<string, number>();
  for (const [name, value] of Object.entries(Op)) {
    table.set(`OP_${name}`, value);
    if (value > Op[16] || value === Op.RESERVED || value === Op['1NEGATE']) table.set(name, value);
  }
  table.set('OP_FALSE', Op[0]).set('OP_TRUE', Op[1]);
  for (const [name, value] of [
    ['NOP2', Op.CHECKLOCKTIMEVERIFY],
    ['NOP3', Op.CHECKSEQUENCEVERIFY],
  ] as const)
    table.set(name, value).set(`OP_${name}`, value);
  return table;
})();

/** A push as long as the text wants it, without regard to limits and shorter forms. */
function rawPush(data: Uint8Array): number[] {
  const { length } = data;
  if (length <= 75) return [length, ...data];
  if (length <= 255) return [Op.PUSHDATA1, length, ...data];
  return [Op.PUSHDATA2, length & 0xff, length >> 8, ...data];
}

/** Assembles the short form of scripts in the recordings (see their README). */
export function assemble(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const token of text.split(/\s+/u).filter((part) => part !== '')) {
    const opcode = OPCODES.get(token);
    if (/^-?\d+$/u.test(token)) bytes.push(...new ScriptBuilder().int(BigInt(token)).build());
    else if (token.startsWith('0x')) bytes.push(...hexToBytes(token.slice(2)));
    else if (token.startsWith("'") && token.endsWith("'")) bytes.push(...rawPush(Buffer.from(token.slice(1, -1))));
    else if (opcode !== undefined) bytes.push(opcode);
    else throw new Error(`unknown token ${token}`);
  }
  return Uint8Array.from(bytes);
}
