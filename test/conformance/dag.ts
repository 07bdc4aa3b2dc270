import assert from 'node:assert/strict';
import { AssertError, Dag, type ProcessResult, ReplayState, RuleError } from '../../src/dag/index.ts';
import { decodeRecord } from '../../src/dag/outputs/output-record.ts';
import type { NetworkParams } from '../../src/params/index.ts';
import { sha256dPow } from '../../src/pow/index.ts';
import { MemoryStore } from '../../src/store/index.ts';
import { hexToBytes } from '../../src/util/bytes.ts';
import { type Hash, hashFromHex, hashToHex } from '../../src/util/hash.ts';
import { Block, WireError } from '../../src/wire/index.ts';
import {
  type RecordedBlock,
  type RecordedFinal,
  type RecordedOutput,
  type RecordedState,
  type Scenario,
  simnet,
} from './dag-recording.ts';
import type { Suite, SuiteContext } from './suite.ts';

/** A time at which no recorded block is too new, except the one that is meant to be. */
const NOW = Date.UTC(2030, 0, 1);

/** One node on an empty store in memory, and what it told since it was last asked. */
class Node {
  readonly dag: Dag;
  readonly #store: MemoryStore;
  readonly #params: NetworkParams;
  notifications: string[] = [];

  constructor(params: NetworkParams, store = new MemoryStore()) {
    this.#params = params;
    this.#store = store;
    const clock = { now: () => NOW, monotonic: () => NOW };
    this.dag = new Dag({ params }, { store, clock, pow: sha256dPow });
    this.dag.open();
    const tell = (type: string) => (info: { hash: Hash }) =>
      this.notifications.push(`${type} ${hashToHex(info.hash).slice(0, 8)}`);
    this.dag.events.on('connected', tell('NTBlockConnected'));
    this.dag.events.on('accepted', tell('NTBlockAccepted'));
  }

  /** What a process finds that starts on the same data. */
  async restarted(): Promise<Node> {
    await this.dag.close();
    return new Node(this.#params, this.#store.reopen());
  }

  /** Outputs that the replay knows, whatever became of them. */
  get replayedOutputs(): number {
    let count = 0;
    for (const { value } of this.#store.table('outputs').range()) {
      if (decodeRecord(value).state !== ReplayState.absent) count++;
    }
    return count;
  }

  process(hex: string): ProcessResult {
    return this.dag.processBlock(Block.fromBytes(hexToBytes(hex), 2));
  }
}

/** The node's state in the form of the recordings. */
function stateOf(dag: Dag): RecordedState {
  const { hash, minHeight, maxHeight, blockCount } = dag.snapshot();
  const best = dag.bestState();
  return {
    best: hashToHex(best.hash),
    bestHeight: best.height,
    minHeight,
    maxHeight,
    blockCount,
    dagHash: hashToHex(hash),
    totalTxns: best.totalTxs,
    orphans: dag.orphanCount,
  };
}

/** Compares the state; a blank best block of the recording is not compared, it was random there. */
function assertState(dag: Dag, recorded: RecordedState): void {
  const state = stateOf(dag);
  for (const name of ['minHeight', 'maxHeight', 'blockCount', 'dagHash', 'totalTxns', 'orphans'] as const) {
    assert.equal(state[name], recorded[name], name);
  }
  if (recorded.best === '') return;
  assert.equal(state.best, recorded.best, 'best');
  assert.equal(state.bestHeight, recorded.bestHeight, 'bestHeight');
}

/** Feeds one block and compares verdict, code, message and notifications. */
function assertVerdict(node: Node, block: RecordedBlock, notified: boolean): void {
  node.notifications = [];
  const process = (): ProcessResult => node.process(block.hex);
  switch (block.verdict) {
    case 'accepted':
    case 'orphan':
      assert.equal(process().status, block.verdict);
      break;
    case 'rejected':
      assert.throws(process, (error) => {
        assert(error instanceof RuleError, `not a rule error: ${error}`);
        assert.deepEqual([error.code, error.message], [block.code, block.message]);
        return true;
      });
      break;
    case 'error':
      assert.throws(process, (error) => {
        assert(error instanceof AssertError, `not an assertion: ${error}`);
        assert.equal(error.message, block.message);
        return true;
      });
      break;
    case 'undecodable':
      assert.throws(process, (error) => error instanceof WireError && error.message === block.message);
      break;
    default:
      assert.fail(`verdict ${block.verdict} is not to be compared`);
  }
  if (notified && block.notifications) assert.deepEqual(node.notifications, block.notifications);
}

const hexes = (hashes: Iterable<Hash>): string[] => Array.from(hashes, hashToHex);

function assertFinal(node: Node, final: RecordedFinal): void {
  const { dag } = node;
  assertState(dag, { ...final, order: undefined });
  assert.deepEqual(hexes(dag.order()), final.order, 'order');
  assert.deepEqual(hexes(dag.virtualBlueSet()).sort(), final.blueSet, 'blue set');
  const blue = dag.coloring().filter(({ isBlue }) => isBlue);
  const order = new Set(final.order);
  assert.deepEqual(
    hexes(blue.map(({ hash }) => hash)).sort(),
    final.coloringOfBest.filter((hash) => order.has(hash)),
  );
}

/** Compares the outputs that the recording names in both views, and that there are no more of them. */
function assertOutputs(node: Node, final: RecordedFinal): void {
  const { dag } = node;
  const at = ({ tx, n }: RecordedOutput) => ({ hash: hashFromHex(tx), index: n });
  const states: Record<number, string> = {
    [ReplayState.unspent]: 'unspent',
    [ReplayState.spent]: 'spent',
    [ReplayState.ignored]: 'ignored',
  };
  for (const recorded of final.view ?? []) {
    const { state, entry } = dag.outputRecord(at(recorded));
    const name = `view ${recorded.tx}:${recorded.n}`;
    const expected = recorded.ignored ? 'ignored' : recorded.spent ? 'spent' : 'unspent';
    assert.equal(states[state], expected, name);
    assert.equal(Number(entry?.value), recorded.amount, name);
    assert.equal(entry?.height, recorded.height, name);
    assert.equal(entry?.isCoinbase, recorded.coinbase, name);
  }
  if (final.view) assert.equal(node.replayedOutputs, final.view.length, 'number of outputs in the view');
  for (const recorded of final.storedUtxos ?? []) {
    const output = dag.utxo(at(recorded));
    const name = `stored ${recorded.tx}:${recorded.n}`;
    assert(output, name);
    assert.equal(Number(output.value), recorded.amount, name);
    assert.equal(output.height, recorded.height, name);
    assert.equal(output.isCoinbase, recorded.coinbase, name);
  }
  if (final.storedUtxos) assert.equal(dag.outputCount, final.storedUtxos.length, 'number of stored outputs');
}

/** The hashes of the recorded order, which names blocks by their place in the scenario. */
function orderOf(params: NetworkParams, blocks: readonly RecordedBlock[], order: readonly number[]): string[] {
  return order.map((index) => (index === -1 ? hashToHex(params.genesisHash) : blocks[index].hash));
}

/**
 * Feeds a whole scenario: one case a block, then the final state, then the same again after a restart.
 * @param base blocks that come first and are not part of the recording's figures.
 */
async function runScenario(
  context: SuiteContext,
  scenario: Scenario,
  base: readonly RecordedBlock[] = [],
  known: readonly RecordedBlock[] = scenario.blocks,
): Promise<void> {
  const params = simnet(scenario.params);
  const node = new Node(params);
  const label = (text: string): string => (scenario.params ? `${scenario.name}: ${text}` : text);
  for (const block of base) node.process(block.hex);
  for (const [index, block] of scenario.blocks.entries()) {
    const note = block.note && block.note !== 'base' ? ` (${block.note})` : '';
    await context.check(label(`block ${index}${note}`), () => {
      assertVerdict(node, block, true);
      if (!block.state) return;
      assertState(node.dag, block.state);
      if (block.state.order) {
        assert.deepEqual(hexes(node.dag.order()), orderOf(params, known, block.state.order), 'order');
      }
    });
  }
  const { final } = scenario;
  if (!final) return;
  await context.check(label('final state'), () => assertFinal(node, final));
  await context.check(label('tips in snapshot order'), () =>
    assert.deepEqual(hexes(node.dag.snapshot().tips), final.tips),
  );
  await context.check(label('final outputs'), () => assertOutputs(node, final));
  const sum = hashToHex(node.dag.outputSetHash());
  await context.check(label('all of it again after a restart'), async () => {
    const again = await node.restarted();
    assertFinal(again, { ...final, orphans: 0 });
    assertOutputs(again, final);
    assert.equal(hashToHex(again.dag.outputSetHash()), sum);
  });
}

const file = (name: string): string => `dag/${name}.json.gz`;

const plain = (name: string): Suite => ({
  name: `dag/${name}`,
  run: (context) => runScenario(context, context.json<Scenario>(file(name))),
});

/** The blocks of `transactions` in another order: the second of two parallel spenders comes first and is refused. */
const transactionsP2First: Suite = {
  name: 'dag/transactions-p2-first',
  async run(context) {
    const { blocks } = context.json<Scenario>(file('transactions'));
    const scenario = context.json<Scenario>(file('transactions-p2-first'));
    const byHash = new Map(blocks.map((block) => [block.hash, block.hex]));
    const base = blocks.filter(({ note }) => note === 'base');
    const filled = scenario.blocks.map((block) => ({ ...block, hex: byHash.get(block.hash)! }));
    const arrival = scenario.extra!.arrival;
    const known = arrival.map((index) => blocks[index]);
    await runScenario(context, { ...scenario, blocks: filled }, base, known);
  },
};

const difficulty: Suite = {
  name: 'dag/difficulty',
  async run(context) {
    for (const scenario of context.json<Scenario[]>(file('difficulty'))) await runScenario(context, scenario);
  },
};

/** Blocks that each break one rule; three of them we treat better than the recorded node, see docs/compatibility.md. */
const invalid: Suite = {
  name: 'dag/invalid',
  async run(context) {
    const { blocks } = context.json<Scenario>(file('invalid'));
    const node = new Node(simnet());
    for (const [index, block] of blocks.entries()) {
      const name = `block ${index} (${block.note})`;
      const before = stateOf(node.dag);
      if (block.verdict === 'panic') {
        context.deviation(name, 'refused without a trace; the recorded node crashes');
        await context.check(name, () => {
          assert.throws(() => node.process(block.hex), AssertError);
          assert.equal(node.dag.haveBlock(hashFromHex(block.hash)), false);
        });
      } else if (block.note === 'the same mismatching block again') {
        context.deviation(
          name,
          'refused as the first time; the recorded node now knows its hash and shuts the true block out',
        );
        await context.check(name, () => {
          assert.throws(() => node.process(block.hex), AssertError);
          assert.equal(node.dag.haveBlock(hashFromHex(block.hash)), false);
        });
      } else {
        await context.check(name, () => assertVerdict(node, block, false));
      }
      if (block.verdict === 'accepted' || block.verdict === 'orphan') continue;
      await context.check(`${name}: changes nothing`, () => assert.deepEqual(stateOf(node.dag), before));
    }
    await context.check('failed blocks stay failed after a restart', async () => {
      const again = await node.restarted();
      const failed = blocks.find(({ note }) => note?.startsWith('bad coinbase value again'))!;
      const child = blocks.find(({ note }) => note === 'child of a failed block')!;
      assert.equal(again.dag.blockStatus(hashFromHex(failed.hash)), 'failed');
      assertVerdict(
        again,
        { ...failed, code: 'ErrDuplicateBlock', message: `already have block ${failed.hash}` },
        false,
      );
      assertVerdict(again, child, false);
    });
  },
};

interface SubmittedStep {
  readonly step: string;
  readonly blockHex?: string;
  readonly hash?: string;
  readonly submitblock?: string | null;
  readonly nodeServesExactlyTheseBytesAfterwards?: boolean;
  readonly params?: readonly number[];
  readonly result?: number | readonly string[];
}

/** The answer of `submitblock`. */
function submit(node: Node, hex: string): string | null {
  try {
    node.process(hex);
    return null;
  } catch (error) {
    if (error instanceof RuleError || error instanceof AssertError) return `rejected: ${error.message}`;
    throw error;
  }
}

/** Changed sub-headers under one hash: the recorded node is cut off by them, we are not. */
const malleability: Suite = {
  name: 'dag/malleability',
  async run(context) {
    const { steps } = context.json<{ steps: SubmittedStep[] }>('wire/gen2/malleability.json');
    const node = new Node(simnet());
    let shutOut = false;
    for (const { step, blockHex, hash, submitblock, result, nodeServesExactlyTheseBytesAfterwards } of steps) {
      await context.check(step, () => {
        if (!blockHex || !hash) {
          assert.equal(node.dag.snapshot().blockCount, shutOut ? Number(result) + 1 : result);
          return;
        }
        const answer = submit(node, blockHex);
        if (step === 'true block 2') {
          shutOut = true;
          context.deviation(step, 'accepted; the recorded node kept the false copy and shuts the true block out');
          assert.equal(answer, null);
        } else {
          assert.equal(answer, submitblock);
        }
        const served = node.dag.getBlockBytes(hashFromHex(hash));
        const canonical = Block.fromBytes(hexToBytes(blockHex), 2).toBytes();
        if (answer?.startsWith('rejected: assertion')) assert.equal(served, undefined);
        else if (step.includes('trailing bytes')) {
          context.deviation(step, 'served in canonical form, without the trailing bytes');
          assert.deepEqual(Buffer.from(served!), Buffer.from(canonical));
          assert.equal(canonical.length, blockHex.length / 2 - 3);
        } else {
          const same = Buffer.compare(served!, hexToBytes(blockHex)) === 0;
          assert.equal(same, answer === null || nodeServesExactlyTheseBytesAfterwards);
        }
      });
    }
  },
};

const oddParents: Suite = {
  name: 'dag/odd-parents',
  async run(context) {
    const { steps } = context.json<{ steps: SubmittedStep[] }>('wire/gen2/odd_parents.json');
    const node = new Node(simnet());
    for (const { step, blockHex, hash, submitblock, params, result } of steps) {
      await context.check(params ? `${step} ${params.join()}` : step, () => {
        if (!blockHex) {
          if (step === 'getblockcount') assert.equal(node.dag.snapshot().blockCount, result);
          else assert.deepEqual(hexes(node.dag.blocksAtHeight(params![0])), result);
        } else if (submitblock === null) {
          assert.equal(submit(node, blockHex), null);
        } else {
          context.deviation(step, 'refused; the recorded node crashes');
          assert.match(submit(node, blockHex) ?? 'accepted', /^rejected: assertion failed: block has no parents$/u);
          assert.equal(node.dag.haveBlock(hashFromHex(hash!)), false);
        }
      });
    }
  },
};

/** Blocks through the whole consensus core, against what soterd 2.1.1 said about them. */
export const dagSuites: readonly Suite[] = [
  plain('linear'),
  plain('wide'),
  plain('wide-shuffled'),
  plain('transactions'),
  transactionsP2First,
  plain('odd-accepted'),
  plain('redundant-parent'),
  plain('malleable-parents'),
  invalid,
  difficulty,
  malleability,
  oddParents,
];
