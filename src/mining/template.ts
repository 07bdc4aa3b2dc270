import { type NetworkParams, NOMINAL_MAX_PARENTS, subsidy, WITNESS_SCALE_FACTOR } from '../params/index.ts';
import { legacySigOps } from '../script/index.ts';
import { equalBytes } from '../util/bytes.ts';
import { type Hash, hashKey, ZERO_HASH } from '../util/hash.ts';
import { Block, BlockHeader, HEADER_SIZE, type Transaction, witnessCommitment } from '../wire/index.ts';
import { coinbaseTransaction } from './coinbase.ts';
import { deploymentsActive, headerVersion, ParentsVersionVote } from './deployments.ts';
import { EntryQueue } from './entry-queue.ts';
import { foldBranch, merkleBranch } from './merkle-branch.ts';
import type { TemplatePolicy } from './policy.ts';
import type { SourceEntry, TemplateDag, TransactionSource } from './ports.ts';
import { type Selection, selectTransactions } from './selection.ts';

/**
 * Weight kept free for what surrounds the transactions: header, parent sub-header, largest transaction count. Room for
 * eight parents is kept even if there are fewer, as soterd 2.1.1 does, so that both fill blocks alike.
 */
function frameWeight(parents: number): number {
  return 4 * (HEADER_SIZE + 8 + 64 * Math.max(parents, NOMINAL_MAX_PARENTS) + 9);
}

/** A block that lacks only its proof of work. */
export interface BlockTemplate {
  /** The block with nonce 0 and extra nonce 0. */
  readonly block: Block;
  readonly height: number;
  /** nanoSoter, one a transaction; the coinbase's is the negative sum of the others. */
  readonly fees: readonly bigint[];
  /** Signature operation cost, one a transaction. */
  readonly sigOpCosts: readonly number[];
  /** Whether the coinbase pays an address; otherwise anyone may spend it. */
  readonly paysAddress: boolean;
  /** The hash in the commitment output, if there is one. */
  readonly commitment: Hash | undefined;
  /** See `merkleBranch`. */
  readonly branch: Uint8Array;
  /** Earliest timestamp that the block may have, seconds. */
  readonly minTime: number;
  /** Adjusted time at which it was built, seconds. */
  readonly createdAt: number;
  /** Version of the transaction source that it was built from; 0 without a source. */
  readonly sourceVersion: number;
}

/** What the builder is told once. */
export interface TemplateBuilderOptions {
  readonly params: NetworkParams;
  readonly policy: TemplatePolicy;
}

/** What the builder works with. Without a source templates hold a coinbase only. */
export interface TemplateBuilderDeps {
  readonly dag: TemplateDag;
  readonly transactions?: TransactionSource;
}

/** A selection and the state that it belongs to. */
interface CachedSelection {
  readonly selection: Selection;
  readonly tipsHash: Hash;
  readonly sourceVersion: number;
  readonly coinbaseWeight: number;
  readonly coinbaseSigOps: number;
  /** Whether a block with these transactions has passed the DAG's check on this state. */
  checked: boolean;
}

/** The state of the DAG that a template is built on. */
type Snapshot = ReturnType<TemplateDag['snapshot']>;

/**
 * Builds block templates on the current state of the DAG. All tips become parents. A selection of transactions is kept
 * and used again while neither tips nor pool change, so that a template for another address or time costs little.
 */
export class TemplateBuilder {
  readonly #params: NetworkParams;
  readonly #policy: TemplatePolicy;
  readonly #deps: TemplateBuilderDeps;
  readonly #parentsVersion: ParentsVersionVote;
  readonly #queue = new EntryQueue();
  #cached: CachedSelection | undefined;

  constructor({ params, policy }: TemplateBuilderOptions, deps: TemplateBuilderDeps) {
    this.#params = params;
    this.#policy = policy;
    this.#deps = deps;
    this.#parentsVersion = new ParentsVersionVote(deps.dag);
  }

  /** Version of the transaction source now; 0 without one. */
  get sourceVersion(): number {
    return this.#deps.transactions?.version ?? 0;
  }

  /** Whether a template still names the current tips. A block made from one that does not is valid all the same. */
  isCurrent(template: BlockTemplate): boolean {
    return equalBytes(template.block.header.prevBlock, this.#deps.dag.snapshot().hash);
  }

  /**
   * Builds a template and has the DAG check it.
   * @param payTo output script of the coinbase; without it anyone can spend the coins.
   * @throws {Error} what `checkTemplate` throws; then the pool or the state is at odds with the rules.
   */
  build(payTo?: Uint8Array): BlockTemplate {
    const { dag } = this.#deps;
    const snapshot = dag.snapshot();
    const height = snapshot.maxHeight + 1;
    const bare = coinbaseTransaction({ height, value: 0n, payTo });
    const cached = this.#select(snapshot, bare);
    const { selection } = cached;
    const selected = selection.transactions.map(({ transaction }) => transaction);
    const commitment = selection.commitment ? witnessCommitment([bare, ...selected], ZERO_HASH) : undefined;
    const value = subsidy(height, this.#params) + selection.fees;
    const coinbase = coinbaseTransaction({ height, value, payTo, commitment });
    const branch = merkleBranch(selected.map(({ txid }) => txid));
    const { time, minTime } = this.#time(snapshot);
    const block = this.#assemble(snapshot, [coinbase, ...selected], foldBranch(coinbase.txid, branch), time);
    if (!cached.checked) {
      // The source has run them, under stricter flags; what an output demands can not have changed since.
      dag.checkTemplate(block, { scripts: false });
      cached.checked = true;
    }
    return {
      block,
      height,
      fees: [-selection.fees, ...selection.transactions.map(({ fee }) => fee)],
      sigOpCosts: [cached.coinbaseSigOps, ...selection.transactions.map(({ sigOpCost }) => sigOpCost)],
      paysAddress: payTo !== undefined,
      commitment,
      branch,
      minTime,
      createdAt: dag.adjustedTime(),
      sourceVersion: cached.sourceVersion,
    };
  }

  /** The same template with the present time and the difficulty that this time requires. Costs one header. */
  refreshTime(template: BlockTemplate): BlockTemplate {
    const { dag } = this.#deps;
    const { header, parentsVersion, parents, transactions } = template.block;
    const timestamp = Math.max(dag.adjustedTime(), template.minTime);
    // What is required depends on the tips, so a template that left them behind keeps what was required then.
    const mayChange = this.#params.reduceMinDifficulty && this.isCurrent(template);
    const bits = mayChange ? dag.requiredBits(timestamp) : header.bits;
    const changed = header.with({ timestamp, bits, nonce: 0 });
    return { ...template, block: new Block({ header: changed, parentsVersion, parents, transactions }) };
  }

  #assemble(snapshot: Snapshot, transactions: readonly Transaction[], merkleRoot: Hash, time: number): Block {
    const { tips, hash, minHeight } = snapshot;
    // Tips are unrelated to each other, so no parent is an ancestor of another one: the DAG's order depends on that.
    if (tips.length > 1 && new Set(tips.map(hashKey)).size !== tips.length) throw new Error('a tip is listed twice');
    const header = new BlockHeader({
      version: headerVersion(minHeight, this.#params.minerConfirmationWindow),
      prevBlock: hash,
      merkleRoot,
      timestamp: time,
      bits: this.#deps.dag.requiredBits(time),
      nonce: 0,
    });
    const parents = tips.map((tip) => ({ hash: tip, data: ZERO_HASH }));
    return new Block({ header, parentsVersion: this.#parentsVersion.winner(tips), parents, transactions });
  }

  /**
   * Present time, but after the median of each tip. The rule of blocks asks for the median of one parent only, that with the
   * greatest timestamp; among equals the order of parents decides, so all of them are obeyed.
   */
  #time({ tips }: Snapshot): { readonly time: number; readonly minTime: number } {
    const { dag } = this.#deps;
    const minTime = 1 + tips.reduce((latest, tip) => Math.max(latest, dag.medianTime(tip) ?? 0), 0);
    return { time: Math.max(dag.adjustedTime(), minTime), minTime };
  }

  #select(snapshot: Snapshot, coinbase: Transaction): CachedSelection {
    const { dag, transactions } = this.#deps;
    const { sourceVersion } = this;
    const coinbaseWeight = coinbase.weight;
    const coinbaseSigOps = legacySigOps(coinbase) * WITNESS_SCALE_FACTOR;
    const cached = this.#cached;
    if (
      cached &&
      cached.sourceVersion === sourceVersion &&
      cached.coinbaseWeight === coinbaseWeight &&
      cached.coinbaseSigOps === coinbaseSigOps &&
      equalBytes(cached.tipsHash, snapshot.hash)
    ) {
      return cached;
    }
    const weight = frameWeight(snapshot.tips.length) + coinbaseWeight;
    const selection: Selection = transactions
      ? selectTransactions(
          transactions,
          {
            height: snapshot.maxHeight + 1,
            time: dag.adjustedTime(),
            dag,
            policy: this.#policy,
            coinbaseMaturity: this.#params.coinbaseMaturity,
            segwit: deploymentsActive(snapshot.minHeight, this.#params.minerConfirmationWindow),
            weight,
            sigOpCost: coinbaseSigOps,
            decoded: decodedOf(cached?.selection),
          },
          this.#queue,
        )
      : { transactions: [], fees: 0n, weight, sigOpCost: coinbaseSigOps, commitment: false };
    this.#cached = {
      selection,
      tipsHash: snapshot.hash,
      sourceVersion,
      coinbaseWeight,
      coinbaseSigOps,
      checked: false,
    };
    return this.#cached;
  }
}

/** The transactions of a selection, which the next one may need again. */
function decodedOf(selection: Selection | undefined): ReadonlyMap<SourceEntry, Transaction> {
  return new Map(selection?.transactions.map(({ entry, transaction }) => [entry, transaction]));
}
