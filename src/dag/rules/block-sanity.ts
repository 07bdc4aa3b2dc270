import { MAX_BLOCK_BASE_SIZE, MAX_FUTURE_SECONDS, MAX_SIGOP_COST, WITNESS_SCALE_FACTOR } from '../../params/index.ts';
import { checkedTarget, PowError, type ProofOfWork } from '../../pow/index.ts';
import { legacySigOps } from '../../script/index.ts';
import { equalBytes } from '../../util/bytes.ts';
import { hashToHex } from '../../util/hash.ts';
import { type Block, merkleRoot } from '../../wire/index.ts';
import { RuleError } from '../errors.ts';
import { formatTime } from '../go-time.ts';
import { checkTransactionSanity } from './transaction-sanity.ts';

/** What the context-free rules depend on. */
export interface SanityContext {
  readonly powLimit: bigint;
  /** Undefined: the proof of work is not looked at (templates and proposals). */
  readonly pow: ProofOfWork | undefined;
  /** Network time, Unix seconds. */
  readonly adjustedTime: number;
}

/**
 * The rules that need no other block, in the order of the reference node. A block that fails leaves no trace and may
 * come again.
 * @throws {RuleError} the first rule broken.
 */
export function checkBlockSanity(block: Block, context: SanityContext): void {
  checkProofOfWork(block, context);
  checkNotInFuture(block, context.adjustedTime);
  checkShape(block);
  for (const tx of block.transactions) checkTransactionSanity(tx);
  checkMerkleTree(block);
  checkSigOps(block);
}

/**
 * The one rule of {@link checkBlockSanity} whose outcome changes with time.
 * @throws {RuleError}
 */
export function checkNotInFuture({ header: { timestamp } }: Block, adjustedTime: number): void {
  if (timestamp <= adjustedTime + MAX_FUTURE_SECONDS) return;
  throw new RuleError('ErrTimeTooNew', `block timestamp of ${formatTime(timestamp)} is too far in the future`);
}

function checkProofOfWork(block: Block, { powLimit, pow }: SanityContext): void {
  try {
    const target = checkedTarget(block.header.bits, powLimit);
    pow?.check(block, target);
  } catch (error) {
    if (error instanceof PowError) throw new RuleError(error.code, error.message);
    throw error;
  }
}

/** Number and size of the transactions, and exactly one coinbase in front. */
function checkShape(block: Block): void {
  const { transactions, strippedSize } = block;
  if (transactions.length === 0) {
    throw new RuleError('ErrNoTransactions', 'block does not contain any transactions');
  }
  if (transactions.length > MAX_BLOCK_BASE_SIZE) {
    throw new RuleError(
      'ErrBlockTooBig',
      `block contains too many transactions - got ${transactions.length}, max ${MAX_BLOCK_BASE_SIZE}`,
    );
  }
  if (strippedSize > MAX_BLOCK_BASE_SIZE) {
    throw new RuleError(
      'ErrBlockTooBig',
      `serialized block is too big - got ${strippedSize}, max ${MAX_BLOCK_BASE_SIZE}`,
    );
  }
  if (!transactions[0].isCoinbase) {
    throw new RuleError('ErrFirstTxNotCoinbase', 'first transaction in block is not a coinbase');
  }
  const second = transactions.findIndex((tx, index) => index > 0 && tx.isCoinbase);
  if (second !== -1) {
    throw new RuleError('ErrMultipleCoinbases', `block contains second coinbase at index ${second}`);
  }
}

/** Merkle root, and no transaction twice: the tree alone does not notice that (CVE-2012-2459). */
function checkMerkleTree({ header, transactions }: Block): void {
  const root = merkleRoot(transactions.map((tx) => tx.txid));
  if (!equalBytes(root, header.merkleRoot)) {
    throw new RuleError(
      'ErrBadMerkleRoot',
      `block merkle root is invalid - block header indicates ${hashToHex(header.merkleRoot)}, but calculated value is ${hashToHex(root)}`,
    );
  }
  const seen = new Set<string>();
  for (const { idKey, txid } of transactions) {
    if (seen.has(idKey)) {
      throw new RuleError('ErrDuplicateTx', `block contains duplicate transaction ${hashToHex(txid)}`);
    }
    seen.add(idKey);
  }
}

/**
 * Blocks count the operations in plain sight only, not those in redeem scripts and witnesses. The reference node counts
 * once more before it connects a block; the same count of the same block.
 */
function checkSigOps({ transactions }: Block): void {
  let cost = 0;
  for (const tx of transactions) {
    cost += WITNESS_SCALE_FACTOR * legacySigOps(tx);
    if (cost > MAX_SIGOP_COST) {
      throw new RuleError(
        'ErrTooManySigOps',
        `block contains too many signature operations - got ${cost}, max ${MAX_SIGOP_COST}`,
      );
    }
  }
}
