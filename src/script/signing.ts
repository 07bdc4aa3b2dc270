import { concatBytes } from '../util/bytes.ts';
import type { Transaction } from '../wire/index.ts';
import { signHash } from './ecdsa.ts';
import { legacySignatureHash, SigHash, witnessSignatureHash } from './sighash.ts';
import { SigHashCache } from './sighash-cache.ts';
import { encodeSignature } from './signature-encoding.ts';

/** What a signature of one input is made from. */
export interface SigningRequest {
  readonly tx: Transaction;
  readonly inputIndex: number;
  /** The script that runs: public key script, redeem script, or witness script; see the signature hash functions. */
  readonly scriptCode: Uint8Array;
  /** 32 bytes. */
  readonly privateKey: Uint8Array;
  /** Default `SigHash.all`. */
  readonly hashType?: number;
  /** Value of the spent output, nanoSoter: given for version 0 witness programs, and only for them. */
  readonly amount?: bigint;
}

/** A signature as scripts take it: DER, low S, hash type behind. Signature scripts of inputs need not be there yet. */
export function signInput(request: SigningRequest): Uint8Array {
  const { tx, inputIndex, scriptCode, privateKey, hashType = SigHash.all, amount } = request;
  const hashes = new SigHashCache(tx);
  const hash =
    amount === undefined
      ? legacySignatureHash(hashes, scriptCode, inputIndex, hashType)
      : witnessSignatureHash(hashes, scriptCode, inputIndex, amount, hashType);
  return concatBytes(encodeSignature(signHash(hash, privateKey).signature), Uint8Array.of(hashType));
}
