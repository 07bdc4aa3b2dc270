import fc from 'fast-check';
import { expect, test } from 'vitest';
import { outpointKey, ReplayState } from '../../src/dag/index.ts';
import { type BlockEffects, encodeEffects } from '../../src/dag/outputs/effects.ts';
import { OrderReplay } from '../../src/dag/outputs/order-replay.ts';
import type { Output } from '../../src/dag/outputs/output.ts';
import { encodeRecord, type OutputRecord } from '../../src/dag/outputs/output-record.ts';
import { OutputState } from '../../src/dag/outputs/output-state.ts';
import { OutputTable } from '../../src/dag/outputs/output-table.ts';
import type { Kept } from '../../src/dag/outputs/replay.ts';
import { OutputSetHash } from '../../src/dag/outputs/set-hash.ts';
import { ANYONE, makeBlock, spend } from '../../src/dag/testing/fixture.ts';
import { MemoryStore } from '../../src/store/index.ts';
import { hashFromHex, hashToHex, sha256, ZERO_HASH } from '../../src/util/hash.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { Block, type OutPoint, Transaction, type TxOutput } from '../../src/wire/index.ts';
import { type ModelOutput, type ModelReplay, replayOrder, updateStoredSet } from './replay.ts';

const MATURITY = 2;
const RETURN = Uint8Array.of(0x6a);
const RUNS = 300;

/** Blocks that have nothing to do with a DAG: any order of them is allowed, spends before what they spend included. */
class Pool {
  readonly blocks: Block[] = [];
  readonly heights: number[] = [];
  readonly #random: SeededRandom;
  readonly #transactions: Transaction[] = [];
  readonly #outputs: (OutPoint & { value: bigint })[] = [];

  /** Everything spends outputs of the first coinbase, so that most transactions have to do with a few others only. */
  readonly #isFlat: boolean;

  constructor(random: SeededRandom, count: number) {
    this.#random = random;
    this.#isFlat = random.chance(0.3);
    const busy = random.below(this.#isFlat ? 10 : 5);
    const repeats = random.chance(0.3) ? 0.6 : 0.1;
    for (let i = 0; i < count; i++) this.#add(i, busy, repeats);
  }

  #add(salt: number, busy: number, repeats: number): void {
    const random = this.#random;
    const plain = makeBlock({ parents: [sha256(Uint8Array.of(salt))], height: 1, salt });
    const transactions = [this.#coinbase(plain.transactions[0], salt)];
    for (let left = random.below(1 + busy); left > 0; left--) {
      const isRepeated = this.#transactions.length > 0 && random.chance(repeats);
      const tx = isRepeated ? random.pick(this.#transactions) : this.#spend();
      if (tx && !transactions.includes(tx)) transactions.push(tx);
      if (tx && random.below(2) === 0) this.#remember(tx);
    }
    for (const tx of transactions) this.#remember(tx);
    const { header, parentsVersion, parents } = plain;
    this.blocks.push(new Block({ header, parentsVersion, parents, transactions }));
    // Mostly enough that coinbases of some blocks before are mature.
    this.heights.push(2 * salt + random.below(4));
  }

  /** Of a few outputs, sometimes of none that counts, sometimes one that was there before. */
  #coinbase(plain: Transaction, salt: number): Transaction {
    const random = this.#random;
    const coinbases = this.blocks.map(({ transactions }) => transactions[0]);
    if (coinbases.length > 0 && random.below(6) === 0) return random.pick(coinbases);
    const pkScript = random.below(10) === 0 ? RETURN : ANYONE;
    const count = 1 + random.below(this.#isFlat ? 20 : 3);
    const outputs = Array.from({ length: count }, () => ({ value: BigInt(100 + salt), pkScript }));
    return new Transaction({ version: 1, inputs: plain.inputs, outputs, lockTime: 0 });
  }

  #spend(): Transaction | undefined {
    const random = this.#random;
    if (this.#outputs.length === 0) return undefined;
    const known = this.#isFlat ? this.#outputs.slice(0, 20) : this.#outputs.slice(-12);
    const spent = new Set([random.pick(known)]);
    if (random.chance(this.#isFlat ? 0.1 : 0.5)) spent.add(random.pick(known));
    const total = [...spent].reduce((sum, { value }) => sum + value, 0n) + (random.below(12) === 0 ? 1n : 0n);
    const outputs: TxOutput[] = [{ value: total / 2n, pkScript: ANYONE }];
    if (random.below(2) === 0)
      outputs.push({ value: total - total / 2n, pkScript: random.below(4) === 0 ? RETURN : ANYONE });
    return spend([...spent], outputs, random.below(3));
  }

  #remember(tx: Transaction): void {
    if (!tx.isCoinbase) this.#transactions.push(tx);
    tx.outputs.forEach(({ value }, index) => void this.#outputs.push({ hash: tx.txid, index, value }));
  }
}

/**
 * A new end of the order: the old one more or less confused, with some blocks less and some more. What is new stands at
 * the end in the order in which it was made, or anywhere.
 */
function newEnd(random: SeededRandom, old: readonly number[], others: readonly number[]): number[] {
  let end = [...old];
  const kind = random.below(6);
  if (kind === 0) end = random.shuffle(end);
  if (kind === 1) {
    const [a, b] = [random.below(end.length + 1), random.below(end.length + 1)].sort((x, y) => x - y);
    end = [...end.slice(0, a), ...end.slice(b), ...end.slice(a, b)];
  }
  if (kind > 3 && end.length > 1) {
    const [moved] = end.splice(random.below(end.length), 1);
    end.splice(random.below(end.length + 1), 0, moved);
  }
  if (random.below(4) === 0) end = end.filter(() => random.below(4) > 0);
  const isOrderly = random.below(3) > 0;
  for (const id of others) {
    if (random.below(3) === 0) end.splice(isOrderly ? end.length : random.below(end.length + 1), 0, id);
  }
  return end;
}

function open(pool: Pool, store: MemoryStore, cacheBytes?: number) {
  const outputs = new OutputState(
    new OutputTable(store.table('outputs'), cacheBytes),
    new OutputSetHash(),
    0,
    MATURITY,
  );
  const replay = new OrderReplay(store.table('effects'), outputs, 0, ZERO_HASH, {
    hash: (id) => pool.blocks[id].hash,
    height: (id) => pool.heights[id],
    block: (id) => pool.blocks[id],
  });
  return { outputs, replay };
}

/** What the records must be, by `outpointKey`. */
function expected({ view }: ModelReplay, stored: ReadonlyMap<string, ModelOutput>): Map<string, OutputRecord> {
  const records = new Map<string, OutputRecord>();
  for (const key of new Set([...view.keys(), ...stored.keys()])) {
    const made = view.get(key);
    const state = !made ? 'absent' : made.spent ? 'spent' : made.ignored ? 'ignored' : 'unspent';
    const [txid, index] = key.split(':');
    const record = { state: ReplayState[state], entry: outputOf(made), stored: outputOf(stored.get(key)) };
    records.set(outpointKey(hashFromHex(txid), Number(index)), record);
  }
  return records;
}

function outputOf(made: ModelOutput | undefined): Output | undefined {
  if (!made) return undefined;
  const { value, script, height, isCoinbase } = made;
  return { value, pkScript: Buffer.from(script, 'hex'), height, isCoinbase };
}

const hex = (bytes: Uint8Array | undefined): string => (bytes ? Buffer.from(bytes).toString('hex') : '');
const bytesOf = (effects: BlockEffects | undefined): string => hex(effects && encodeEffects(ZERO_HASH, effects));

function rowsOf(records: ReadonlyMap<string, OutputRecord>): string[] {
  return Array.from(
    records,
    ([key, record]) => `${hex(Buffer.from(key, 'latin1'))} ${hex(encodeRecord(record))}`,
  ).sort();
}

function sumOf(records: ReadonlyMap<string, OutputRecord>): string {
  const sum = new OutputSetHash();
  for (const [key, { stored }] of records) if (stored) sum.add(key, stored);
  return hashToHex(sum.value());
}

test('what is left out of a replay changes nothing, in any order of any blocks', () => {
  const seen = { replayed: 0, partly: 0, kept: 0, unread: 0, existing: 0, ignored: 0, skipped: 0 };
  fc.assert(
    fc.property(fc.nat(2 ** 31), (seed) => {
      const random = new SeededRandom(`order-replay/${seed}`);
      const pool = new Pool(random, 4 + random.below(14));
      const store = new MemoryStore();
      const { outputs, replay } = open(pool, store, random.below(2) === 0 ? 4000 : undefined);
      const apply = outputs.apply.bind(outputs);
      outputs.apply = (block: Block, height: number, kept?: Kept) => {
        if (kept?.flags.includes(1)) seen.partly++;
        else seen.replayed++;
        return apply(block, height, kept);
      };
      const stored = new Map<string, ModelOutput>();
      const followed = new Map<number, BlockEffects>();
      let order: number[] = [];
      for (let step = 0; step < 10; step++) {
        const cut = random.below(2) === 0 ? 0 : random.below(order.length + 1);
        const removed = order.slice(cut);
        const others = pool.blocks.map((_, id) => id).filter((id) => !order.includes(id));
        const added = newEnd(random, removed, others);
        order = [...order.slice(0, cut), ...added];

        const moved = replay.repair(cut, removed, added);
        for (const { id, before, after } of moved) {
          expect(bytesOf(followed.get(id))).toBe(bytesOf(before));
          if (after) followed.set(id, after);
          else followed.delete(id);
        }
        for (const id of added) {
          if (moved.some((change) => change.id === id)) continue;
          if (pool.blocks[id].transactions.length > 1) seen.kept++;
          else seen.unread++;
        }

        const model = replayOrder(
          order.map((id) => ({ block: pool.blocks[id], height: pool.heights[id] })),
          MATURITY,
        );
        updateStoredSet(stored, model.view);
        const records = expected(model, stored);
        const found = new Map(Array.from(records.keys(), (key) => [key, outputs.record(key)]));
        expect(rowsOf(found)).toEqual(rowsOf(records));
        expect(outputs.countRows()).toBe(records.size);
        expect(outputs.storedCount).toBe(stored.size);
        expect(hashToHex(outputs.hash.value())).toBe(sumOf(records));

        // A replay of everything at once knows nothing of what was there before.
        const fresh = open(pool, new MemoryStore());
        fresh.replay.repair(0, [], order);
        for (const [position, id] of order.entries()) {
          const effects = fresh.replay.effectsAt(position);
          expect(bytesOf(replay.effectsAt(position))).toBe(bytesOf(effects));
          expect(bytesOf(followed.get(id))).toBe(bytesOf(effects));
          seen.existing += effects.existing.length;
          for (const effect of effects.transactions) if (effect !== 1) seen[effect === 0 ? 'skipped' : 'ignored']++;
        }
        expect(followed.size).toBe(order.length);
        expect(hashToHex(replay.hash)).toBe(hashToHex(fresh.replay.hash));

        if (random.below(2) === 0) continue;
        store.transaction((transaction) => {
          outputs.write(transaction);
          replay.write(transaction);
        });
        for (const part of [outputs, replay]) {
          part.sent();
          part.committed();
        }
        const rows = Array.from(store.table('outputs').range(), ({ key, value }) => `${hex(key)} ${hex(value)}`);
        expect(rows.sort()).toEqual(rowsOf(records));
      }
    }),
    { numRuns: RUNS, seed: 5 },
  );
  // The orders must have met every case, or the test shows nothing.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(RUNS / 2);
});
