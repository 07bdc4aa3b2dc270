/** Names of the rules that blocks and transactions can break, as soterd 2.1.1 calls them. */
export type RuleErrorCode =
  | 'ErrDuplicateBlock'
  | 'ErrBlockTooBig'
  | 'ErrTimeTooOld'
  | 'ErrTimeTooNew'
  | 'ErrUnexpectedDifficulty'
  | 'ErrHighHash'
  | 'ErrCuckooFail'
  | 'ErrBadMerkleRoot'
  | 'ErrNoTransactions'
  | 'ErrNoTxInputs'
  | 'ErrNoTxOutputs'
  | 'ErrTxTooBig'
  | 'ErrBadTxOutValue'
  | 'ErrDuplicateTxInputs'
  | 'ErrBadTxInput'
  | 'ErrMissingTxOut'
  | 'ErrDuplicateTx'
  | 'ErrImmatureSpend'
  | 'ErrSpendTooHigh'
  | 'ErrBadFees'
  | 'ErrTooManySigOps'
  | 'ErrFirstTxNotCoinbase'
  | 'ErrMultipleCoinbases'
  | 'ErrBadCoinbaseScriptLen'
  | 'ErrBadCoinbaseValue'
  | 'ErrScriptMalformed'
  | 'ErrScriptValidation'
  | 'ErrPreviousBlockUnknown'
  | 'ErrInvalidAncestorBlock'
  | 'ErrPrevBlockNotBest';

/** A block or transaction breaks a rule. `message` is the text that peers and RPC clients see. */
export class RuleError extends Error {
  override name = 'RuleError';
  readonly code: RuleErrorCode;

  constructor(code: RuleErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * A block that is refused without breaking a rule of the list: its parents are not those its header was made for. It
 * says nothing about the block hash, which stays unknown. Peers see the text behind `rejected: `.
 */
export class AssertError extends Error {
  override name = 'AssertError';
}
