import type { Hash } from '../util/hash.ts';
import { verifySignature } from './ecdsa.ts';
import { ScriptError } from './errors.ts';
import { ScriptFlag } from './flags.ts';
import { MAX_MULTISIG_KEYS } from './limits.ts';
import type { Machine } from './machine.ts';
import { view } from './parse.ts';
import { removeSignature } from './sighash.ts';
import { checkHashType, checkSignatureEncoding, parseSignature } from './signature-encoding.ts';

/**
 * Which forms of public keys the flags allow.
 * @throws {ScriptError} `ErrWitnessPubKeyType` (its text says the opposite of what it means, as clients know it),
 *   `ErrPubKeyType`.
 */
function checkPublicKeyEncoding(machine: Machine, key: Uint8Array): void {
  const compressed = key.length === 33 && (key[0] === 0x02 || key[0] === 0x03);
  if (!compressed && machine.witnessV0 && machine.has(ScriptFlag.witnessPubKeyType))
    throw new ScriptError('ErrWitnessPubKeyType', 'only uncompressed keys are accepted post-segwit');
  if (!machine.has(ScriptFlag.strictEncoding) || compressed) return;
  if (key.length !== 65 || key[0] !== 0x04) throw new ScriptError('ErrPubKeyType', 'unsupported public key type');
}

/** Verifies through the signature cache. Undefined if the key cannot be parsed. */
function verify(machine: Machine, hash: Hash, signature: Uint8Array, key: Uint8Array): boolean | undefined {
  const cache = machine.signatureCache;
  const entry = cache?.key(hash, signature, key);
  if (cache && entry !== undefined && cache.has(entry)) return true;
  const result = verifySignature(signature, hash, key);
  if (result === 'badKey') return undefined;
  if (result === 'valid' && cache && entry !== undefined) cache.add(entry);
  return result === 'valid';
}

/**
 * CHECKSIG: pops key and signature and says whether they fit. Errors of form are raised in the order hash type,
 * signature, key. What cannot be parsed although its form passed is merely false; NullFail speaks of a signature only
 * that was really tried.
 */
export function checkSig(machine: Machine): boolean {
  const key = machine.stack.pop();
  const full = machine.stack.pop();
  if (full.length === 0) return false;
  const { hashType, signature } = beginAttempt(machine, full);
  checkPublicKeyEncoding(machine, key);
  if (!signature) return false;
  const valid = verify(machine, machine.signatureHash(hashType, strippedCode(machine, [full])), signature, key);
  if (valid === false && machine.has(ScriptFlag.nullFail))
    throw new ScriptError('ErrNullFail', 'signature not empty on failed checksig');
  return valid === true;
}

/** The script code without the signatures; undefined if it holds none of them. Witness programs keep theirs. */
function strippedCode(machine: Machine, signatures: readonly Uint8Array[]): Uint8Array | undefined {
  if (machine.witnessV0) return undefined;
  const code = machine.scriptCode;
  let stripped = code;
  for (const signature of signatures) stripped = removeSignature(stripped, signature);
  return stripped === code ? undefined : stripped;
}

/** Pops a count and that many items, top first. */
function popList(machine: Machine, count: number): Uint8Array[] {
  const items: Uint8Array[] = [];
  for (let i = 0; i < count; i++) items.push(machine.stack.pop());
  return items;
}

function popKeys(machine: Machine): Uint8Array[] {
  const count = machine.stack.popNumber();
  if (count < 0) throw new ScriptError('ErrInvalidPubKeyCount', `number of pubkeys ${count} is negative`);
  if (count > MAX_MULTISIG_KEYS)
    throw new ScriptError('ErrInvalidPubKeyCount', `too many pubkeys: ${count} > ${MAX_MULTISIG_KEYS}`);
  machine.countOperations(count);
  return popList(machine, count);
}

function popSignatures(machine: Machine, keyCount: number): Uint8Array[] {
  const count = machine.stack.popNumber();
  if (count < 0) throw new ScriptError('ErrInvalidSignatureCount', `number of signatures ${count} is negative`);
  if (count > keyCount)
    throw new ScriptError('ErrInvalidSignatureCount', `more signatures than pubkeys: ${count} > ${keyCount}`);
  return popList(machine, count);
}

/**
 * CHECKMULTISIG: pops keys, signatures and the item that the original implementation pops by mistake, and says whether
 * each signature fits a key, in the same order.
 */
export function checkMultiSig(machine: Machine): boolean {
  const keys = popKeys(machine);
  const signatures = popSignatures(machine, keys.length);
  const dummy = machine.stack.pop();
  if (dummy.length !== 0 && machine.has(ScriptFlag.strictMultiSig))
    throw new ScriptError('ErrSigNullDummy', `multisig dummy argument has length ${dummy.length} instead of 0`);
  if (matchSignatures(machine, keys, signatures)) return true;
  if (machine.has(ScriptFlag.nullFail) && signatures.some((signature) => signature.length > 0))
    throw new ScriptError('ErrNullFail', 'not all signatures empty on failed checkmultisig');
  return false;
}

/**
 * Tries keys and signatures from the top of their lists on, a key a step, until more signatures than keys are left.
 * The form of a signature is checked when it is first tried, the form of a key whenever a parsable signature meets it:
 * which errors are raised at all depends on this order.
 */
function matchSignatures(machine: Machine, keys: readonly Uint8Array[], signatures: readonly Uint8Array[]): boolean {
  const stripped = strippedCode(machine, signatures);
  let tried = 0;
  let attempt: Attempt | undefined;
  for (let keyIndex = 0; tried < signatures.length; keyIndex++) {
    if (signatures.length - tried > keys.length - keyIndex) return false;
    if (signatures[tried].length === 0) continue;
    attempt ??= beginAttempt(machine, signatures[tried]);
    if (!attempt.signature) continue;
    const key = keys[keyIndex];
    checkPublicKeyEncoding(machine, key);
    attempt.hash ??= machine.signatureHash(attempt.hashType, stripped);
    if (!verify(machine, attempt.hash, attempt.signature, key)) continue;
    tried++;
    attempt = undefined;
  }
  return true;
}

/** A signature on its way through the keys. */
interface Attempt {
  readonly hashType: number;
  /** Undefined if it cannot be parsed: it fits no key then. */
  readonly signature: Uint8Array | undefined;
  hash?: Hash;
}

/** Checks the form of a signature that is not empty, and parses it. */
function beginAttempt(machine: Machine, full: Uint8Array): Attempt {
  const hashType = full[full.length - 1];
  const encoded = view(full, 0, full.length - 1);
  checkHashType(hashType, machine.flags);
  checkSignatureEncoding(encoded, machine.flags);
  return { hashType, signature: parseSignature(encoded) };
}
