import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Dag, outpointKey, ReplayState, RuleError } from '../../src/dag/index.ts';
import { OutputSetHash } from '../../src/dag/outputs/set-hash.ts';
import { ANYONE, fingerprint, makeBlock, spend, TestDag, testParams } from '../../src/dag/testing/fixture.ts';
import { MemoryStore } from '../../src/store/index.ts';
import { type Hash, hashFromHex, hashToHex } from '../../src/util/hash.ts';
import type { Block, OutPoint, Transaction, TxOutput } from '../../src/wire/index.ts';
import { type ModelOutput, modelKey, replayOrder, updateStoredSet } from './replay.ts';

/** Draws everything from one list of numbers, so that fast-check can shrink it. */
class Choices {
  readonly #numbers: readonly number[];
  #next = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** An integer below `bound`; 0 when the numbers are used up. */
  below(bound: number): number {
    return (this.#numbers[this.#next++] ?? 0) % bound;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }
}

interface MadeOutput {
  readonly point: OutPoint;
  readonly value: bigint;
  readonly height: number;
  readonly isCoinbase: boolean;
}

/** Makes blocks with every kind of transaction that the replay tells apart. */
class Author {
  readonly blocks: Hash[] = [testParams.genesisHash];
  /** Every output of an accepted block, whether or not it counts, and those of the block in the making. */
  #outputs: MadeOutput[] = [];
  readonly #transactions: Transaction[] = [];
  readonly #choices: Choices;
  #salt = 0;

  constructor(choices: Choices) {
    this.#choices = choices;
  }

  next(dag: Dag): Block {
    const choices = this.#choices;
    const parents = this.#parents(dag);
    const height = 1 + Math.max(...parents.map((hash) => dag.blockHeight(hash)!));
    const transactions: Transaction[] = [];
    const before = this.#outputs;
    this.#outputs = before.filter(
      (output) => !output.isCoinbase || height - output.height >= testParams.coinbaseMaturity,
    );
    const known = new Set<string>();
    for (let left = choices.below(4); left > 0; left--) {
      const tx = this.#transaction();
      if (!tx || known.has(hashToHex(tx.txid))) continue;
      known.add(hashToHex(tx.txid));
      transactions.push(tx);
      this.#remember(tx, height);
    }
    this.#outputs = before;
    // A low salt twice at one height repeats the coinbase.
    const salt = choices.below(8) === 0 ? 1 : 100 + this.#salt++;
    return makeBlock({ parents, height, salt, transactions });
  }

  /** The block is part of the DAG: others may build on it. */
  accepted(block: Block, height: number): void {
    this.blocks.push(block.hash);
    for (const tx of block.transactions) {
      this.#remember(tx, height);
      if (!tx.isCoinbase) this.#transactions.push(tx);
    }
  }

  #parents(dag: Dag): Hash[] {
    const { tips } = dag.snapshot();
    switch (this.#choices.below(8)) {
      case 0:
        return [this.#choices.of(tips)];
      case 1:
        return [this.#choices.of(this.blocks)];
      case 2:
        return [this.#choices.of(tips), this.#choices.of(this.blocks)];
      case 3:
        // Side branches of some length: what they build upon one another may be replayed in the wrong order.
        return [this.blocks[this.blocks.length - 1]];
      default:
        return [...tips];
    }
  }

  /** A new transaction, or an old one once more. */
  #transaction(): Transaction | undefined {
    const choices = this.#choices;
    if (this.#transactions.length > 0 && choices.below(5) === 0) return choices.of(this.#transactions);
    if (this.#outputs.length === 0) return undefined;
    // Preferably young outputs: they are what double spends and chains are about.
    const pick = () => this.#outputs[this.#outputs.length - 1 - choices.below(Math.min(8, this.#outputs.length))];
    const spent = [pick()];
    if (choices.below(4) === 0) {
      const other = pick();
      if (modelKey(other.point) !== modelKey(spent[0].point)) spent.push(other);
    }
    const total = spent.reduce((sum, { value }) => sum + value, 0n);
    const outputs: TxOutput[] = [{ value: total - BigInt(choices.below(3)), pkScript: ANYONE }];
    if (outputs[0].value < 0n) return undefined;
    if (choices.below(4) === 0) outputs.push({ value: 0n, pkScript: Uint8Array.of(0x6a) });
    return spend(
      spent.map(({ point }) => point),
      outputs,
      choices.below(3),
    );
  }

  #remember(tx: Transaction, height: number): void {
    const { isCoinbase } = tx;
    tx.outputs.forEach(({ value }, index) => {
      this.#outputs.push({ point: { hash: tx.txid, index }, value, height, isCoinbase });
    });
  }
}

/** Follows a DAG with the slow model and compares everything after each block. */
class Follower {
  readonly stored = new Map<string, ModelOutput>();
  readonly #known = new Set<string>();

  compare(dag: Dag): void {
    const order = Array.from(dag.order(), (hash) => ({
      hash,
      block: dag.getBlock(hash)!,
      height: dag.blockHeight(hash)!,
    }));
    const { view, effects } = replayOrder(order, testParams.coinbaseMaturity);
    updateStoredSet(this.stored, view);
    for (const key of [...view.keys(), ...this.stored.keys()]) this.#known.add(key);
    for (const key of this.#known) this.#compareOutput(dag, key, view.get(key), this.stored.get(key));
    expect(dag.outputCount).toBe(this.stored.size);
    expect(order.map(({ hash }) => dag.transactionStates(hash))).toEqual(effects);
    expect(hashToHex(dag.outputSetHash())).toBe(this.#sum());
  }

  #compareOutput(dag: Dag, key: string, model: ModelOutput | undefined, stored: ModelOutput | undefined): void {
    const record = dag.outputRecord(pointOf(key));
    const state = !model ? 'absent' : model.spent ? 'spent' : model.ignored ? 'ignored' : 'unspent';
    expect({ key, state: record.state }).toEqual({ key, state: ReplayState[state] });
    expect(plain(record.entry)).toEqual(model && plainModel(model));
    expect(plain(record.stored)).toEqual(stored && plainModel(stored));
  }

  #sum(): string {
    const sum = new OutputSetHash();
    for (const [key, { value, script, height, isCoinbase }] of this.stored) {
      const { hash, index } = pointOf(key);
      sum.add(outpointKey(hash, index), { value, pkScript: Buffer.from(script, 'hex'), height, isCoinbase });
    }
    return hashToHex(sum.value());
  }
}

function pointOf(key: string): OutPoint {
  const [txid, index] = key.split(':');
  return { hash: hashFromHex(txid), index: Number(index) };
}

const plainModel = ({ value, script, height, isCoinbase }: ModelOutput) => ({ value, script, height, isCoinbase });
const plain = (output: ReturnType<Dag['utxo']>) =>
  output && {
    value: output.value,
    script: Buffer.from(output.pkScript).toString('hex'),
    height: output.height,
    isCoinbase: output.isCoinbase,
  };

const script = fc.record({
  numbers: fc.array(fc.nat(1000), { minLength: 200, maxLength: 600, size: 'max' }),
  blocks: fc.integer({ min: 20, max: 40 }),
});

describe('outputs against the slow model', () => {
  test('replay, stored set, effects and set hash are equal after every block', () => {
    const seen = { applied: 0, ignored: 0, skipped: 0, refused: 0, reorders: 0 };
    fc.assert(
      fc.property(script, ({ numbers, blocks }) => {
        const { dag } = new TestDag();
        const author = new Author(new Choices(numbers));
        const follower = new Follower();
        dag.events.on('reorder', () => seen.reorders++);
        for (let i = 0; i < blocks; i++) {
          const block = author.next(dag);
          try {
            dag.processBlock(block);
            author.accepted(block, dag.blockHeight(block.hash)!);
          } catch (error) {
            if (!(error instanceof RuleError)) throw error;
            seen.refused++;
          }
          follower.compare(dag);
        }
        for (const hash of dag.order()) for (const state of dag.transactionStates(hash)!) seen[state]++;
      }),
      { numRuns: 60, seed: 2 },
    );
    // The blocks must have met every case, or the test shows nothing.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
  });

  test('restarts and batches at any place leave the same state and the same rows', () => {
    const restarts = fc.record({ script, places: fc.uniqueArray(fc.nat(39)), batch: fc.integer({ min: 1, max: 7 }) });
    fc.assert(
      fc.property(restarts, ({ script: { numbers, blocks }, places, batch }) => {
        const steady = new TestDag();
        let other = new TestDag(new MemoryStore());
        const author = new Author(new Choices(numbers));
        const waiting: Block[] = [];
        for (let i = 0; i < blocks; i++) {
          const block = author.next(steady.dag);
          const [result] = steady.dag.processBlocks([block]);
          if (!(result instanceof Error)) author.accepted(block, steady.dag.blockHeight(block.hash)!);
          waiting.push(block);
          if (waiting.length < batch && i + 1 < blocks) continue;
          other.dag.processBlocks(waiting.splice(0));
          if (places.includes(i)) other = new TestDag((other.store as MemoryStore).reopen());
          expect(fingerprint(other.dag)).toEqual(fingerprint(steady.dag));
        }
        // Rows of the index may differ: the engine has several ways to write down one merge set.
        for (const table of ['blocks', 'order', 'effects', 'outputs'] as const) {
          expect(rowsOf(other, table)).toEqual(rowsOf(steady, table));
        }
      }),
      { numRuns: 40 },
    );
  });
});

function rowsOf({ store }: TestDag, table: Parameters<MemoryStore['table']>[0]): string[] {
  return Array.from(
    store.table(table).range(),
    ({ key, value }) => `${Buffer.from(key).toString('hex')} ${Buffer.from(value).toString('hex')}`,
  );
}
