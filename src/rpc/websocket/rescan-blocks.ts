import { equalBytes } from '../../util/bytes.ts';
import { hashToHex } from '../../util/hash.ts';
import type { Block } from '../../wire/index.ts';
import { RpcError, RpcErrorCode } from '../errors.ts';
import type { JsonResult } from '../json/encode.ts';
import { SeenTransaction } from '../notifications/seen-transaction.ts';
import type { TransactionFilter } from '../notifications/transaction-filter.ts';
import type { RpcPorts } from '../ports.ts';
import { parseHashOr } from './arguments.ts';

/** A scan lets other work run after so long, milliseconds. */
const TURN = 5;
/** Hexadecimal digits of transactions in one answer: several full blocks. */
const MAX_ANSWER = 64 * 1024 * 1024;

/**
 * Looks through blocks, each a child of the one before, for transactions that match a filter, which grows by what is found.
 * @throws {RpcError} as soon as a block does not fit.
 */
export async function rescanBlocks(
  ports: RpcPorts,
  filter: TransactionFilter,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<JsonResult> {
  const { clock, params } = ports;
  const hashes = texts.map((text) => parseHashOr(text, RpcErrorCode.internal));
  const found: { hash: string; transactions: string[] }[] = [];
  let previous: Block | undefined;
  let size = 0;
  let turnEnds = clock.monotonic() + TURN;
  for (const [position, hash] of hashes.entries()) {
    const height = ports.dag.blockHeight(hash);
    const block = height === undefined ? undefined : ports.dag.getBlock(hash);
    if (!block)
      throw new RpcError(
        RpcErrorCode.notFound,
        `Failed to fetch block: block ${hashToHex(hash)} is not in the main chain`,
      );
    if (previous && !isChild(block, previous))
      throw new RpcError(
        RpcErrorCode.invalidParameter,
        `Block ${hashToHex(hash)} is not a child of ${hashToHex(previous.hash)}`,
      );
    const matching = block.transactions
      .map((tx) => new SeenTransaction(tx, params))
      .filter((seen) => filter.take(seen));
    if (matching.length > 0) {
      found.push({ hash: texts[position]!, transactions: matching.map(({ hex }) => hex) });
      size += matching.reduce((sum, { hex }) => sum + hex.length, 0);
      if (size > MAX_ANSWER) throw new RpcError(RpcErrorCode.misc, 'Too many transactions match: ask for fewer blocks');
    }
    previous = block;
    if (clock.monotonic() >= turnEnds) {
      await ports.pause();
      turnEnds = clock.monotonic() + TURN;
    }
    if (signal.aborted) break;
  }
  return found;
}

function isChild(block: Block, parent: Block): boolean {
  return block.parentHashes.some((hash) => equalBytes(hash, parent.hash));
}
