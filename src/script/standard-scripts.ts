import { ScriptBuilder } from './builder.ts';
import { Op } from './opcodes.ts';

/** Pays to whoever signs with the key of a hash. @param hash 20 bytes, HASH160 of the public key. */
export function payToPubKeyHash(hash: Uint8Array): Uint8Array {
  const script = new Uint8Array(25);
  script[0] = Op.DUP;
  script[1] = Op.HASH160;
  script[2] = 20;
  script.set(sized(hash, 20), 3);
  script[23] = Op.EQUALVERIFY;
  script[24] = Op.CHECKSIG;
  return script;
}

/** Pays to whoever satisfies the redeem script of a hash (BIP 16). @param hash 20 bytes, HASH160 of the script. */
export function payToScriptHash(hash: Uint8Array): Uint8Array {
  return new ScriptBuilder().op(Op.HASH160).data(sized(hash, 20)).op(Op.EQUAL).build();
}

/** Pays to whoever signs with a key. @param key 33 or 65 bytes. */
export function payToPubKey(key: Uint8Array): Uint8Array {
  return new ScriptBuilder().data(key).op(Op.CHECKSIG).build();
}

/** Pays to a version 0 witness program (BIP 141). @param program 20 bytes (key hash) or 32 (SHA-256 of a script). */
export function payToWitness(program: Uint8Array): Uint8Array {
  return new ScriptBuilder()
    .op(Op[0])
    .data(sized(program, 20, 32))
    .build();
}

/** Pays to whoever signs with `required` of the keys, signatures being in the order of the keys. */
export function payToMultiSig(required: number, keys: readonly Uint8Array[]): Uint8Array {
  if (required < 0 || required > keys.length || keys.length > 16)
    throw new RangeError(`cannot make a ${required}-of-${keys.length} multisig script`);
  const builder = new ScriptBuilder().int(required);
  for (const key of keys) builder.data(key);
  return builder.int(keys.length).op(Op.CHECKMULTISIG).build();
}

function sized(bytes: Uint8Array, ...sizes: readonly number[]): Uint8Array {
  if (!sizes.includes(bytes.length)) throw new RangeError(`expected ${sizes.join(' or ')} bytes, got ${bytes.length}`);
  return bytes;
}
