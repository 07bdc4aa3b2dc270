import { isUnspendable } from '../../src/script/index.ts';
import { hashToHex } from '../../src/util/hash.ts';
import type { Block, OutPoint, Transaction } from '../../src/wire/index.ts';

/** An output of the slow model. */
export interface ModelOutput {
  value: bigint;
  script: string;
  height: number;
  isCoinbase: boolean;
  spent: boolean;
  ignored: boolean;
}

/** What became of a transaction. */
export type ModelEffect = 'applied' | 'ignored' | 'skipped';

/** Result of replaying an order. */
export interface ModelReplay {
  /** By `txid:index`. */
  readonly view: Map<string, ModelOutput>;
  /** Effects of the transactions of each block, in order. */
  readonly effects: ModelEffect[][];
}

const MAX_AMOUNT = 2_100_000_000_000_000n;

/** Key of an output in the model. */
export const modelKey = ({ hash, index }: OutPoint): string => `${hashToHex(hash)}:${index}`;

/**
 * The outputs that an order of blocks leads to, by the definition: everything from an empty view, one transaction after
 * the other. Slow, plain, and independent of the incremental code that is compared with it.
 */
export function replayOrder(order: readonly { block: Block; height: number }[], maturity: number): ModelReplay {
  const view = new Map<string, ModelOutput>();
  const effects = order.map(({ block, height }) =>
    block.transactions.map((tx) => replayTransaction(view, tx, height, maturity)),
  );
  return { view, effects };
}

function replayTransaction(
  view: Map<string, ModelOutput>,
  tx: Transaction,
  height: number,
  maturity: number,
): ModelEffect {
  const isCoinbase = tx.isCoinbase;
  const entries = isCoinbase ? [] : tx.inputs.map(({ prevout }) => view.get(modelKey(prevout)));
  if (!inputsAllow(entries, tx, isCoinbase, height, maturity)) return 'skipped';
  const loses = entries.some((entry) => entry!.spent || entry!.ignored);
  if (!loses) for (const entry of entries) entry!.spent = true;
  tx.outputs.forEach(({ value, pkScript }, index) => {
    if (isUnspendable(pkScript)) return;
    const key = modelKey({ hash: tx.txid, index });
    if (loses && view.has(key)) return;
    const script = Buffer.from(pkScript).toString('hex');
    view.set(key, { value, script, height, isCoinbase, spent: false, ignored: loses });
  });
  return loses ? 'ignored' : 'applied';
}

function inputsAllow(
  entries: readonly (ModelOutput | undefined)[],
  tx: Transaction,
  isCoinbase: boolean,
  height: number,
  maturity: number,
): boolean {
  if (isCoinbase) return true;
  let total = 0n;
  for (const entry of entries) {
    if (!entry) return false;
    if (entry.isCoinbase && height - entry.height < maturity) return false;
    total += entry.value;
    if (total > MAX_AMOUNT) return false;
  }
  return total >= tx.outputs.reduce((sum, { value }) => sum + value, 0n);
}

/**
 * Brings the stored set up to a fresh view: unspent outputs are written, ignored ones deleted, spent and unknown ones
 * left as they are.
 */
export function updateStoredSet(stored: Map<string, ModelOutput>, view: ReadonlyMap<string, ModelOutput>): void {
  for (const [key, output] of view) {
    if (output.ignored) stored.delete(key);
    else if (!output.spent) stored.set(key, { ...output });
  }
}
