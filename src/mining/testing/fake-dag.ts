import type { NetworkParams } from '../../params/index.ts';
import { compareHashes, type Hash, hashKey } from '../../util/hash.ts';
import type { Clock } from '../../util/ports.ts';
import { type Block, compactToTarget, hashToTarget, type OutPoint, tipsHash } from '../../wire/index.ts';
import type { BlockSink, StoredOutput, SubmitOutcome, TemplateDag } from '../ports.ts';

/** A DAG reduced to what mining sees of it: parents, heights and tips. Knows no transactions, scripts or retargets. */
export class FakeDag implements TemplateDag, BlockSink {
  readonly params: NetworkParams;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #blocks = new Map<string, { readonly block: Block; readonly height: number }>();
  readonly #listeners = new Set<() => void>();
  readonly outputs = new Map<string, StoredOutput>();
  /** All accepted blocks, in order. */
  readonly accepted: Block[] = [];
  tips: Hash[];
  bits: number;
  /** By key of a block; others have the time of genesis. */
  readonly medianTimes = new Map<string, number>();
  /** Thrown by the next calls of {@link checkTemplate} while set. */
  templateError: Error | undefined;
  /** Thrown by the next calls of {@link submit} while set. */
  submitError: Error | undefined;
  templatesChecked = 0;

  constructor(params: NetworkParams, clock: Pick<Clock, 'now'>) {
    this.params = params;
    this.#clock = clock;
    this.#blocks.set(hashKey(params.genesisHash), { block: params.genesis, height: 0 });
    this.tips = [params.genesisHash];
    this.bits = params.powLimitBits;
  }

  snapshot(): { tips: Hash[]; hash: Hash; minHeight: number; maxHeight: number } {
    const heights = this.tips.map((tip) => this.#blocks.get(hashKey(tip))!.height);
    const [minHeight, maxHeight] = [Math.min(...heights), Math.max(...heights)];
    return { tips: [...this.tips], hash: tipsHash(this.tips), minHeight, maxHeight };
  }

  medianTime(hash: Hash): number {
    return this.medianTimes.get(hashKey(hash)) ?? this.params.genesis.header.timestamp;
  }

  requiredBits(): number {
    return this.bits;
  }

  adjustedTime(): number {
    return Math.floor(this.#clock.now() / 1000);
  }

  getBlock(hash: Hash): Block | undefined {
    return this.#blocks.get(hashKey(hash))?.block;
  }

  utxo({ hash, index }: OutPoint): StoredOutput | undefined {
    return this.outputs.get(`${hashKey(hash)}${index}`);
  }

  addOutput({ hash, index }: OutPoint, output: StoredOutput): void {
    this.outputs.set(`${hashKey(hash)}${index}`, output);
  }

  checkTemplate(block: Block): void {
    this.templatesChecked++;
    if (this.templateError) throw this.templateError;
    if (hashKey(block.header.prevBlock) !== hashKey(tipsHash(this.tips))) throw new Error('not on the current tips');
  }

  onTipsChanged(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  submit(block: Block): SubmitOutcome {
    if (this.submitError) throw this.submitError;
    const { header, parentHashes } = block;
    if (hashToTarget(block.hash) > compactToTarget(header.bits)) throw new Error('block hash is above the target');
    if (hashKey(header.prevBlock) !== hashKey(tipsHash(parentHashes))) throw new Error('prevBlock is not the parents');
    if (this.#blocks.has(hashKey(block.hash))) throw new Error('already have block');
    this.connect(block);
    return { status: 'accepted' };
  }

  /** Adds a block without any check. */
  connect(block: Block): void {
    const heights = block.parentHashes.map((parent) => this.#blocks.get(hashKey(parent))!.height);
    this.#blocks.set(hashKey(block.hash), { block, height: 1 + Math.max(...heights) });
    const parents = new Set(block.parentHashes.map(hashKey));
    this.tips = this.tips.filter((tip) => !parents.has(hashKey(tip))).sort(compareHashes);
    this.tips.push(block.hash);
    this.accepted.push(block);
    for (const listener of [...this.#listeners]) listener();
  }
}
