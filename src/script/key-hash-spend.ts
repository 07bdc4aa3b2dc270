import { hash160 } from '../util/hash.ts';
import { verifySignature } from './ecdsa.ts';
import type { InputCheck } from './machine.ts';
import { view } from './parse.ts';
import { legacySignatureHash } from './sighash.ts';
import { SigHashCache } from './sighash-cache.ts';
import { parseSignature } from './signature-encoding.ts';
import { isPubKeyHash } from './templates.ts';

/** Where the hash of the key stands in the public key script, and its size. */
const HASH_START = 3;
const HASH_SIZE = 20;
/** Longest push whose opcode is its length. */
const MAX_DIRECT_PUSH = 75;

/**
 * True if an input spends a pay-to-pubkey-hash output in the usual way, one push of a signature and one of the key, and both are
 * right by the rules without flags. Then the engine would say the same, but this costs a fraction of it, and most
 * inputs are such. False says nothing: the engine has to look.
 */
export function spendsKeyHash({ tx, inputIndex, prevScript, cache, hashes }: InputCheck): boolean {
  const script = tx.inputs[inputIndex]?.signatureScript;
  if (!script || !isPubKeyHash(prevScript)) return false;
  const size = script[0];
  // A signature that the hash of the key could contain would change what is signed (see `removeSignature`).
  if (!(size > HASH_SIZE && size <= MAX_DIRECT_PUSH)) return false;
  const keySize = script[1 + size];
  if ((keySize !== 33 && keySize !== 65) || script.length !== 2 + size + keySize) return false;
  const key = view(script, 2 + size, script.length);
  const hash = hash160(key);
  for (let i = 0; i < HASH_SIZE; i++) if (hash[i] !== prevScript[HASH_START + i]) return false;
  const signature = parseSignature(view(script, 1, size));
  if (!signature) return false;
  const signed = legacySignatureHash(hashes ?? new SigHashCache(tx), prevScript, inputIndex, script[size]);
  const entry = cache?.key(signed, signature, key);
  if (cache && entry !== undefined && cache.has(entry)) return true;
  if (verifySignature(signature, signed, key) !== 'valid') return false;
  if (cache && entry !== undefined) cache.add(entry);
  return true;
}
