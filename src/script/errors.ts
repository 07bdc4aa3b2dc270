/** Why a script or an input is refused. The names are those of the reference node and never reach clients. */
export type ScriptErrorCode =
  | 'ErrCheckMultiSigVerify'
  | 'ErrCheckSigVerify'
  | 'ErrCleanStack'
  | 'ErrDisabledOpcode'
  | 'ErrDiscourageUpgradableNOPs'
  | 'ErrDiscourageUpgradableWitnessProgram'
  | 'ErrEarlyReturn'
  | 'ErrElementTooBig'
  | 'ErrEmptyStack'
  | 'ErrEqualVerify'
  | 'ErrEvalFalse'
  | 'ErrInvalidFlags'
  | 'ErrInvalidIndex'
  | 'ErrInvalidPubKeyCount'
  | 'ErrInvalidSigHashType'
  | 'ErrInvalidSignatureCount'
  | 'ErrInvalidStackOperation'
  | 'ErrMalformedPush'
  | 'ErrMinimalData'
  | 'ErrMinimalIf'
  | 'ErrNegativeLockTime'
  | 'ErrNotPushOnly'
  | 'ErrNullFail'
  | 'ErrNumberTooBig'
  | 'ErrNumEqualVerify'
  | 'ErrPubKeyType'
  | 'ErrReservedOpcode'
  | 'ErrScriptTooBig'
  | 'ErrSigHighS'
  | 'ErrSigInvalidDataLen'
  | 'ErrSigInvalidRIntID'
  | 'ErrSigInvalidSeqID'
  | 'ErrSigInvalidSIntID'
  | 'ErrSigInvalidSLen'
  | 'ErrSigMissingSLen'
  | 'ErrSigMissingSTypeID'
  | 'ErrSigNegativeR'
  | 'ErrSigNegativeS'
  | 'ErrSigNullDummy'
  | 'ErrSigTooLong'
  | 'ErrSigTooMuchRPadding'
  | 'ErrSigTooMuchSPadding'
  | 'ErrSigTooShort'
  | 'ErrSigZeroRLen'
  | 'ErrSigZeroSLen'
  | 'ErrStackOverflow'
  | 'ErrTooManyOperations'
  | 'ErrUnbalancedConditional'
  | 'ErrUnsatisfiedLockTime'
  | 'ErrVerify'
  | 'ErrWitnessMalleated'
  | 'ErrWitnessMalleatedP2SH'
  | 'ErrWitnessProgramEmpty'
  | 'ErrWitnessProgramMismatch'
  | 'ErrWitnessProgramWrongLength'
  | 'ErrWitnessPubKeyType'
  | 'ErrWitnessUnexpected';

/**
 * When an input failed: `setup` before the first opcode ran (shape of the scripts, flags, witness layout), `execution`
 * afterwards. Reject texts say `failed to parse input` for the one and `failed to validate input` for the other.
 */
export type ScriptErrorPhase = 'setup' | 'execution';

/** A script that breaks a rule. `message` is the text that clients of the reference node see. */
export class ScriptError extends Error {
  override name = 'ScriptError';
  readonly code: ScriptErrorCode;
  readonly phase: ScriptErrorPhase;

  constructor(code: ScriptErrorCode, message: string, phase: ScriptErrorPhase = 'execution') {
    super(message);
    this.code = code;
    this.phase = phase;
  }
}
