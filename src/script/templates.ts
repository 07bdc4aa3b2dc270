import { MAX_NULL_DATA_SIZE } from './limits.ts';
import { isSmallInt, Op, smallIntValue } from './opcodes.ts';
import { type ParsedOp, parsePrefix, parses, view } from './parse.ts';

/** Kinds of public key scripts, named as RPC shows them. */
export type ScriptClass =
  | 'nonstandard'
  | 'pubkey'
  | 'pubkeyhash'
  | 'witness_v0_keyhash'
  | 'scripthash'
  | 'witness_v0_scripthash'
  | 'multisig'
  | 'nulldata';

/** What a public key script is. */
export interface ScriptTemplate {
  readonly class: ScriptClass;
  /** Signatures needed to spend: the m of a multisig, 0 for `nulldata` and `nonstandard`. */
  readonly requiredSigs: number;
  /** What the class is about: the keys, the hash, the program or the carried data. Views into the script. */
  readonly pushes: readonly Uint8Array[];
}

const NONSTANDARD: ScriptTemplate = { class: 'nonstandard', requiredSigs: 0, pushes: [] };

/** Recognises DUP HASH160 push20 EQUALVERIFY CHECKSIG. */
export function isPubKeyHash(script: Uint8Array): boolean {
  return (
    script.length === 25 &&
    script[0] === Op.DUP &&
    script[1] === Op.HASH160 &&
    script[2] === 20 &&
    script[23] === Op.EQUALVERIFY &&
    script[24] === Op.CHECKSIG
  );
}

/** Recognises HASH160 push20 EQUAL (BIP 16). */
export function isScriptHash(script: Uint8Array): boolean {
  return script.length === 23 && script[0] === Op.HASH160 && script[1] === 20 && script[22] === Op.EQUAL;
}

/** Recognises OP_0 and a direct push of 20 bytes. */
function isWitnessKeyHash(script: Uint8Array): boolean {
  return script.length === 22 && script[0] === Op[0] && script[1] === 20;
}

/** Recognises OP_0 and a direct push of 32 bytes. */
function isWitnessScriptHash(script: Uint8Array): boolean {
  return script.length === 34 && script[0] === Op[0] && script[1] === 32;
}

/** Tells which template a public key script follows. A multisig may ask for no signature, or for more than it has keys. */
export function classifyScript(pkScript: Uint8Array): ScriptTemplate {
  if (isPubKeyHash(pkScript)) return single('pubkeyhash', view(pkScript, 3, 23));
  if (isWitnessKeyHash(pkScript)) return single('witness_v0_keyhash', view(pkScript, 2, 22));
  if (isScriptHash(pkScript)) return single('scripthash', view(pkScript, 2, 22));
  if (isWitnessScriptHash(pkScript)) return single('witness_v0_scripthash', view(pkScript, 2, 34));
  const { ops, error } = parsePrefix(pkScript);
  if (error) return NONSTANDARD;
  return pubKey(ops) ?? multiSig(ops) ?? nullData(ops) ?? NONSTANDARD;
}

function single(name: ScriptClass, push: Uint8Array): ScriptTemplate {
  return { class: name, requiredSigs: 1, pushes: [push] };
}

/** True if the opcode pushes as many bytes as a public key has. Any push opcode will do, and any bytes. */
function keyOf(op: ParsedOp): Uint8Array | undefined {
  return op.data && (op.data.length === 33 || op.data.length === 65) ? op.data : undefined;
}

function pubKey(ops: readonly ParsedOp[]): ScriptTemplate | undefined {
  if (ops.length !== 2 || ops[1].opcode !== Op.CHECKSIG) return undefined;
  const key = keyOf(ops[0]);
  return key && single('pubkey', key);
}

function multiSig(ops: readonly ParsedOp[]): ScriptTemplate | undefined {
  const count = ops.length - 3;
  if (count < 1 || ops[ops.length - 1].opcode !== Op.CHECKMULTISIG) return undefined;
  const first = ops[0].opcode;
  const last = ops[ops.length - 2].opcode;
  if (!isSmallInt(first) || !isSmallInt(last) || smallIntValue(last) !== count) return undefined;
  const keys: Uint8Array[] = [];
  for (let i = 1; i <= count; i++) {
    const key = keyOf(ops[i]);
    if (!key) return undefined;
    keys.push(key);
  }
  return { class: 'multisig', requiredSigs: smallIntValue(first), pushes: keys };
}

function nullData(ops: readonly ParsedOp[]): ScriptTemplate | undefined {
  if (ops.length < 1 || ops.length > 2 || ops[0].opcode !== Op.RETURN) return undefined;
  if (ops.length === 1) return { class: 'nulldata', requiredSigs: 0, pushes: [] };
  const { opcode, data } = ops[1];
  if (!data && !isSmallInt(opcode)) return undefined;
  if (data && data.length > MAX_NULL_DATA_SIZE) return undefined;
  return { class: 'nulldata', requiredSigs: 0, pushes: data ? [data] : [] };
}

/**
 * True if no input can ever spend an output with this script: its first opcode is RETURN or it does not parse. Such
 * outputs never enter the output set.
 */
export function isUnspendable(pkScript: Uint8Array): boolean {
  if (isPubKeyHash(pkScript)) return false;
  return pkScript[0] === Op.RETURN || !parses(pkScript);
}
