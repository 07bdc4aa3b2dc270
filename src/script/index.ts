/** Script engine, signature hashes, templates, addresses and keys. See docs/scripts.md. */
export {
  type Address,
  type AddressNet,
  addressesOf,
  addressText,
  decodeAddress,
  encodeAddress,
  isForNet,
  payToAddress,
  pubKeyHashAddress,
  type ScriptAddresses,
  scriptHashAddress,
  witnessProgramAddress,
} from './address.ts';
export { AddressError } from './address-error.ts';
export { ScriptBuilder } from './builder.ts';
export { disassemble } from './disassemble.ts';
export { isPrivateKey, isPublicKey, publicKeyOf, recoverPublicKey, signHash, verifySignature } from './ecdsa.ts';
export { verifyInput } from './engine.ts';
export { ScriptError, type ScriptErrorCode, type ScriptErrorPhase } from './errors.ts';
export { describeInputFailure } from './failure-text.ts';
export { NO_FLAGS, ScriptFlag, type ScriptFlags, STANDARD_FLAGS } from './flags.ts';
export { HARDENED, HdKey, type HdNet } from './hd.ts';
export type { InputCheck } from './machine.ts';
export { Op, opcodeName } from './opcodes.ts';
export { isPushOnly, parseScript, pushedData } from './parse.ts';
export { legacySignatureHash, SigHash, witnessSignatureHash } from './sighash.ts';
export { SigHashCache } from './sighash-cache.ts';
export { SignatureCache } from './signature-cache.ts';
export { encodeSignature, parseSignature } from './signature-encoding.ts';
export { type SigningRequest, signInput } from './signing.ts';
export { countPreciseSigOps, countSigOps, legacySigOps, p2shSigOps, sigOpCost, witnessSigOps } from './sigops.ts';
export { payToMultiSig, payToPubKey, payToPubKeyHash, payToScriptHash, payToWitness } from './standard-scripts.ts';
export { classifyScript, isScriptHash, isUnspendable, type ScriptClass, type ScriptTemplate } from './templates.ts';
export { decodeWif, encodeWif, type WifKey } from './wif.ts';
