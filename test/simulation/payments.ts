import { PolicyError } from '../../src/mempool/index.ts';
import { type Hash, hashKey } from '../../src/util/hash.ts';
import type { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import type { Transaction } from '../../src/wire/index.ts';
import { finalInput, transactionOf } from '../../src/wire/testing/transactions.ts';
import type { EventLog } from './event-log.ts';
import { timeText } from './event-log.ts';
import type { Report } from './invariants.ts';
import { type SimNode, shortHash } from './sim-node.ts';
import { SIM_PARAMS } from './sim-params.ts';

/** Heights beyond maturity, so that every node that hears of a payment has what it spends. */
const MARGIN = 40;
/** nanoSoter. */
const FEE = 100_000n;
/** A script that anyone can spend (OP_TRUE). */
const ANYONE = Uint8Array.of(0x51);

/** What payments work with. */
export interface PaymentDeps {
  readonly nodes: readonly SimNode[];
  readonly random: SeededRandom;
  readonly log: EventLog;
  readonly now: () => number;
}

/**
 * Users who spend coins. Each payment spends one old coinbase that nobody else ever spends: with double spends, chains
 * of unconfirmed payments or young coinbases, verdicts on blocks would depend on the order in which blocks arrive, and
 * nodes could differ for good without being wrong (docs/protocol.md, "Outputs").
 */
export class Payments {
  readonly #deps: PaymentDeps;
  readonly #made: { readonly txid: Hash; readonly at: number }[] = [];
  readonly #spent = new Set<string>();
  /** Height below which all coins are spent. */
  #height = 1;

  constructor(deps: PaymentDeps) {
    this.#deps = deps;
  }

  /** Payments made so far. */
  get count(): number {
    return this.#made.length;
  }

  /** Somebody pays, if there is a coin to spend and a node that takes the payment. */
  pay(): void {
    const { nodes, random, log, now } = this.#deps;
    const node = random.pick(nodes);
    const tx = this.#spendOldCoin(node);
    if (!tx) return;
    try {
      node.submitTransaction(tx);
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      log.note(node.name, `refuses a payment: ${error.message}`);
      return;
    }
    log.note(node.name, `takes payment ${shortHash(tx.txid)}`);
    this.#made.push({ txid: tx.txid, at: now() });
  }

  /** Every payment of a period must have been mined. */
  check(from: number, until: number, report: Report): void {
    for (const { txid, at } of this.#made) {
      if (at < from || at >= until) continue;
      const missing = this.#deps.nodes.filter(({ dag }) => dag?.utxo({ hash: txid, index: 0 }) === undefined);
      if (missing.length === 0) continue;
      const names = missing.map(({ name }) => name).join(' ');
      report(`payment ${shortHash(txid)}, made at ${timeText(at)}, is in no block of ${names}`);
    }
  }

  #spendOldCoin({ dag }: SimNode): Transaction | undefined {
    const limit = (dag?.snapshot().maxHeight ?? 0) - SIM_PARAMS.coinbaseMaturity - MARGIN;
    for (; this.#height <= limit; this.#height++) {
      for (const hash of dag?.blocksAtHeight(this.#height) ?? []) {
        const coinbase = this.#spent.has(hashKey(hash)) ? undefined : dag?.getBlock(hash)?.transactions[0];
        if (!coinbase) continue;
        this.#spent.add(hashKey(hash));
        return spend(coinbase);
      }
    }
    return undefined;
  }
}

function spend(coinbase: Transaction): Transaction {
  const output = { value: coinbase.outputs[0]!.value - FEE, pkScript: ANYONE };
  return transactionOf([finalInput({ hash: coinbase.txid, index: 0 })], [output]);
}
