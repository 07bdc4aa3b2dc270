import type { NetworkParams } from '../../src/params/index.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import type { Block, OutPoint, Transaction } from '../../src/wire/index.ts';
import { BlockBuilder } from './block-builder.ts';
import type { PlannedBlock } from './block-builder-plans.ts';
import { type Coin, type Lock, TestWallet } from './block-builder-wallet.ts';

/** What a generated DAG shall look like. */
export interface GeneratorOptions {
  readonly seed: number | string;
  readonly params: NetworkParams;
  /** Where the blocks stand, e.g. `widePlan(1000, 4)`. */
  readonly plan: Iterable<PlannedBlock>;
  /** Transactions of a block besides its coinbase, as soon as there are coins; default 0. */
  readonly transactions?: number;
  /** Inputs and outputs of a transaction; default 2 and 2. */
  readonly inputs?: number;
  readonly outputs?: number;
  /** How outputs are locked; default: to key hashes. */
  readonly locks?: readonly Lock[];
  /** Share of the transactions that are conflicts: the first or a further spend of a coin. Default 0. */
  readonly doubleSpends?: number;
  /** Share of the transactions that spend an output of the same block. Default 0. */
  readonly nested?: number;
  /** Share of the blocks after which comes a copy whose coinbase takes too much, and nothing else is wrong. Default 0. */
  readonly greedy?: number;
  /**
   * True if the stored output set of the receiver holds an output, at the moment at which the next block is built. Needed
   * for plans in which the order of the DAG puts a block before one of its ancestors (the order is not topological): what such a
   * block pays does not exist then. Chains and rounds (`linearPlan`, `widePlan`) do without.
   */
  readonly isStored?: (outpoint: OutPoint) => boolean;
}

/** A block and where it stands. */
export interface GeneratedBlock {
  /** −1 for a greedy copy: it fails the connect checks, and no block stands on it. */
  readonly place: number;
  readonly parents: readonly number[];
  readonly block: Block;
}

/** nanoSoter that a transaction pays. */
const FEE = 1000n;
/** Coins of conflicts that are kept to be spent once more. */
const MAX_CONTESTED = 64;

interface PlacedCoin extends Coin {
  /** Block that made it. */
  readonly place: number;
  /** First height at which it may be spent. */
  readonly ripe: number;
}

/**
 * Generates the blocks of a valid DAG one after the other, ancestors first: a function of its options. Every
 * transaction is signed; blocks are valid in this order of arrival, and without conflicts in any order.
 */
export function* generateDag(options: GeneratorOptions): Generator<GeneratedBlock> {
  const builder = new BlockBuilder(options.params);
  const economy = new Economy(options);
  for (const { parents, visible } of options.plan) {
    const place = builder.count;
    const transactions = economy.transactions(place, builder.heightOn(parents), visible);
    const payee = economy.payee();
    const fees = FEE * BigInt(transactions.length);
    const payTo = economy.script(payee);
    const block = builder.build(parents, { transactions, fees, payTo });
    economy.mined(block, place, builder.height(place), payee);
    yield { place, parents, block };
    if (economy.isGreedy()) {
      yield { place: -1, parents, block: builder.buildAside(parents, { transactions, fees, payTo, greed: 1n }) };
    }
  }
}

/** Who owns what, and what they do with it. */
class Economy {
  readonly #options: GeneratorOptions;
  readonly #random: SeededRandom;
  readonly #wallet: TestWallet;
  /** Coins nobody has spent; coinbases, which must ripen, apart and in order of age. */
  readonly #coins: PlacedCoin[] = [];
  readonly #coinbases: PlacedCoin[] = [];
  #firstCoinbase = 0;
  /** Coins that were spent and may be again: nobody builds on those spends. */
  readonly #contested: PlacedCoin[] = [];
  #tag = 0;

  constructor(options: GeneratorOptions) {
    this.#options = options;
    this.#random = new SeededRandom(`blocks/${options.seed}`);
    this.#wallet = new TestWallet(this.#random.fork('wallet'));
  }

  payee(): Pick<Coin, 'lock' | 'key'> {
    const { locks = ['keyHash'] } = this.#options;
    return { lock: this.#random.pick(locks), key: this.#random.below(this.#wallet.keyCount) };
  }

  /** True if somebody tries to take more now. */
  isGreedy(): boolean {
    const { greedy = 0 } = this.#options;
    return greedy > 0 && this.#random.chance(greedy);
  }

  script({ lock, key }: Pick<Coin, 'lock' | 'key'>): Uint8Array {
    return this.#wallet.script(lock, key);
  }

  /** The transactions of the next block. */
  transactions(place: number, height: number, visible: number): Transaction[] {
    const { transactions: wanted = 0, inputs = 2, outputs = 2, doubleSpends = 0, nested = 0 } = this.#options;
    const list: Transaction[] = [];
    const fresh: PlacedCoin[] = [];
    const usable = (coin: PlacedCoin): boolean =>
      coin.place < visible && coin.ripe <= height && (this.#options.isStored?.(coin.outpoint) ?? true);
    while (list.length < wanted) {
      const isConflict = this.#random.chance(doubleSpends);
      const again = isConflict && this.#random.chance(0.5) ? this.#takeContested(usable) : undefined;
      const own = this.#random.chance(nested) ? fresh.pop() : undefined;
      const coins = again ? [again] : [...(own ? [own] : []), ...this.#take(own ? 0 : inputs, usable)];
      if (coins.length === 0) break;
      // A poor economy splits coins until all blocks of a round can have theirs.
      const parts = this.#coins.length < 8 * wanted * inputs ? Math.max(outputs, 2 * inputs) : outputs;
      const total = coins.reduce((sum, { value }) => sum + value, 0n) - FEE;
      const value = total / BigInt(parts);
      if (value < 1n) continue;
      const payees = Array.from({ length: parts }, (_, i) => {
        const rest = i === 0 ? total % BigInt(parts) : 0n;
        return { ...this.payee(), value: value + rest };
      });
      const tx = this.#wallet.spend(coins, payees, this.#tag++);
      list.push(tx);
      if (isConflict) {
        if (!own) this.#contested.push(...coins);
        if (this.#contested.length > MAX_CONTESTED) this.#contested.splice(0, MAX_CONTESTED / 2);
        continue;
      }
      for (const [index, payee] of payees.entries()) {
        fresh.push({ ...payee, outpoint: { hash: tx.txid, index }, place, ripe: 0 });
      }
    }
    this.#coins.push(...fresh);
    return list;
  }

  /** The block with those transactions was built: its coinbase counts. */
  mined(block: Block, place: number, height: number, payee: Pick<Coin, 'lock' | 'key'>): void {
    const { txid, outputs } = block.transactions[0];
    const ripe = height + this.#options.params.coinbaseMaturity;
    this.#coinbases.push({ ...payee, value: outputs[0].value, outpoint: { hash: txid, index: 0 }, place, ripe });
  }

  /** Up to `count` coins that may be spent. */
  #take(count: number, usable: (coin: PlacedCoin) => boolean): PlacedCoin[] {
    const taken: PlacedCoin[] = [];
    const oldest = this.#coinbases[this.#firstCoinbase];
    if (count > 0 && oldest && usable(oldest)) {
      taken.push(oldest);
      this.#firstCoinbase++;
    }
    for (let tries = 8 + 2 * count; tries > 0 && taken.length < count && this.#coins.length > 0; tries--) {
      const i = this.#random.below(this.#coins.length);
      const coin = this.#coins[i];
      if (!usable(coin)) continue;
      const last = this.#coins.pop()!;
      if (i < this.#coins.length) this.#coins[i] = last;
      taken.push(coin);
    }
    return taken;
  }

  #takeContested(usable: (coin: PlacedCoin) => boolean): PlacedCoin | undefined {
    const candidates = this.#contested.filter(usable);
    return candidates.length === 0 ? undefined : this.#random.pick(candidates);
  }
}
