import { equalBytes } from '../../util/bytes.ts';
import type { Block } from '../../wire/index.ts';
import { RpcError, RpcErrorCode } from '../errors.ts';
import { parseBlock } from '../objects/block-param.ts';
import { parseHexOr } from '../objects/hash-param.ts';
import type { RpcPorts } from '../ports.ts';

/** Reasons of BIP 22 and BIP 23 by the rule that a proposed block breaks. */
const REASONS: Readonly<Record<string, string>> = {
  ErrDuplicateBlock: 'duplicate',
  ErrBlockTooBig: 'bad-blk-length',
  ErrBlockWeightTooHigh: 'bad-blk-weight',
  ErrBlockVersionTooOld: 'bad-version',
  ErrInvalidTime: 'bad-time',
  ErrTimeTooOld: 'time-too-old',
  ErrTimeTooNew: 'time-too-new',
  ErrDifficultyTooLow: 'bad-diffbits',
  ErrUnexpectedDifficulty: 'bad-diffbits',
  ErrHighHash: 'high-hash',
  ErrBadMerkleRoot: 'bad-txnmrklroot',
  ErrBadCheckpoint: 'bad-checkpoint',
  ErrForkTooOld: 'fork-too-old',
  ErrCheckpointTimeTooOld: 'checkpoint-time-too-old',
  ErrNoTransactions: 'bad-txns-none',
  ErrNoTxInputs: 'bad-txns-noinputs',
  ErrNoTxOutputs: 'bad-txns-nooutputs',
  ErrTxTooBig: 'bad-txns-size',
  ErrBadTxOutValue: 'bad-txns-outputvalue',
  ErrDuplicateTxInputs: 'bad-txns-dupinputs',
  ErrBadTxInput: 'bad-txns-badinput',
  ErrMissingTxOut: 'bad-txns-missinginput',
  ErrUnfinalizedTx: 'bad-txns-unfinalizedtx',
  ErrDuplicateTx: 'bad-txns-duplicate',
  ErrOverwriteTx: 'bad-txns-overwrite',
  ErrImmatureSpend: 'bad-txns-maturity',
  ErrSpendTooHigh: 'bad-txns-highspend',
  ErrBadFees: 'bad-txns-fees',
  ErrTooManySigOps: 'high-sigops',
  ErrFirstTxNotCoinbase: 'bad-txns-nocoinbase',
  ErrMultipleCoinbases: 'bad-txns-multicoinbase',
  ErrBadCoinbaseScriptLen: 'bad-cb-length',
  ErrBadCoinbaseValue: 'bad-cb-value',
  ErrMissingCoinbaseHeight: 'bad-cb-height',
  ErrBadCoinbaseHeight: 'bad-cb-height',
  ErrScriptMalformed: 'bad-script-malformed',
  ErrScriptValidation: 'bad-script-validate',
  ErrUnexpectedWitness: 'unexpected-witness',
  ErrInvalidWitnessCommitment: 'bad-witness-nonce-size',
  ErrWitnessCommitmentMismatch: 'bad-witness-merkle-match',
  ErrPreviousBlockUnknown: 'prev-blk-not-found',
  ErrInvalidAncestorBlock: 'bad-prevblk',
  ErrPrevBlockNotBest: 'inconclusive-not-best-prvblk',
};

/**
 * Says whether a block would be accepted if it had a proof of work.
 * @returns null if so, else the reason as BIP 22 names it.
 * @throws {RpcError} if the data is no block, or the check came to nothing.
 */
export function judgeProposal(ports: RpcPorts, data: string): string | null {
  if (data === '')
    throw new RpcError(
      RpcErrorCode.type,
      'Data must contain the hex-encoded serialized block that is being proposed',
      false,
    );
  const bytes = parseHexOr(
    data,
    (text) => new RpcError(RpcErrorCode.decode, `Data must be hexadecimal string (not "${text}")`, false),
  );
  const block: Block = parseBlock(bytes, ports.params.generation);
  if (!equalBytes(block.header.prevBlock, ports.dag.snapshot().hash)) return 'bad-prevblk';
  const problem = ports.work.check(block);
  if (!problem) return null;
  const { rule, reason } = problem;
  if (rule === undefined) throw new RpcError(RpcErrorCode.verify, `Failed to process block proposal: ${reason}`);
  return REASONS[rule] ?? `rejected: ${reason}`;
}
