/**
 * ECDSA over secp256k1 through the native binding. Everything else in this project goes through this file, so that
 * there is one place to see which library guards the signatures. The root of the package is never imported: it falls
 * back silently to a slow implementation.
 */
import { createRequire } from 'node:module';

/** The functions of `secp256k1/bindings.js` that are used here. All throw on arguments of the wrong size. */
interface Binding {
  ecdsaVerify(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean;
  ecdsaSign(hash: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array; recid: number };
  ecdsaRecover(signature: Uint8Array, recid: number, hash: Uint8Array, compressed: boolean): Uint8Array;
  privateKeyVerify(privateKey: Uint8Array): boolean;
  privateKeyTweakAdd(privateKey: Uint8Array, tweak: Uint8Array): Uint8Array;
  publicKeyCreate(privateKey: Uint8Array, compressed: boolean): Uint8Array;
  publicKeyVerify(publicKey: Uint8Array): boolean;
  publicKeyTweakAdd(publicKey: Uint8Array, tweak: Uint8Array, compressed: boolean): Uint8Array;
}

const secp256k1: Binding = loadBinding();

function loadBinding(): Binding {
  try {
    return createRequire(import.meta.url)('secp256k1/bindings.js');
  } catch (error) {
    throw new Error(
      'soterd needs the native module of the package secp256k1, which could not be loaded. ' +
        'Run "npm rebuild secp256k1 --ignore-scripts=false" with Python and a C++ compiler installed.',
      { cause: error },
    );
  }
}

/** Bytes of a compressed public key. */
export const COMPRESSED_KEY_SIZE = 33;

/** Bytes of an uncompressed or hybrid public key. */
export const UNCOMPRESSED_KEY_SIZE = 65;

/**
 * Outcome of {@link verifySignature}: `badKey` means that the public key could not be parsed, which some rules treat
 * differently from a signature that does not fit.
 */
export type VerifyResult = 'valid' | 'invalid' | 'badKey';

/**
 * Verifies a signature.
 * @param signature R and S, 32 bytes each, big endian, S in the lower half (see `parseSignature`).
 * @param hash 32 bytes, taken as a big endian integer.
 * @param publicKey 33 bytes with prefix 02 or 03, or 65 with 04, 05 (read as 04, as the reference does), or 06 and 07
 *   with the parity of Y. Anything else is a bad key.
 */
export function verifySignature(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): VerifyResult {
  const key = parseableKey(publicKey);
  if (!key) return 'badKey';
  try {
    return secp256k1.ecdsaVerify(signature, hash, key) ? 'valid' : 'invalid';
  } catch (error) {
    if (secp256k1.publicKeyVerify(key)) throw error;
    return 'badKey';
  }
}

/** True if the bytes are a public key in one of the forms that {@link verifySignature} takes. */
export function isPublicKey(publicKey: Uint8Array): boolean {
  const key = parseableKey(publicKey);
  return key !== undefined && secp256k1.publicKeyVerify(key);
}

/** The key in a form that the library reads, undefined if its size rules that out. */
function parseableKey(publicKey: Uint8Array): Uint8Array | undefined {
  if (publicKey.length === COMPRESSED_KEY_SIZE) return publicKey;
  if (publicKey.length !== UNCOMPRESSED_KEY_SIZE) return undefined;
  return publicKey[0] === 0x05 ? plainKey(publicKey) : publicKey;
}

/** The 65-byte key with prefix 04. */
export function plainKey(publicKey: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(publicKey);
  copy[0] = 0x04;
  return copy;
}

/** A signature together with what is needed to recover the key from it. */
export interface RecoverableSignature {
  /** R and S, 32 bytes each, big endian, S in the lower half. */
  readonly signature: Uint8Array;
  /** 0..3. */
  readonly recoveryId: number;
}

/**
 * Signs a 32-byte hash; deterministic (RFC 6979).
 * @throws {Error} if the private key is zero or not below the group order.
 */
export function signHash(hash: Uint8Array, privateKey: Uint8Array): RecoverableSignature {
  const { signature, recid } = secp256k1.ecdsaSign(hash, privateKey);
  return { signature, recoveryId: recid };
}

/**
 * The public key that made a compact signature over a hash; undefined if there is none.
 * @param signature 64 bytes, R and S big endian.
 * @param recoveryId 0..3.
 * @param compressed form of the result.
 */
export function recoverPublicKey(
  signature: Uint8Array,
  recoveryId: number,
  hash: Uint8Array,
  compressed: boolean,
): Uint8Array | undefined {
  if (signature.length !== 64 || hash.length !== 32 || !(recoveryId >= 0 && recoveryId <= 3))
    throw new RangeError('recoverPublicKey: argument of the wrong size');
  try {
    return secp256k1.ecdsaRecover(signature, recoveryId, hash, compressed);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** True if the 32 bytes are a private key: not zero and below the group order. */
export function isPrivateKey(privateKey: Uint8Array): boolean {
  return privateKey.length === 32 && secp256k1.privateKeyVerify(privateKey);
}

/**
 * The public key of a private key, 33 or 65 bytes.
 * @throws {Error} if the private key is zero or not below the group order.
 */
export function publicKeyOf(privateKey: Uint8Array, compressed = true): Uint8Array {
  return secp256k1.publicKeyCreate(privateKey, compressed);
}

/**
 * (privateKey + tweak) modulo the group order, for key derivation (BIP 32).
 * @throws {Error} if the sum is zero or the tweak is not below the group order.
 */
export function addToPrivateKey(privateKey: Uint8Array, tweak: Uint8Array): Uint8Array {
  return secp256k1.privateKeyTweakAdd(Uint8Array.from(privateKey), tweak);
}

/**
 * The compressed public key of (private key of `publicKey` + tweak), for key derivation (BIP 32).
 * @throws {Error} if the sum is the point at infinity or the tweak is not below the group order.
 */
export function addToPublicKey(publicKey: Uint8Array, tweak: Uint8Array): Uint8Array {
  return secp256k1.publicKeyTweakAdd(publicKey, tweak, true);
}
