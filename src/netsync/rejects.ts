import { equalBytes } from '../util/bytes.ts';
import { type Block, merkleRoot, RejectCode } from '../wire/index.ts';

/** What a peer is told about something of it that was refused. */
export interface Refusal {
  /** See `RejectCode`. */
  readonly code: number;
  readonly reason: string;
}

/** A broken rule names itself with a code like `ErrBadMerkleRoot`; anything else is no rule. */
function ruleCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' && error.code.startsWith('Err') ? error.code : undefined;
}

/**
 * True if an error judges the block: a broken rule, or an assertion of the rules that it failed. Anything else (a full
 * disk, a defect of this program) says nothing about the block and nobody is to be blamed for it.
 */
export function isVerdict(error: unknown): boolean {
  return ruleCode(error) !== undefined || (error instanceof Error && error.name === 'AssertError');
}

const rejectCodes = new Map<string, number>([
  ['ErrDuplicateBlock', RejectCode.duplicate],
  ['ErrBlockVersionTooOld', RejectCode.obsolete],
  ['ErrCheckpointTimeTooOld', RejectCode.checkpoint],
  ['ErrDifficultyTooLow', RejectCode.checkpoint],
  ['ErrBadCheckpoint', RejectCode.checkpoint],
  ['ErrForkTooOld', RejectCode.checkpoint],
]);

/**
 * The reject message for an error: rules by the table of docs/protocol.md ("Block acceptance"), everything else as invalid with
 * the text behind `rejected: `. An error that brings a `rejectCode` of its own (the transaction pool's) keeps it.
 */
export function refusalOf(error: unknown): Refusal {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && 'rejectCode' in error && typeof error.rejectCode === 'number') {
    return { code: error.rejectCode, reason };
  }
  const code = ruleCode(error);
  if (code === undefined) return { code: RejectCode.invalid, reason: `rejected: ${reason}` };
  return { code: rejectCodes.get(code) ?? RejectCode.invalid, reason };
}

/** True if the block was refused only because it is already here. */
export function isDuplicate(error: unknown): boolean {
  return ruleCode(error) === 'ErrDuplicateBlock';
}

/** Faults that the 80 bytes of the header prove. */
const headerFaults = new Set(['ErrHighHash']);

/** Faults of the transactions: proved if the header's merkle root commits to them. */
const bodyFaults = new Set([
  'ErrNoTransactions',
  'ErrBlockTooBig',
  'ErrFirstTxNotCoinbase',
  'ErrMultipleCoinbases',
  'ErrNoTxInputs',
  'ErrNoTxOutputs',
  'ErrTxTooBig',
  'ErrDuplicateTxInputs',
  'ErrBadCoinbaseScriptLen',
  'ErrBadTxInput',
  'ErrTooManySigOps',
]);

/** Faults of the bytes around a hash that says nothing about them: the true block may still come from somebody else. */
const copyFaults = new Set(['ErrBadMerkleRoot', 'ErrDuplicateTx', 'ErrCuckooFail']);

/** What a refused block says about itself and its sender. */
export interface BlockFault {
  /** Every block with this hash is bad: it need not be fetched again. */
  readonly provenByHash: boolean;
  /** Ban points for the sender. No honest node passes on what anyone can see is broken. */
  readonly points: number;
}

/** Ban points for a block that breaks a rule which needs no context. */
const BROKEN_BLOCK_POINTS = 50;
/** Ban points for parents that do not belong to the header: known nodes can be tricked into serving such copies. */
const FALSE_PARENTS_POINTS = 10;

/**
 * Judges the sender of a refused block. Verdicts that depend on time, context or the order of arrival blame nobody,
 * because honest nodes can differ in them.
 */
export function faultOf(error: unknown, block: Block): BlockFault {
  const code = ruleCode(error);
  if (code === undefined) return { provenByHash: false, points: FALSE_PARENTS_POINTS };
  if (headerFaults.has(code)) return { provenByHash: true, points: BROKEN_BLOCK_POINTS };
  if (bodyFaults.has(code)) return { provenByHash: bodyIsCommitted(block), points: BROKEN_BLOCK_POINTS };
  if (copyFaults.has(code)) return { provenByHash: false, points: BROKEN_BLOCK_POINTS };
  return { provenByHash: false, points: 0 };
}

/** True if the header's merkle root belongs to these transactions and to no shorter list (CVE-2012-2459). */
function bodyIsCommitted(block: Block): boolean {
  const txids = block.transactions.map(({ txid }) => txid);
  if (txids.length === 0 || !equalBytes(merkleRoot(txids), block.header.merkleRoot)) return false;
  return new Set(txids.map((txid) => Buffer.from(txid).toString('latin1'))).size === txids.length;
}
