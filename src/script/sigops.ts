import { EMPTY_BYTES } from '../util/bytes.ts';
import type { Transaction } from '../wire/index.ts';
import { ScriptError } from './errors.ts';
import { MAX_MULTISIG_KEYS } from './limits.ts';
import { Op, smallIntValue } from './opcodes.ts';
import { isPushOnly, ScriptCursor, view } from './parse.ts';
import { isScriptHash } from './templates.ts';
import { parseWitnessProgram } from './witness-program.ts';

/** What an operation outside of the witness weighs in the cost of a transaction (BIP 141). */
export const WITNESS_SCALE_FACTOR = 4;

/**
 * Signature operations of one script: 1 for CHECKSIG(VERIFY), 20 for CHECKMULTISIG(VERIFY). Counts up to the first
 * malformed push.
 */
export function countSigOps(script: Uint8Array): number {
  return count(script, false);
}

/** Like {@link countSigOps}, but a multisig directly behind one of OP_1..OP_16 counts that number (BIP 16). */
export function countPreciseSigOps(script: Uint8Array): number {
  return count(script, true);
}

function count(script: Uint8Array, precise: boolean): number {
  const cursor = new ScriptCursor(script);
  let total = 0;
  let previous: number = Op[0];
  try {
    for (; cursor.next(); previous = cursor.opcode) {
      const { opcode } = cursor;
      if (opcode < Op.CHECKSIG || opcode > Op.CHECKMULTISIGVERIFY) continue;
      if (opcode <= Op.CHECKSIGVERIFY) total += 1;
      else if (precise && previous >= Op[1] && previous <= Op[16]) total += smallIntValue(previous);
      else total += MAX_MULTISIG_KEYS;
    }
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    // What stands before the malformed push counts.
    return total;
  }
  return total;
}

/** Signature operations in all signature and public key scripts of a transaction: all that blocks count, times 4. */
export function legacySigOps(tx: Transaction): number {
  let total = 0;
  for (const { signatureScript } of tx.inputs) total += countSigOps(signatureScript);
  for (const { pkScript } of tx.outputs) total += countSigOps(pkScript);
  return total;
}

/**
 * Signature operations in the redeem script of an input (BIP 16); 0 if it spends no pay-to-script-hash output, or if its
 * signature script is empty, does not parse or does more than push.
 */
export function p2shSigOps(signatureScript: Uint8Array, prevScript: Uint8Array): number {
  if (!isScriptHash(prevScript) || !isPushOnly(signatureScript)) return 0;
  return countPreciseSigOps(lastPush(signatureScript));
}

/** Data of the last opcode of a push-only script; OP_0 and the number opcodes have none. */
function lastPush(script: Uint8Array): Uint8Array {
  const cursor = new ScriptCursor(script);
  while (cursor.next());
  return cursor.offset > 0 && cursor.opcode <= Op.PUSHDATA4 ? cursor.data : EMPTY_BYTES;
}

/**
 * Signature operations in the witness of an input (BIP 141): 1 for a version 0 key hash, the precise count of the
 * witness script for a version 0 script hash, 0 for all else. The program is the public key script, or what follows the
 * first byte of a push-only signature script that spends a pay-to-script-hash output.
 */
export function witnessSigOps(
  signatureScript: Uint8Array,
  prevScript: Uint8Array,
  witness: readonly Uint8Array[],
): number {
  const program = parseWitnessProgram(prevScript) ?? nestedProgram(signatureScript, prevScript);
  if (program?.version !== 0) return 0;
  if (program.program.length === 20) return 1;
  const script = witness.at(-1);
  return program.program.length === 32 && script ? countPreciseSigOps(script) : 0;
}

function nestedProgram(signatureScript: Uint8Array, prevScript: Uint8Array): ReturnType<typeof parseWitnessProgram> {
  // An empty signature script has no first byte to leave out: soterd 2.1.1 crashes on it.
  if (signatureScript.length === 0 || !isScriptHash(prevScript) || !isPushOnly(signatureScript)) return undefined;
  return parseWitnessProgram(view(signatureScript, 1, signatureScript.length));
}

/**
 * Cost of a transaction's signature operations by the rules of the memory pool and templates: 4 for each legacy and
 * redeem script operation, 1 for each in a witness.
 * @param spentScript public key script that an input spends, by its index; not asked for coinbases.
 */
export function sigOpCost(tx: Transaction, spentScript: (inputIndex: number) => Uint8Array): number {
  let cost = legacySigOps(tx) * WITNESS_SCALE_FACTOR;
  if (tx.isCoinbase) return cost;
  for (let index = 0; index < tx.inputs.length; index++) {
    const { signatureScript, witness } = tx.inputs[index];
    const prevScript = spentScript(index);
    cost += p2shSigOps(signatureScript, prevScript) * WITNESS_SCALE_FACTOR;
    cost += witnessSigOps(signatureScript, prevScript, witness);
  }
  return cost;
}
