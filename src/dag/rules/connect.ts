import { type NetworkParams, subsidy } from '../../params/index.ts';
import { type Hash, hashKey } from '../../util/hash.ts';
import { type Block, NULL_INDEX } from '../../wire/index.ts';
import { RuleError } from '../errors.ts';
import { spendableOutputs } from '../outputs/new-outputs.ts';
import type { Output } from '../outputs/output.ts';
import { checkTransactionInputs, type OutputLookup, type StoredLookup } from './inputs.ts';
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
  storedOutput: StoredLookup,
  verifier: ScriptVerifier,
): void {
  const { transactions } = block;
  const spent = spentOutputs(block, height, storedOutput);
  let outputs: readonly (Output | undefined)[] = [];
  const lookup: OutputLookup = (_, input) => outputs[input];
  let fees = 0n;
  for (let index = 0; index < transactions.length; index++) {
    outputs = spent[index];
    fees += checkTransactionInputs(transactions[index], height, params.coinbaseMaturity, lookup);
    if (fees > MAX_INT64) throw new RuleError('ErrBadFees', 'total fees for block overflows accumulator');
  }
  checkCoinbaseValue(block, subsidy(height, params) + fees);
  const jobs = scriptJobs(block, spent);
  if (jobs.length === 0) return;
  const failure = verifier.verify(jobs, block);
  if (failure) throw scriptRuleError(jobs[failure.job], failure.error);
}

/** For each transaction the output that each input spends, if it exists; found before anything is judged. */
function spentOutputs(
  block: Block,
  height: number,
  storedOutput: StoredLookup,
): readonly (readonly (Output | undefined)[])[] {
  if (!mayReferToItself(block))
    return block.transactions.map((tx) => (tx.isCoinbase ? [] : tx.inputKeys.map(storedOutput)));
  const view = viewOf(block, height, storedOutput);
  return block.transactions.map(({ inputKeys }) => inputKeys.map((key) => view.get(key)));
}

/** False only if no input refers to a transaction of the block: four bytes of the ids tell most apart. */
function mayReferToItself({ transactions }: Block): boolean {
  if (transactions.length < 2) return false;
  const ids = new Set(transactions.map(({ txid }) => shortId(txid)));
  return transactions.some(({ inputs }) => inputs.some(({ prevout }) => ids.has(shortId(prevout.hash))));
}

function shortId(hash: Hash): number {
  return hash[0] | (hash[1] << 8) | (hash[2] << 16) | (hash[3] << 24);
}

/** Every output that the block refers to and that exists, built before anything is judged. */
function viewOf(block: Block, height: number, storedOutput: StoredLookup): Map<string, Output> {
  const view = new Map<string, Output>();
  const place = new Map(block.transactions.map(({ idKey }, index) => [idKey, index]));
  const entered = new Set<number>();
  for (const [index, tx] of block.transactions.entries()) {
    if (index === 0) continue;
    for (const [input, { prevout }] of tx.inputs.entries()) {
      const origin = place.get(hashKey(prevout.hash));
      if (origin !== undefined && origin < index) {
        // Once is enough: a block may spend thousands of outputs of one transaction.
        if (entered.has(origin)) continue;
        entered.add(origin);
        const source = block.transactions[origin];
        for (const { key, output } of spendableOutputs(source, height, source.isCoinbase)) view.set(key, output);
        continue;
      }
      const key = tx.inputKeys[input];
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

function scriptJobs(block: Block, spent: readonly (readonly (Output | undefined)[])[]): ScriptJob[] {
  const jobs: ScriptJob[] = [];
  for (const [index, tx] of block.transactions.entries()) {
    if (tx.isCoinbase) continue;
    for (let inputIndex = 0; inputIndex < tx.inputs.length; inputIndex++) {
      if (tx.inputs[inputIndex].prevout.index === NULL_INDEX) continue;
      const { pkScript, value } = spent[index][inputIndex]!;
      jobs.push({ tx, inputIndex, prevScript: pkScript, amount: value });
    }
  }
  return jobs;
}
