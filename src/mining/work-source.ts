import type { Random, World } from '../util/ports.ts';
import { Block } from '../wire/index.ts';
import { payingTo } from './coinbase.ts';
import { foldBranch } from './merkle-branch.ts';
import type { BlockTemplate, TemplateBuilder } from './template.ts';

/** A template of at least this age is replaced when the pool has changed, milliseconds. */
const OLD_WORK_MS = 60_000;

/** What a work source is told once. */
export interface WorkSourceOptions {
  /** Output scripts of the operator's addresses. */
  readonly payTo: readonly Uint8Array[];
}

/** What a work source works with. */
export interface WorkSourceDeps {
  readonly templates: Pick<TemplateBuilder, 'build' | 'refreshTime' | 'isCurrent' | 'sourceVersion'>;
  readonly world: Pick<World, 'clock'> & { readonly random: Pick<Random, 'below'> };
  /** Tells when the tips have changed; returns the function that ends it. */
  readonly onTipsChanged: (listener: () => void) => () => void;
  /** The same for transactions that enter the pool. */
  readonly onPoolChanged: (listener: () => void) => () => void;
}

/** A template as external miners get it. */
export interface Work {
  readonly template: BlockTemplate;
  /** When its transactions were chosen, Unix seconds: with the tips hash the name of the work. */
  readonly createdAt: number;
}

/**
 * Work for miners outside of this process. One template serves all of them: it is built again when the tips have changed, or
 * the pool has and a minute is over; until then only its time goes on. See docs/rpc.md.
 */
export class WorkSource {
  readonly #payTo: readonly Uint8Array[];
  readonly #deps: WorkSourceDeps;
  readonly #waiting = new Set<() => void>();
  #work: Work | undefined;
  #builtAt = 0;
  #unsubscribe: (() => void)[] = [];
  #stopped = false;

  constructor({ payTo }: WorkSourceOptions, deps: WorkSourceDeps) {
    this.#payTo = payTo;
    this.#deps = deps;
  }

  start(): void {
    const { onTipsChanged, onPoolChanged } = this.#deps;
    this.#unsubscribe = [
      onTipsChanged(() => this.#wake()),
      onPoolChanged(() => {
        if (this.#isOld()) this.#wake();
      }),
    ];
  }

  /** Sends everybody home who waits. */
  stop(): void {
    this.#stopped = true;
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#wake();
  }

  /**
   * The present work.
   * @param payAddress whether the coinbase must pay one of the operator's addresses; otherwise anyone could take the coins,
   *   and the miner puts in a coinbase of its own.
   * @throws {Error} if no template can be built.
   */
  current(payAddress: boolean): Work {
    const { templates } = this.#deps;
    if (!this.#work || !this.#isFresh(this.#work.template)) this.#build(payAddress);
    else this.#work = { ...this.#work, template: templates.refreshTime(this.#work.template) };
    const work = this.#work!;
    const payTo = payAddress && !work.template.paysAddress ? this.#drawAddress() : undefined;
    if (!payTo) return work;
    this.#work = { ...work, template: withPayment(work.template, payTo) };
    return this.#work;
  }

  /** Resolves when there is other work to be had, when `signal` aborts, or when this source is stopped. */
  async changed(signal: AbortSignal): Promise<void> {
    if (this.#stopped || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  #build(payAddress: boolean): void {
    const { templates, world } = this.#deps;
    const template = templates.build(payAddress ? this.#drawAddress() : undefined);
    this.#work = { template, createdAt: Math.floor(world.clock.now() / 1000) };
    this.#builtAt = world.clock.monotonic();
  }

  #isFresh(template: BlockTemplate): boolean {
    const { templates } = this.#deps;
    if (!templates.isCurrent(template)) return false;
    return templates.sourceVersion === template.sourceVersion || !this.#isOld();
  }

  #isOld(): boolean {
    return this.#deps.world.clock.monotonic() - this.#builtAt > OLD_WORK_MS;
  }

  #drawAddress(): Uint8Array | undefined {
    return this.#payTo[this.#deps.world.random.below(Math.max(1, this.#payTo.length))];
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

/** The same template with a coinbase that pays this output script. */
function withPayment(template: BlockTemplate, payTo: Uint8Array): BlockTemplate {
  const { header, parentsVersion, parents, transactions } = template.block;
  const [old, ...others] = transactions;
  const coinbase = payingTo(old, payTo);
  const block = new Block({
    header: header.with({ merkleRoot: foldBranch(coinbase.txid, template.branch) }),
    parentsVersion,
    parents,
    transactions: [coinbase, ...others],
  });
  return { ...template, block, paysAddress: true };
}
