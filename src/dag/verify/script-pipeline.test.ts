import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { payToPubKeyHash, publicKeyOf, ScriptBuilder, signInput } from '../../script/index.ts';
import { type Hash, hash160, hashToHex, sha256 } from '../../util/hash.ts';
import { silentLogger } from '../../util/log.ts';
import { SeededRandom } from '../../util/testing/seeded-random.ts';
import { Block, type OutPoint, Transaction, type TxOutput } from '../../wire/index.ts';
import type { Dag } from '../dag.ts';
import { InlineScriptVerifier } from '../rules/scripts.ts';
import { ANYONE, fingerprint, makeBlock, noWork, spend, TestDag, testParams } from '../testing/fixture.ts';
import { ScriptPipeline } from './script-pipeline.ts';
import { HeldWorkers, settled } from './testing.ts';

const privateKey = sha256(Uint8Array.of(1));
const publicKey = publicKeyOf(privateKey);
const KEY_SCRIPT = payToPubKeyHash(hash160(publicKey));

/** How a signature of a test turns out. */
type Signing = 'right' | 'wrong' | 'missing' | 'malformed';

function signed(
  prevouts: readonly OutPoint[],
  outputs: readonly TxOutput[],
  signings: readonly Signing[],
): Transaction {
  const plain = spend(prevouts, outputs);
  const scripts = signings.map((signing, inputIndex) => {
    if (signing === 'missing') return new Uint8Array();
    if (signing === 'malformed') return Uint8Array.of(0x4c);
    const signature = signInput({ tx: plain, inputIndex, scriptCode: KEY_SCRIPT, privateKey });
    if (signing === 'wrong') signature[20] ^= 1;
    return new ScriptBuilder().data(signature).data(publicKey).build();
  });
  const inputs = plain.inputs.map((input, i) => ({ ...input, signatureScript: scripts[i] }));
  return new Transaction({ version: 1, inputs, outputs, lockTime: 0 });
}

const OUTPUTS = 24;

/** A chain whose first blocks provide outputs, and whose others spend outputs of the blocks right before them. */
class SpendingChain {
  readonly blocks: Block[] = [];
  #coins: OutPoint[] = [];
  #tip: Hash = testParams.genesisHash;

  constructor() {
    for (let i = 0; i < 3; i++) this.add([]);
    const [source] = this.blocks;
    const value = source.transactions[0].outputs[0].value / BigInt(OUTPUTS);
    const outputs = Array.from({ length: OUTPUTS }, () => ({ value, pkScript: KEY_SCRIPT }));
    const fund = spend([{ hash: source.transactions[0].txid, index: 0 }], outputs);
    this.add([fund]);
    this.#coins = outputs.map((_, index) => ({ hash: fund.txid, index }));
  }

  add(transactions: readonly Transaction[]): Block {
    const block = makeBlock({ parents: [this.#tip], height: this.blocks.length + 1, transactions });
    this.blocks.push(block);
    this.#tip = block.hash;
    return block;
  }

  /** A transaction that spends as many of the next coins as there are signings; what it pays can be spent again. */
  spend(...signings: readonly Signing[]): Transaction {
    const prevouts = signings.map(() => this.#coins.shift()!);
    const outputs = signings.map(() => ({ value: 1n, pkScript: KEY_SCRIPT }));
    const tx = signed(prevouts, outputs, signings);
    this.#coins.push(...outputs.map((_, index) => ({ hash: tx.txid, index })));
    return tx;
  }
}

function pipelineOf(workers: HeldWorkers): { pipeline: ScriptPipeline; test: TestDag } {
  const inline = new InlineScriptVerifier();
  const pipeline = new ScriptPipeline({ workers, inline, logger: silentLogger });
  return { pipeline, test: new TestDag(undefined, testParams, noWork, pipeline) };
}

function verdict(dag: Dag, block: Block): string {
  try {
    return dag.processBlock(block).status;
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

/** What becomes of the blocks without a pipeline. */
function plainly(blocks: readonly Block[]): { verdicts: string[]; dag: Dag } {
  const { dag } = new TestDag();
  return { verdicts: blocks.map((block) => verdict(dag, block)), dag };
}

describe('blocks that were prepared', () => {
  test('are connected without running scripts again, outputs of waiting blocks included', async () => {
    const chain = new SpendingChain();
    chain.add([chain.spend('right', 'right'), chain.spend('right')]);
    for (let i = 0; i < 6; i++) chain.add([chain.spend('right', 'right', 'right', 'right')]);
    const workers = new HeldWorkers(1);
    const inline = new InlineScriptVerifier();
    let ranInline = 0;
    const counting = new ScriptPipeline({
      workers,
      inline: Object.assign(inline, {
        verify: (jobs: readonly unknown[]) => {
          ranInline += jobs.length;
          return undefined;
        },
      }),
      logger: silentLogger,
    });
    const { dag } = new TestDag(undefined, testParams, noWork, counting);
    const prepared = chain.blocks.slice(3);
    for (const block of chain.blocks.slice(0, 3)) dag.processBlock(block);
    for (const block of prepared) dag.preparation!.prepare(block);
    expect(prepared.some((block) => dag.preparation!.isBusy(block))).toBe(true);
    while (workers.questions > 0) {
      workers.started[0].answer();
      await settled();
    }
    expect(prepared.some((block) => dag.preparation!.isBusy(block))).toBe(false);
    for (const block of prepared) expect(verdict(dag, block)).toBe('accepted');
    expect(ranInline).toBe(0);
  });

  test('are forgotten whatever becomes of them', () => {
    const chain = new SpendingChain();
    const [early, late, unwanted] = [0, 1, 2].map(() => chain.add([chain.spend('right')]));
    const {
      test: { dag },
    } = pipelineOf(new HeldWorkers(1));
    for (const block of chain.blocks.slice(0, 4)) dag.processBlock(block);
    const preparation = dag.preparation!;
    for (const block of [early, late, unwanted]) preparation.prepare(block);
    expect([early, late, unwanted].map((block) => preparation.isBusy(block))).toEqual([true, true, true]);
    expect(verdict(dag, late)).toBe('orphan');
    expect(verdict(dag, early)).toBe('accepted');
    preparation.forget(unwanted);
    expect([early, late, unwanted].map((block) => preparation.isBusy(block))).toEqual([false, false, false]);
    expect(dag.haveBlock(late.hash)).toBe(true);
  });

  test('keep a worker busy with a bounded number of large batches', async () => {
    const chain = new SpendingChain();
    const many = Array.from({ length: 24 }, () => 'right' as const);
    for (let i = 0; i < 75; i++) chain.add([chain.spend(...many)]);
    const workers = new HeldWorkers(1);
    const {
      test: { dag },
    } = pipelineOf(workers);
    for (const block of chain.blocks.slice(0, 3)) dag.processBlock(block);
    for (const block of chain.blocks.slice(3)) dag.preparation!.prepare(block);
    expect(workers.questions).toBe(16);
    workers.started[0].answer();
    await settled();
    expect(workers.questions).toBe(16);
    expect(workers.started[0].questions[1].batch.byteLength).toBeGreaterThan(10_000);
  });

  test('tell when work was done, by others or by assisting', async () => {
    const chain = new SpendingChain();
    const block = chain.add([chain.spend('right')]);
    const workers = new HeldWorkers(1);
    const {
      test: { dag },
    } = pipelineOf(workers);
    const { preparation } = dag;
    let told = 0;
    const off = preparation!.onProgress(() => told++);
    for (const before of chain.blocks.slice(0, 4)) dag.processBlock(before);
    preparation!.prepare(block);
    expect(preparation!.assist()).toBe(false);
    workers.started[0].answer();
    await settled();
    expect(told).toBe(1);
    off();
  });
});

test('blocks that break a rule by themselves are not worked on', () => {
  const chain = new SpendingChain();
  const good = chain.add([chain.spend('right')]);
  const { header, parentsVersion, parents, transactions } = good;
  const bad = new Block({
    header: header.with({ merkleRoot: sha256(Uint8Array.of(1)) }),
    parentsVersion,
    parents,
    transactions,
  });
  const workers = new HeldWorkers(1);
  const {
    test: { dag },
  } = pipelineOf(workers);
  for (const block of chain.blocks.slice(0, 4)) dag.processBlock(block);
  dag.preparation!.prepare(bad);
  expect(workers.questions).toBe(0);
  expect(verdict(dag, bad)).toMatch(/^ErrBadMerkleRoot/u);
});

test('a wrong signature in the middle of a batch fails its block alone, with the usual text', async () => {
  const chain = new SpendingChain();
  const blocks = [
    chain.add([chain.spend('right', 'right')]),
    chain.add([chain.spend('right'), chain.spend('right', 'wrong'), chain.spend('missing')]),
  ];
  const workers = new HeldWorkers(1);
  const {
    test: { dag },
  } = pipelineOf(workers);
  for (const block of chain.blocks.slice(0, 4)) dag.processBlock(block);
  for (const block of blocks) dag.preparation!.prepare(block);
  while (workers.questions > 0) {
    workers.started[0].answer();
    await settled();
  }
  const verdicts = blocks.map((block) => verdict(dag, block));
  expect(verdicts[0]).toBe('accepted');
  expect(verdicts[1]).toContain(`${hashToHex(blocks[1].transactions[2].txid)}:1`);
  expect(verdicts).toEqual(plainly(chain.blocks).verdicts.slice(4));
});

describe('without workers', () => {
  test('a worker that dies leaves its work to the main thread', async () => {
    const chain = new SpendingChain();
    const blocks = [chain.add([chain.spend('right', 'right')]), chain.add([chain.spend('wrong')])];
    const workers = new HeldWorkers(1);
    const {
      test: { dag },
    } = pipelineOf(workers);
    for (const block of chain.blocks.slice(0, 4)) dag.processBlock(block);
    for (const block of blocks) dag.preparation!.prepare(block);
    workers.started[0].fail();
    await settled();
    expect(blocks.some((block) => dag.preparation!.isBusy(block))).toBe(false);
    expect(blocks.map((block) => verdict(dag, block))).toEqual(plainly(chain.blocks).verdicts.slice(4));
    // It stays dead.
    dag.preparation!.prepare(chain.add([chain.spend('right')]));
    expect(workers.questions).toBe(0);
  });

  test('closing ends the workers, and blocks are still judged', async () => {
    const chain = new SpendingChain();
    const block = chain.add([chain.spend('right')]);
    const workers = new HeldWorkers(2);
    const {
      pipeline,
      test: { dag },
    } = pipelineOf(workers);
    for (const before of chain.blocks.slice(0, 4)) dag.processBlock(before);
    dag.preparation!.prepare(block);
    await pipeline.close();
    await pipeline.close();
    expect(workers.started.map(({ closed }) => closed)).toEqual([true, true]);
    expect(dag.preparation!.isBusy(block)).toBe(false);
    dag.preparation!.prepare(chain.add([chain.spend('right')]));
    expect(verdict(dag, block)).toBe('accepted');
  });
});

test('verdicts and state are those without a pipeline, whatever is done when', async () => {
  const signing = fc.constantFrom<Signing>(
    'right',
    'right',
    'right',
    'right',
    'right',
    'wrong',
    'missing',
    'malformed',
  );
  const blockPlan = fc.array(fc.array(signing, { minLength: 1, maxLength: 3 }), { maxLength: 3 });
  const plans = fc.array(blockPlan, { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(plans, fc.integer(), async (plan, seed) => {
      const chain = new SpendingChain();
      for (const transactions of plan) chain.add(transactions.map((signings) => chain.spend(...signings)));
      const random = new SeededRandom(seed);
      const workers = new HeldWorkers(1 + random.below(2));
      const {
        test: { dag },
      } = pipelineOf(workers);
      const verdicts: string[] = [];
      const prepared = new Set<Block>();
      while (verdicts.length < chain.blocks.length) {
        const next = chain.blocks[verdicts.length];
        const ahead = chain.blocks[Math.min(chain.blocks.length - 1, verdicts.length + random.below(5))];
        switch (random.below(8)) {
          case 0:
          case 1:
          case 2:
            if (!prepared.has(ahead)) dag.preparation!.prepare(ahead);
            prepared.add(ahead);
            break;
          case 3:
            dag.preparation!.assist();
            break;
          case 4:
          case 5:
            for (const worker of workers.started) if (random.below(2) === 0) worker.answer();
            await settled();
            break;
          case 6:
            if (random.below(10) === 0) workers.started[0]?.fail();
            await settled();
            break;
          default:
            verdicts.push(verdict(dag, next));
        }
      }
      const plain = plainly(chain.blocks);
      expect(verdicts).toEqual(plain.verdicts);
      expect(fingerprint(dag)).toEqual(fingerprint(plain.dag));
    }),
    { numRuns: 60 },
  );
});

test('an output is only believed to be what was verified', async () => {
  // The transaction is prepared when what it spends is not known; it must be verified in its turn.
  const chain = new SpendingChain();
  const [first] = chain.blocks;
  const block = makeBlock({
    parents: [first.hash],
    height: 2,
    transactions: [spend([{ hash: first.transactions[0].txid, index: 0 }], [{ value: 1n, pkScript: ANYONE }])],
  });
  const workers = new HeldWorkers(1);
  const {
    test: { dag },
  } = pipelineOf(workers);
  dag.preparation!.prepare(block);
  workers.started[0].answer();
  await settled();
  dag.processBlock(first);
  expect(verdict(dag, block)).toMatch(/^ErrImmatureSpend/u);
});
