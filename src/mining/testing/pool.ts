import { PoolEntry } from '../../mempool/pool-entry.ts';
import { RankTable } from '../../mempool/rank-table.ts';
import { type Hash, hashKey } from '../../util/hash.ts';
import { type OutPoint, Transaction } from '../../wire/index.ts';
import type { TemplateDag, TransactionSource } from '../ports.ts';

/** A transaction that was accepted, and what was found out about it. */
export interface Accepted {
  readonly transaction: Transaction;
  /** nanoSoter. */
  readonly fee: bigint;
  readonly sigOpCost: number;
}

/** A transaction to be made up. */
export interface MadeUp {
  readonly inputs: readonly OutPoint[];
  /** nanoSoter, one an output. */
  readonly values: readonly bigint[];
  readonly fee: bigint;
  /** Signature operations (times 4 is the cost), at most 255. */
  readonly sigOps?: number;
  /** Bytes of signature script in the first input. */
  readonly padding?: number;
  readonly unspendable?: boolean;
  readonly witness?: boolean;
  readonly lockTime?: number;
  readonly sequence?: number;
}

/** Makes up a transaction. */
export function madeUp(parts: MadeUp): Accepted {
  const pkScript = Uint8Array.of(parts.unspendable ? 0x6a : 0x51);
  const transaction = new Transaction({
    version: 1,
    inputs: parts.inputs.map((prevout, i) => ({
      prevout,
      signatureScript: new Uint8Array(i === 0 ? (parts.padding ?? 0) : 0),
      sequence: parts.sequence ?? 0xfffffffe,
      witness: parts.witness ? [Uint8Array.of(1)] : [],
    })),
    outputs: parts.values.map((value) => ({ value, pkScript })),
    lockTime: parts.lockTime ?? 0,
  });
  return { transaction, fee: parts.fee, sigOpCost: 4 * (parts.sigOps ?? 0) };
}

/** Entries as a memory pool would hold them that accepted these transactions in this order, none of them judged. */
export function poolEntries(accepted: readonly Accepted[], dag: Pick<TemplateDag, 'utxo'>): PoolEntry[] {
  const nowhere = { startingPriority: 0, spent: [], height: 0, time: 0 };
  const entries = accepted.map((each, i) => new PoolEntry({ ...each, ...nowhere }, i));
  const byKey = new Map(entries.map((entry) => [entry.key, entry]));
  for (const [i, entry] of entries.entries()) {
    const outputs = accepted[i].transaction.inputs.map(({ prevout }) => {
      const output = dag.utxo(prevout);
      const parent = output ? undefined : byKey.get(hashKey(prevout.hash));
      if (parent) {
        parent.children = (parent.children ?? new Set()).add(entry);
        entry.parents = (entry.parents ?? new Set()).add(parent);
      }
      return output;
    });
    entry.setSpent(outputs.flatMap((output) => (output ? { output, parent: undefined } : [])));
  }
  return entries;
}

/** A source of entries that never changes. */
export function sourceOf(entries: readonly PoolEntry[]): TransactionSource {
  const ranking = new RankTable<PoolEntry>();
  for (const entry of entries) ranking.add(entry);
  return { ranking, version: 1 };
}

/** A pool that tests fill by hand. */
export class FakePool implements TransactionSource {
  version = 1;
  /** How often its content was asked for. */
  asked = 0;
  readonly #dag: Pick<TemplateDag, 'utxo'>;
  readonly #accepted: Accepted[] = [];
  #source: TransactionSource | undefined;

  constructor(dag: Pick<TemplateDag, 'utxo'>) {
    this.#dag = dag;
  }

  get ranking(): TransactionSource['ranking'] {
    this.asked++;
    this.#source ??= sourceOf(poolEntries(this.#accepted, this.#dag));
    return this.#source.ranking;
  }

  add(...accepted: Accepted[]): void {
    this.#accepted.push(...accepted);
    this.#source = undefined;
    this.version++;
  }
}

/** A hash filled with a number. */
export function testHash(n: number): Hash {
  const hash = new Uint8Array(32);
  new DataView(hash.buffer).setUint32(0, n);
  hash[31] = 1;
  return hash;
}
