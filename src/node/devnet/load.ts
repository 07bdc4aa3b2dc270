import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { ReplayState } from '../../dag/index.ts';
import { PolicyError } from '../../mempool/index.ts';
import type { NetworkParams } from '../../params/index.ts';
import { hashKey } from '../../util/hash.ts';
import type { Timer, World } from '../../util/ports.ts';
import type { Transaction, TxOutput } from '../../wire/index.ts';
import type { Node } from '../node.ts';
import type { Coin, TestKey } from './keys.ts';
import { Latency } from './latency.ts';

/** One payment of so many is spent twice at the same moment, at two nodes. */
const DOUBLE_SPEND_EVERY = 50;
/** Outputs that one coinbase is split into. */
const SPLIT = 400;
/** Coins in circulation for each payment a second: long enough for all of them to settle. */
const COINS_PER_TPS = 60;
const MIN_COINS = 400;
/** Fee of a payment, and of each output of a split, nanoSoter: ten times what relay asks for. */
const FEE = 2_000n;
const SPLIT_FEE_PER_OUTPUT = 400n;
/** Blue blocks after which an outcome counts as stable. */
const STABLE_BLUE = 12;
/** Blue blocks after which a payment without effect counts as lost. */
const LOST_BLUE = 200;
const TICK_MS = 20;
/** Milliseconds between two looks at how late the event loop is. */
const LOOP_RESOLUTION_MS = 10;
const MAX_CATCH_UP_MS = 500;
const SETTLE_MS = 250;
/** Blocks mined at a time while coins are short. */
const MINE_AHEAD = 20;

/** What a load works with. */
export interface LoadParts {
  readonly nodes: readonly Node[];
  /** Keys that the nodes mine to; payments go from one of them to another. */
  readonly keys: readonly TestKey[];
  readonly params: NetworkParams;
  readonly world: World;
  /** Payments a second. */
  readonly rate: number;
  /** Told of an exception that ends the load. */
  failed(error: unknown): void;
}

/** Figures of a load. Latencies are milliseconds from sending. */
export interface LoadStatus {
  readonly phase: 'mining ahead' | 'splitting coins' | 'paying' | 'settling';
  readonly rate: number;
  readonly sent: number;
  /** In some block of the first node. */
  readonly included: number;
  /** Applied by the order of every node, and deep enough not to change. */
  readonly stable: number;
  readonly waiting: number;
  /** Never came true although nothing contradicts them. */
  readonly lost: number;
  /** Refused by the node they were given to. */
  readonly refused: number;
  /** Payments not made because no coin was free. */
  readonly starved: number;
  readonly doubleSpends: { readonly decided: number; readonly agreed: number; readonly open: number };
  readonly inclusion: { readonly median: number; readonly p95: number };
  readonly stability: { readonly median: number; readonly p95: number };
  /** How late the event loop is with timers since the payments began, milliseconds: 99 of 100 times at most, and once. */
  readonly loopDelay: { readonly p99: number; readonly longest: number };
}

/** A payment, or two that contradict each other, on the way. */
interface Pending {
  readonly rivals: readonly Transaction[];
  readonly owners: readonly TestKey[];
  readonly sentAt: number;
  /** Not a payment: it only makes many coins of one. */
  readonly isSplit: boolean;
  /** Blue blocks of the first node when the first rival was seen in a block. */
  includedBlue: number | undefined;
}

/** A coin and the key that spends it. */
interface OwnedCoin extends Coin {
  readonly key: TestKey;
}

/**
 * Sends signed payments between the keys of a devnet's nodes, at a steady rate and to one node after the other, some of
 * them deliberately twice, and follows each until all nodes agree on it. Payments spend only what is stable: the order
 * of a DAG is not topological, so a chain of fresh payments could fall apart.
 */
export class PaymentLoad {
  readonly #parts: LoadParts;
  readonly #pending = new Set<Pending>();
  /** By key of each rival. */
  readonly #byTxid = new Map<string, Pending>();
  readonly #inclusion = new Latency();
  readonly #stability = new Latency();
  readonly #loop: IntervalHistogram = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  #coins: OwnedCoin[] = [];
  /** First coin of {@link #coins} that is not used yet. */
  #nextCoin = 0;
  #phase: LoadStatus['phase'] = 'mining ahead';
  #counts = { sent: 0, included: 0, stable: 0, lost: 0, refused: 0, starved: 0, decided: 0, agreed: 0 };
  #made = 0;
  #due = 0;
  #lastTick = 0;
  #timers: Timer[] = [];
  #unsubscribe: (() => void) | undefined;
  #stopped = false;
  #preparing: Promise<void> | undefined;

  constructor(parts: LoadParts) {
    this.#parts = parts;
  }

  /** Begins to prepare coins, and to pay as soon as there are some. */
  start(): void {
    this.#loop.enable();
    this.#preparing = this.#prepare().catch((error: unknown) => {
      // Stopping interrupts the mining ahead.
      if (!this.#stopped) this.#parts.failed(error);
    });
  }

  /** Sends nothing more; resolves when nothing is under way any more, or after `limit` milliseconds. */
  async settle(limit: number): Promise<void> {
    const { timers, clock } = this.#parts.world;
    this.#phase = 'settling';
    const end = clock.monotonic() + limit;
    while (this.#pending.size > 0 && !this.#stopped && clock.monotonic() < end) {
      await new Promise<void>((resolve) => timers.after(SETTLE_MS, resolve));
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.splice(0)) timer.cancel();
    this.#unsubscribe?.();
    this.#loop.disable();
    await this.#preparing;
  }

  status(): LoadStatus {
    const { decided, agreed, ...counts } = this.#counts;
    const isDouble = ({ rivals }: Pending) => rivals.length > 1;
    const ofLatency = (latency: Latency) => ({ median: latency.quantile(0.5), p95: latency.quantile(0.95) });
    return {
      ...counts,
      phase: this.#phase,
      rate: this.#parts.rate,
      waiting: this.#pending.size,
      doubleSpends: { decided, agreed, open: [...this.#pending].filter(isDouble).length },
      inclusion: ofLatency(this.#inclusion),
      stability: ofLatency(this.#stability),
      loopDelay: { p99: lateness(this.#loop.percentile(99)), longest: lateness(this.#loop.max) },
    };
  }

  async #prepare(): Promise<void> {
    const { nodes, rate, world } = this.#parts;
    const [first] = nodes;
    if (!first) return;
    const wanted = Math.ceil(Math.max(MIN_COINS, rate * COINS_PER_TPS) / SPLIT);
    const wasMining = first.miner.running;
    let sources = this.#matureCoins(wanted);
    if (sources.length < wanted) await first.miner.stop();
    while (sources.length < wanted && !this.#stopped) {
      await first.miner.generate(MINE_AHEAD);
      sources = this.#matureCoins(wanted);
    }
    if (this.#stopped) return;
    if (wasMining) first.miner.start();
    this.#phase = 'splitting coins';
    this.#unsubscribe = first.dag.events.on('connected', ({ block }) => {
      for (const { txid } of block.transactions) this.#seen(hashKey(txid), first.dag.virtualBlueScore);
    });
    this.#timers.push(world.timers.every(SETTLE_MS, () => this.#settleAll()));
    for (const source of sources) this.#split(source);
    this.#lastTick = world.clock.monotonic();
    this.#timers.push(world.timers.every(TICK_MS, () => this.#tick()));
  }

  /** Outputs of coinbases that can be spent, newest first. */
  #matureCoins(limit: number): OwnedCoin[] {
    const { nodes, keys, params } = this.#parts;
    const { dag } = nodes[0]!;
    const owners = new Map(keys.map((key) => [Buffer.from(key.pkScript).toString('hex'), key]));
    const coins: OwnedCoin[] = [];
    for (let height = dag.snapshot().maxHeight + 1 - params.coinbaseMaturity; height > 0; height--) {
      for (const hash of dag.blocksAtHeight(height)) {
        const coinbase = dag.getBlock(hash)?.transactions[0];
        const output = coinbase?.outputs[0];
        const key = output && owners.get(Buffer.from(output.pkScript).toString('hex'));
        if (!coinbase || !key || output.value < BigInt(SPLIT) * FEE * 1000n) continue;
        const outpoint = { hash: coinbase.txid, index: 0 };
        if (dag.outputRecord(outpoint).state !== ReplayState.unspent) continue;
        coins.push({ outpoint, value: output.value, key });
        if (coins.length === limit) return coins;
      }
    }
    return coins;
  }

  #split({ key, ...coin }: OwnedCoin): void {
    const share = coin.value / BigInt(SPLIT) - SPLIT_FEE_PER_OUTPUT;
    const owners = Array.from({ length: SPLIT }, () => this.#anyKey());
    const outputs = owners.map(({ pkScript }): TxOutput => ({ value: share, pkScript }));
    this.#send([key.pay([coin], outputs)], owners, true);
  }

  #tick(): void {
    if (this.#phase === 'settling') return;
    const now = this.#parts.world.clock.monotonic();
    // By the clock, since a busy event loop leaves ticks out; what a long halt would have brought is left out too.
    this.#due += (this.#parts.rate * Math.min(MAX_CATCH_UP_MS, now - this.#lastTick)) / 1000;
    this.#lastTick = now;
    for (; this.#due >= 1; this.#due--) {
      const coin = this.#coins[this.#nextCoin];
      if (coin) {
        this.#nextCoin++;
        this.#beginToPay();
        this.#pay(coin);
      } else if (this.#phase === 'paying') this.#counts.starved++;
    }
    if (this.#nextCoin < 10_000) return;
    this.#coins = this.#coins.slice(this.#nextCoin);
    this.#nextCoin = 0;
  }

  #beginToPay(): void {
    if (this.#phase !== 'splitting coins') return;
    this.#phase = 'paying';
    // Mining ahead as fast as it goes is another matter.
    this.#loop.reset();
  }

  #pay({ key, ...coin }: OwnedCoin): void {
    const payee = this.#anyKey();
    const value = coin.value - FEE;
    const payment = key.pay([coin], [{ value, pkScript: payee.pkScript }]);
    const isDouble = ++this.#made % DOUBLE_SPEND_EVERY === 0 && this.#parts.nodes.length > 1;
    // One nanoSoter apart, which makes no difference to miners: who wins is up to the order of the DAG alone.
    const rival = isDouble && key.pay([coin], [{ value: value - 1n, pkScript: payee.pkScript }]);
    this.#counts.sent++;
    this.#send(rival ? [payment, rival] : [payment], [payee], false);
  }

  #send(rivals: readonly Transaction[], owners: readonly TestKey[], isSplit: boolean): void {
    const { nodes, world } = this.#parts;
    const sentAt = world.clock.monotonic();
    const pending: Pending = { rivals, owners, sentAt, isSplit, includedBlue: undefined };
    let taken = 0;
    for (const [index, tx] of rivals.entries()) {
      try {
        nodes[(this.#made + index) % nodes.length]!.submitTransaction(tx);
        taken++;
      } catch (error) {
        if (!(error instanceof PolicyError)) throw error;
        // A rival may have come by network before.
        if (index === 0) this.#counts.refused++;
      }
    }
    if (taken === 0) return;
    this.#pending.add(pending);
    for (const { txid } of rivals) this.#byTxid.set(hashKey(txid), pending);
  }

  #seen(txid: string, blue: number): void {
    const pending = this.#byTxid.get(txid);
    if (!pending || pending.includedBlue !== undefined) return;
    pending.includedBlue = blue;
    if (pending.isSplit) return;
    this.#counts.included++;
    this.#inclusion.add(this.#parts.world.clock.monotonic() - pending.sentAt);
  }

  #settleAll(): void {
    const blue = Math.min(...this.#parts.nodes.map(({ dag }) => dag.virtualBlueScore));
    for (const pending of this.#pending) {
      if (pending.includedBlue !== undefined && blue >= pending.includedBlue + STABLE_BLUE) this.#settle(pending, blue);
    }
  }

  /** Asks every node which of the rivals came true. */
  #settle(pending: Pending, blue: number): void {
    const { nodes, world } = this.#parts;
    const { rivals, isSplit, sentAt } = pending;
    const winners = nodes.map((node) => rivals.findIndex((tx) => isApplied(node, tx)));
    const [winner] = winners as [number, ...number[]];
    const isUnanimous = winners.every((each) => each === winner);
    const isLate = blue >= pending.includedBlue! + LOST_BLUE;
    if ((!isUnanimous || winner === -1) && !isLate) return;
    this.#pending.delete(pending);
    for (const { txid } of rivals) this.#byTxid.delete(hashKey(txid));
    if (rivals.length > 1) {
      this.#counts.decided++;
      if (isUnanimous && winner !== -1) this.#counts.agreed++;
    }
    const tx = isUnanimous ? rivals[winner] : undefined;
    if (!tx) {
      this.#counts.lost++;
      return;
    }
    this.#keep(tx, pending.owners);
    if (isSplit) return;
    this.#counts.stable++;
    this.#stability.add(world.clock.monotonic() - sentAt);
  }

  /** The outputs of a stable transaction can be spent. */
  #keep({ txid, outputs }: Transaction, owners: readonly TestKey[]): void {
    for (const [index, { value }] of outputs.entries()) {
      const key = owners[index];
      if (key && value > 10n * FEE) this.#coins.push({ outpoint: { hash: txid, index }, value, key });
    }
  }

  #anyKey(): TestKey {
    const { keys, world } = this.#parts;
    return keys[world.random.below(keys.length)]!;
  }
}

/** The delay behind a sample of the event loop, nanoseconds, in milliseconds. */
function lateness(sample: number): number {
  return Math.max(0, sample / 1e6 - LOOP_RESOLUTION_MS);
}

/** Whether the order of a node lets a transaction count. */
function isApplied({ dag }: Node, { txid }: Transaction): boolean {
  const { state } = dag.outputRecord({ hash: txid, index: 0 });
  return state === ReplayState.unspent || state === ReplayState.spent;
}
