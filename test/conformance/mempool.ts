import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { FeeEstimateError, FeeEstimator } from '../../src/mempool/index.ts';
import { bytesToHex, hexToBytes } from '../../src/util/bytes.ts';
import { hashFromHex, hashKey } from '../../src/util/hash.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { Replay, type ScenarioRecord } from './mempool-replay.ts';
import type { Suite, SuiteContext } from './suite.ts';

interface Verdict {
  readonly accepted: boolean;
  readonly code?: number;
  /** Long texts are cut and end in three points. */
  readonly message?: string;
  readonly reject_code?: number;
}

/** A case in which the recorded node takes what can never come true. */
interface Deviation {
  readonly reason: string;
  /** What is answered here. */
  readonly message: RegExp;
}

const WORTHLESS =
  'the order has spent this output already; a block with this transaction would collect a fee that is not there';
const SPENT =
  /^TX rejected: orphan transaction [0-9a-f]{64} references outputs of unknown or fully-spent transaction /u;
const deviations = new Map<string, Deviation>([
  [
    'exists-confirmed-spent',
    {
      reason: 'the transaction is confirmed; there it may be mined again',
      message: /^TX rejected: transaction already exists$/u,
    },
  ],
  [
    'doublespend-confirmed',
    { reason: `refused there for a conflict with the case before; ${WORTHLESS}`, message: SPENT },
  ],
  ['ds-confirmed', { reason: WORTHLESS, message: SPENT }],
  ['ds-confirmed-child', { reason: `its parent is refused: ${WORTHLESS}`, message: SPENT }],
  ['ds-again', { reason: WORTHLESS, message: SPENT }],
]);
/** Cases that spend what block 124 has spent, and are about something else: they are played on a chain that ends before. */
const BEFORE_BLOCK_124 = /^seqlock2-/u;

interface Scenarios {
  readonly main: { readonly start_blocks: number; readonly records: readonly ScenarioRecord[] };
  readonly doubleSpend: { readonly records: readonly ScenarioRecord[] };
  readonly fresh: { readonly cases: readonly ScenarioRecord[]; readonly blocks: readonly string[] };
}

function scenarios({ json }: SuiteContext): Scenarios {
  return {
    main: json('mempool/scenario_main.json.gz'),
    doubleSpend: json('mempool/scenario_doublespend.json.gz'),
    fresh: json('mempool/scenario_fresh.json.gz'),
  };
}

/** Replays everything on nodes of all profiles. */
function replayAll(context: SuiteContext): { replay: Replay; records: readonly ScenarioRecord[] } {
  const { main, doubleSpend, fresh } = scenarios(context);
  const chain = context.json<readonly string[]>('mempool/chain.json.gz');
  const profiles = ['default', 'rejectnonstd'];
  const replay = new Replay();
  for (const profile of profiles) replay.add(profile, chain.slice(0, main.start_blocks));
  for (const record of main.records) replay.play(record);
  // The third node was started for the limiter; blocks of the scenarios do not reach it.
  replay.add('limitfreerelay=0.04', chain.slice(0, 121));
  const apart = doubleSpend.records.filter(({ id }) => BEFORE_BLOCK_124.test(id));
  for (const record of doubleSpend.records) if (!apart.includes(record)) replay.play(record);
  const young = replay.add('fresh', fresh.blocks.slice(0, 3));
  for (const [i, record] of fresh.cases.entries()) {
    if (i === 2) young.connect(fresh.blocks.slice(3, 98));
    if (i === 3) young.connect(fresh.blocks.slice(98, 99));
    replay.play(record);
  }
  for (const profile of profiles) replay.add(profile, chain.slice(0, 123));
  for (const record of apart) replay.play(record);
  return { replay, records: [...main.records, ...doubleSpend.records, ...fresh.cases] };
}

/** All verdicts of the summary, as RPC clients see them. */
const verdicts: Suite = {
  name: 'mempool/verdicts',
  async run(context) {
    const { replay, records } = replayAll(context);
    const cases =
      context.json<readonly { readonly id: string; readonly verdicts: { [profile: string]: Verdict } }[]>(
        'mempool/verdicts.json',
      );
    for (const { id, verdicts: expected } of cases) {
      const deviation = deviations.get(id);
      if (deviation) context.deviation(id, deviation.reason);
      await context.check(id, () => {
        for (const [profile, verdict] of Object.entries(expected)) {
          const answer = replay.answers.get(`${id} ${profile}`);
          ok(answer, `${profile}: not played`);
          if (deviation) {
            strictEqual(answer.accepted, false);
            match(answer.message ?? '', deviation.message);
          } else {
            // The scenario has the whole text that the summary may have cut.
            const record = records.find((each) => each.id === id && each.profile === profile);
            deepStrictEqual(answer, { accepted: verdict.accepted, ...record?.error }, profile);
            if (verdict.message) ok(answer.message?.startsWith(verdict.message.replace(/\.\.\.$/u, '')));
            strictEqual(answer.code, verdict.code);
          }
        }
      });
    }
  },
};

/** Reject messages that peers get, answers to queries, and the contents of the pool between the steps. */
const scenarioSuite: Suite = {
  name: 'mempool/scenarios',
  async run(context) {
    const { replay, records } = replayAll(context);
    for (const record of records) {
      const key = `${record.id} ${record.profile}`;
      const reject = replay.rejects.get(key);
      if (reject === undefined || deviations.has(record.id)) continue;
      await context.check(`reject ${key}`, () => {
        const { code, reason } = record.p2p_reject ?? {};
        deepStrictEqual(reject, record.p2p_reject ? { code, reason } : null);
      });
    }
    for (const [key, { expected, actual }] of replay.queries) {
      await context.check(key, () => strictEqual(actual, expected));
    }
    for (const [key, { expected, actual }] of replay.snapshots) {
      await context.check(key, () => deepStrictEqual(actual, withoutTimes(expected)));
    }
  },
};

function withoutTimes(snapshot: unknown): unknown {
  return JSON.parse(JSON.stringify(snapshot, (key, value: unknown) => (key === 'time' ? undefined : value)));
}

interface EstimatorStep {
  readonly op: 'observe' | 'register';
  readonly txid?: string;
  readonly tx?: number;
  readonly vsize?: number;
  readonly fee?: number;
  readonly height: number;
  readonly txs?: readonly number[] | null;
  readonly error?: string;
  readonly estimates?: readonly string[];
}

const estimator: Suite = {
  name: 'mempool/fee_estimator',
  async run(context) {
    const { steps, saved_state } = context.json<{
      readonly steps: readonly EstimatorStep[];
      readonly saved_state: string;
    }>('mempool/fee_estimator.json');
    const random = new SeededRandom(1);
    const fees = new FeeEstimator(random);
    const keys: string[] = [];
    for (const [i, step] of steps.entries()) {
      if (step.op === 'observe') {
        const key = hashKey(hashFromHex(step.txid!));
        keys[step.tx!] = key;
        fees.observe({ key, feeValue: step.fee!, virtualSize: step.vsize!, height: step.height });
        continue;
      }
      await context.check(`step ${i}: register ${step.height}`, () => {
        const block = new Uint8Array(32).fill(step.height);
        const error = outcome(() =>
          fees.registerBlock(
            step.height,
            block,
            (step.txs ?? []).map((tx) => keys[tx]),
          ),
        );
        strictEqual(error ?? '<nil>', step.error);
        for (const line of step.estimates ?? []) {
          const [blocks, expected] = line.split(': ', 2);
          let actual = '';
          const problem = outcome(() => {
            actual = String(fees.estimate(Number(blocks)));
          });
          strictEqual(problem === undefined ? actual : `error ${problem}`, expected, line);
        }
      });
    }
    await context.check('saved state', () => {
      // The recording keeps transactions that can never matter again, and block hashes of its own.
      const restored = FeeEstimator.restore(hexToBytes(saved_state), random);
      ok(restored);
      strictEqual(bytesToHex(restored.save()), saved_state);
      for (let blocks = 1; blocks <= 25; blocks++) strictEqual(restored.estimate(blocks), fees.estimate(blocks));
    });
  },
};

function outcome(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof FeeEstimateError) return error.message;
    throw error;
  }
}

/** The memory pool against recorded nodes. */
export const mempoolSuites: readonly Suite[] = [verdicts, scenarioSuite, estimator];
