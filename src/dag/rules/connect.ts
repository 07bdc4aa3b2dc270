import { type NetworkParams, subsidy } from '../../params/index.ts';
import { hashKey } from '../../util/hash.ts';
import { type Block, NULL_INDEX } from '../../wire/index.ts';
import { RuleError } from '../errors.ts';
import { spendableOutputs } from '../outputs/new-outputs.ts';
import { outpointKey } from '../outputs/outpoint-key.ts';
import type { Output } from '../outputs/output.ts';
import { checkTransactionInputs, type OutputLookup } from './inputs.ts';
import { type ScriptJob, type ScriptVerifier, scriptRuleError } from './scripts.ts';

const MAX_INT64 = (1n << 63n) - 1n;

/**
 * The rules that depend on the outputs a block spends: inputs, coinbase value, scripts. Outputs are looked up in the
 * *stored set* as it is at this moment and among the earlier transactions of the block. Nothing is marked as spent:
 * several transactions may spend one output, and outputs spent long ago are still there; who wins is decided later by
 * the
 * order of the DAG.
 * @param height of the block.
 * @throws {RuleError}
 */
export function checkConnect(
  block: Block,
  height: number,
  params: NetworkParams,
  storedOutput: OutputLookup,
  verifier: ScriptVerifier,
): void {
  const view = viewOf(block, height, storedOutput);
  const lookup: OutputLookup = (key) => view.get(key);
  let fees = 0n;
  for (const tx of block.transactions) {
    fees += checkTransactionInputs(tx, height, params.coinbaseMaturity, lookup);
    if (fees > MAX_INT64) throw new RuleError('ErrBadFees', 'total fees for block overflows accumulator');
  }
  checkCoinbaseValue(block, subsidy(height, params) + fees);
  const jobs = scriptJobs(block, view);
  if (jobs.length === 0) return;
  const failure = verifier.verify(jobs, block);
  if (failure) throw scriptRuleError(jobs[failure.job], failure.error);
}

/** Every output that the block refers to and that exists, built before anything is judged. */
function viewOf(block: Block, height: number, storedOutput: OutputLookup): Map<string, Output> {
  const view = new Map<string, Output>();
  if (block.transactions.length === 1) return view;
  const place = new Map(block.transactions.map((tx, index) => [hashKey(tx.txid), index]));
  const entered = new Set<number>();
  for (const [index, tx] of block.transactions.entries()) {
    if (index === 0) continue;
    for (const { prevout } of tx.inputs) {
      const origin = place.get(hashKey(prevout.hash));
      if (origin !== undefined && origin < index) {
        // Once is enough: a block may spend thousands of outputs of one transaction.
        if (entered.has(origin)) continue;
        entered.add(origin);
        const source = block.transactions[origin];
        for (const { key, output } of spendableOutputs(source, height, source.isCoinbase)) view.set(key, output);
        continue;
      }
      const key = outpointKey(prevout.hash, prevout.index);
      if (view.has(key)) continue;
      const stored = storedOutput(key);
      if (stored) view.set(key, stored);
    }
  }
  return view;
}

function checkCoinbaseValue({ transactions }: Block, allowed: bigint): void {
  let paid = 0n;
  for (const { value } of transactions[0].outputs) paid += value;
  if (paid <= allowed) return;
  throw new RuleError(
    'ErrBadCoinbaseValue',
    `coinbase transaction for block pays ${paid} which is more than expected value of ${allowed}`,
  );
}

function scriptJobs(block: Block, view: ReadonlyMap<string, Output>): ScriptJob[] {
  const jobs: ScriptJob[] = [];
  for (const tx of block.transactions) {
    if (tx.isCoinbase) continue;
    for (const [inputIndex, { prevout }] of tx.inputs.entries()) {
      if (prevout.index === NULL_INDEX) continue;
      const { pkScript, value } = view.get(outpointKey(prevout.hash, prevout.index))!;
      jobs.push({ tx, inputIndex, prevScript: pkScript, amount: value });
    }
  }
  return jobs;
}
