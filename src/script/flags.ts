/**
 * Rules that the engine applies on top of the bare script language, one bit each. Blocks are validated with none of
 * them (docs/scripts.md); the memory pool and block templates use {@link STANDARD_FLAGS}.
 */
export const ScriptFlag = {
  /** Run the redeem script of a pay-to-script-hash output (BIP 16). */
  bip16: 0x1,
  /** The extra item that CHECKMULTISIG pops must be empty (BIP 147). */
  strictMultiSig: 0x2,
  /** An executed NOP1 or NOP4..NOP10 fails, NOP2 and NOP3 too while their own flag is off. */
  discourageUpgradableNops: 0x4,
  /** BIP 65. */
  checkLockTimeVerify: 0x8,
  /** BIP 112. */
  checkSequenceVerify: 0x10,
  /** Exactly one item may be left at the end. Needs {@link ScriptFlag.bip16} or {@link ScriptFlag.witness}. */
  cleanStack: 0x20,
  /** Strict DER signatures (BIP 66). */
  derSignatures: 0x40,
  /** S at most half the group order; implies the checks of {@link ScriptFlag.derSignatures}. */
  lowS: 0x80,
  /** Shortest form of pushes and numbers (BIP 62). */
  minimalData: 0x100,
  /** A signature that fails must be empty (BIP 146). */
  nullFail: 0x200,
  /** The signature script may only push. */
  sigPushOnly: 0x400,
  /** Strict DER, public key forms 02, 03 and 04 only, known hash types only. */
  strictEncoding: 0x800,
  /** Segregated witness (BIP 141, 143). Needs {@link ScriptFlag.bip16}. */
  witness: 0x1000,
  /** Witness versions 1..16 fail. */
  discourageUpgradableWitnessProgram: 0x2000,
  /** The operand of IF and NOTIF is empty or 01; in version 0 witness programs only. */
  minimalIf: 0x4000,
  /** Compressed keys only; in version 0 witness programs only. */
  witnessPubKeyType: 0x8000,
} as const;

/** A sum of {@link ScriptFlag} bits. */
export type ScriptFlags = number;

/** No rule beyond the bare language: what block validation uses, at every height and on every network. */
export const NO_FLAGS: ScriptFlags = 0;

/** What the memory pool and block templates ask for: everything but {@link ScriptFlag.sigPushOnly}. */
export const STANDARD_FLAGS: ScriptFlags = 0xfbff;
