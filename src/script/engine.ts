import { equalBytes } from '../util/bytes.ts';
import { sha256 } from '../util/hash.ts';
import { ScriptError } from './errors.ts';
import { NO_FLAGS, ScriptFlag } from './flags.ts';
import { spendsKeyHash } from './key-hash-spend.ts';
import { MAX_ELEMENT_SIZE, MAX_SCRIPT_SIZE, MAX_STACK_ITEMS } from './limits.ts';
import { type InputCheck, Machine } from './machine.ts';
import { DISABLED_OPCODES, Op, opcodeName } from './opcodes.ts';
import { OP_HANDLERS } from './ops/table.ts';
import { assertParses, checkMinimalPush, isPushOnly, ScriptCursor } from './parse.ts';
import { payToPubKeyHash } from './standard-scripts.ts';
import { isScriptHash } from './templates.ts';
import { parseNestedProgram, parseWitnessProgram, type WitnessProgram } from './witness-program.ts';

const DISABLED: readonly boolean[] = Array.from({ length: 256 }, (_, opcode) => DISABLED_OPCODES.includes(opcode));

/**
 * Verifies that one input may spend its output: runs signature script, public key script and, as the flags ask, redeem
 * script and witness program. The rules that apply to blocks are in docs/scripts.md.
 * @throws {ScriptError} the first rule that is broken, in the order of the reference node.
 */
export function verifyInput(check: InputCheck): void {
  if (check.flags === NO_FLAGS && spendsKeyHash(check)) return;
  execute(check, prepare(check));
}

/** What runs besides the two scripts. */
interface Plan {
  /** The public key script is a pay-to-script-hash one and BIP 16 applies. */
  readonly redeems: boolean;
  readonly program: WitnessProgram | undefined;
}

/** Everything that is checked before the first opcode runs. All errors are of the phase `setup`. */
function prepare(check: InputCheck): Plan {
  try {
    return inspect(check);
  } catch (error) {
    if (error instanceof ScriptError) throw new ScriptError(error.code, error.message, 'setup');
    throw error;
  }
}

function inspect({ tx, inputIndex, prevScript, flags }: InputCheck): Plan {
  if (!(inputIndex >= 0 && inputIndex < tx.inputs.length))
    throw new ScriptError(
      'ErrInvalidIndex',
      `transaction input index ${inputIndex} is negative or >= ${tx.inputs.length}`,
    );
  const { signatureScript, witness } = tx.inputs[inputIndex];
  if (signatureScript.length === 0 && prevScript.length === 0) throw falseResult();

  const bip16 = (flags & ScriptFlag.bip16) !== 0;
  const segwit = (flags & ScriptFlag.witness) !== 0;
  if ((flags & ScriptFlag.cleanStack) !== 0 && !bip16 && !segwit)
    throw new ScriptError('ErrInvalidFlags', 'invalid flags combination');
  if ((flags & ScriptFlag.sigPushOnly) !== 0 && !isPushOnly(signatureScript))
    throw new ScriptError('ErrNotPushOnly', 'signature script is not push only');
  for (const script of [signatureScript, prevScript]) {
    if (script.length > MAX_SCRIPT_SIZE)
      throw new ScriptError(
        'ErrScriptTooBig',
        `script size ${script.length} is larger than max allowed size ${MAX_SCRIPT_SIZE}`,
      );
    assertParses(script);
  }

  const redeems = bip16 && isScriptHash(prevScript);
  if (redeems && !isPushOnly(signatureScript))
    throw new ScriptError('ErrNotPushOnly', 'pay to script hash is not push only');
  if (!segwit) return { redeems, program: undefined };
  if (!bip16) throw new ScriptError('ErrInvalidFlags', 'P2SH must be enabled to do witness verification');
  return { redeems, program: findProgram(signatureScript, prevScript, redeems, witness.length > 0) };
}

/** The witness program that is spent, if any: in the public key script, or behind a script hash (BIP 141). */
function findProgram(
  signatureScript: Uint8Array,
  prevScript: Uint8Array,
  redeems: boolean,
  hasWitness: boolean,
): WitnessProgram | undefined {
  const native = parseWitnessProgram(prevScript);
  if (native) {
    if (signatureScript.length !== 0)
      throw new ScriptError('ErrWitnessMalleated', 'native witness program cannot also have a signature script');
    return native;
  }
  if (!hasWitness) return undefined;
  if (!redeems) throw new ScriptError('ErrWitnessUnexpected', 'non-witness inputs cannot have a witness');
  const nested = parseNestedProgram(signatureScript);
  if (!nested)
    throw new ScriptError('ErrWitnessMalleatedP2SH', 'signature script for witness nested p2sh is not canonical');
  return nested;
}

function execute(check: InputCheck, { redeems, program }: Plan): void {
  const machine = new Machine(check);
  const { signatureScript, witness } = check.tx.inputs[check.inputIndex];
  machine.witnessV0 = program?.version === 0;
  run(machine, signatureScript);
  const saved = redeems ? [...machine.stack.items] : [];
  run(machine, check.prevScript);
  if (redeems) {
    popResult(machine);
    const redeemScript = saved.pop();
    // The public key script hashed an item of this stack, so there was one.
    if (!redeemScript) throw new ScriptError('ErrEmptyStack', 'stack empty at end of script execution');
    assertParses(redeemScript);
    machine.stack.replace(saved);
    run(machine, redeemScript);
  }
  if (program) runWitnessProgram(machine, program, witness);
  finish(machine);
}

/** Runs one script that is known to parse on the stacks as they are. An empty script does nothing at all. */
function run(machine: Machine, script: Uint8Array): void {
  if (script.length === 0) return;
  machine.begin(script);
  const cursor = new ScriptCursor(script);
  const { stack, altStack } = machine;
  while (cursor.next()) {
    step(machine, cursor);
    const items = stack.depth + altStack.depth;
    if (items > MAX_STACK_ITEMS)
      throw new ScriptError('ErrStackOverflow', `combined stack size ${items} > max allowed ${MAX_STACK_ITEMS}`);
  }
  if (machine.conditions.length > 0)
    throw new ScriptError('ErrUnbalancedConditional', 'end of script reached in conditional execution');
  altStack.replace([]);
}

/** One opcode. What comes before the test for the branch holds for opcodes that are not executed, too. */
function step(machine: Machine, cursor: ScriptCursor): void {
  const { opcode } = cursor;
  if (DISABLED[opcode])
    throw new ScriptError('ErrDisabledOpcode', `attempt to execute disabled opcode ${opcodeName(opcode)}`);
  if (opcode === Op.VERIF || opcode === Op.VERNOTIF)
    throw new ScriptError('ErrReservedOpcode', `attempt to execute reserved opcode ${opcodeName(opcode)}`);
  if (opcode > Op[16]) machine.countOperations(1);
  else checkElementSize(cursor.dataLength);

  const isConditional = opcode >= Op.IF && opcode <= Op.ENDIF;
  if (!isConditional && !machine.executing) return;
  if (opcode > Op.PUSHDATA4) {
    OP_HANDLERS[opcode](machine, opcode, cursor.offset);
    return;
  }
  const { data } = cursor;
  if (machine.has(ScriptFlag.minimalData)) checkMinimalPush(opcode, data);
  machine.stack.push(data);
}

function checkElementSize(size: number): void {
  if (size > MAX_ELEMENT_SIZE)
    throw new ScriptError('ErrElementTooBig', `element size ${size} exceeds max allowed size ${MAX_ELEMENT_SIZE}`);
}

/** Runs what a version 0 program stands for on the witness; lets other versions pass unless they are discouraged. */
function runWitnessProgram(
  machine: Machine,
  { version, program }: WitnessProgram,
  witness: readonly Uint8Array[],
): void {
  if (version !== 0) {
    if (machine.has(ScriptFlag.discourageUpgradableWitnessProgram))
      throw new ScriptError(
        'ErrDiscourageUpgradableWitnessProgram',
        `new witness program versions invalid: [${program.join(' ')}]`,
      );
    return;
  }
  const script = program.length === 20 ? keyHashScript(program, witness) : witnessScript(program, witness);
  machine.stack.replace(program.length === 20 ? witness : witness.slice(0, -1));
  for (const item of machine.stack.items) checkElementSize(item.length);
  run(machine, script);
}

function keyHashScript(program: Uint8Array, witness: readonly Uint8Array[]): Uint8Array {
  if (witness.length !== 2)
    throw new ScriptError(
      'ErrWitnessProgramMismatch',
      `should have exactly two items in witness, instead have ${witness.length}`,
    );
  return payToPubKeyHash(program);
}

function witnessScript(program: Uint8Array, witness: readonly Uint8Array[]): Uint8Array {
  if (program.length !== 32)
    throw new ScriptError(
      'ErrWitnessProgramWrongLength',
      `length of witness program must either be 20 or 32 bytes, instead is ${program.length} bytes`,
    );
  const script = witness.at(-1);
  if (!script) throw new ScriptError('ErrWitnessProgramEmpty', 'witness program empty passed empty witness');
  if (script.length > MAX_SCRIPT_SIZE)
    throw new ScriptError(
      'ErrScriptTooBig',
      `witnessScript size ${script.length} is larger than max allowed size ${MAX_SCRIPT_SIZE}`,
    );
  if (!equalBytes(sha256(script), program))
    throw new ScriptError('ErrWitnessProgramMismatch', 'witness program hash mismatch');
  assertParses(script);
  return script;
}

function popResult(machine: Machine): void {
  if (machine.stack.depth === 0) throw new ScriptError('ErrEmptyStack', 'stack empty at end of script execution');
  if (!machine.stack.popBool()) throw falseResult();
}

/** The verdict: what the last script left must be true, and alone where a rule asks for that. */
function finish(machine: Machine): void {
  const { depth } = machine.stack;
  if (machine.witnessV0 && depth !== 1) throw new ScriptError('ErrEvalFalse', 'witness program must have clean stack');
  if (machine.has(ScriptFlag.cleanStack) && depth !== 1)
    throw new ScriptError('ErrCleanStack', `stack contains ${depth - 1} unexpected items`);
  popResult(machine);
}

function falseResult(): ScriptError {
  return new ScriptError('ErrEvalFalse', 'false stack entry at end of script execution');
}
