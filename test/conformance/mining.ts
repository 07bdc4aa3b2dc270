import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { Dag } from '../../src/dag/index.ts';
import { priorityAt } from '../../src/mempool/priority.ts';
import {
  type BlockTemplate,
  coinbaseScript,
  foldBranch,
  merkleBranch,
  searchJob,
  solvedBlock,
  TemplateBuilder,
  type TemplatePolicyOptions,
  templatePolicy,
  withExtraNonce,
} from '../../src/mining/index.ts';
import { Search } from '../../src/mining/search.ts';
import { type Accepted, poolEntries, sourceOf } from '../../src/mining/testing/pool.ts';
import { NETWORK_NAMES, networkParams, subsidy } from '../../src/params/index.ts';
import { sha256dPow } from '../../src/pow/index.ts';
import { sigOpCost } from '../../src/script/index.ts';
import { MemoryStore } from '../../src/store/index.ts';
import { bytesToHex, hexToBytes } from '../../src/util/bytes.ts';
import { hashToHex } from '../../src/util/hash.ts';
import { Block, Transaction } from '../../src/wire/index.ts';
import type { Suite, SuiteContext } from './suite.ts';

const params = networkParams('simnet');
const CHAIN = 'mempool/chain.json.gz';

interface Template {
  readonly bits: string;
  readonly curtime: number;
  readonly height: number;
  readonly previousblockhash: string;
  readonly version: number;
  readonly mintime: number;
  readonly target: string;
  readonly default_witness_commitment?: string;
  /** Absent in the form without coinbase, which has the value instead. */
  readonly coinbasetxn?: { readonly data: string; readonly fee: number; readonly sigops: number };
  readonly coinbasevalue?: number;
  readonly transactions: readonly {
    readonly data: string;
    readonly hash: string;
    readonly fee: number;
    readonly sigops: number;
    readonly weight: number;
  }[];
}

type MempoolView = Record<string, { readonly fee: number; readonly currentpriority: number; readonly size: number }>;

function readBlocks(hex: readonly string[]): Block[] {
  return hex.map((text) => Block.fromBytes(hexToBytes(text), 2));
}

/** A DAG that holds a chain, at a given time (seconds). */
function dagOf(blocks: readonly Block[], time: number): Dag {
  const clock = { now: () => time * 1000, monotonic: () => 0 };
  const dag = new Dag({ params }, { store: new MemoryStore(), clock, pow: sha256dPow });
  dag.open();
  for (const block of blocks) dag.processBlock(block);
  return dag;
}

function builderFor(dag: Dag, accepted: readonly Recorded[] = [], options: TemplatePolicyOptions = {}) {
  const transactions = sourceOf(poolEntries(withSigOps(dag, accepted), dag));
  return new TemplateBuilder({ params, policy: templatePolicy(options) }, { dag, transactions });
}

/** A transaction of a recorded memory pool. */
type Recorded = Pick<Accepted, 'transaction' | 'fee'>;

/** Adds what the scripts cost, as a pool finds it out. */
function withSigOps(dag: Dag, recorded: readonly Recorded[]): Accepted[] {
  const byId = new Map(recorded.map(({ transaction }) => [hashToHex(transaction.txid), transaction]));
  return recorded.map(({ transaction, fee }) => {
    const scriptOf = (input: number) => {
      const { prevout } = transaction.inputs[input];
      const { pkScript } = dag.utxo(prevout) ?? byId.get(hashToHex(prevout.hash))?.outputs[prevout.index] ?? {};
      ok(pkScript, 'a recorded transaction spends nothing');
      return pkScript;
    };
    return { transaction, fee, sigOpCost: sigOpCost(transaction, scriptOf) };
  });
}

function payToOf({ coinbasetxn }: Template): Uint8Array | undefined {
  return coinbasetxn && Transaction.fromBytes(hexToBytes(coinbasetxn.data)).outputs[0].pkScript;
}

/** Compares what `getblocktemplate` showed of a template with one of ours. */
function compareTemplate({ block, ...ours }: BlockTemplate, theirs: Template): void {
  const [coinbase, ...transactions] = block.transactions;
  const hex = (transaction: Transaction) => bytesToHex(transaction.toBytes());
  deepStrictEqual(
    transactions.map(({ txid }) => hashToHex(txid)),
    theirs.transactions.map(({ hash }) => hash),
  );
  deepStrictEqual(
    transactions.map(hex),
    theirs.transactions.map(({ data }) => data),
  );
  deepStrictEqual(
    transactions.map(({ weight }) => weight),
    theirs.transactions.map(({ weight }) => weight),
  );
  deepStrictEqual(
    ours.fees.slice(1),
    theirs.transactions.map(({ fee }) => BigInt(fee)),
  );
  deepStrictEqual(
    ours.sigOpCosts.slice(1),
    theirs.transactions.map(({ sigops }) => sigops),
  );
  if (theirs.coinbasetxn) {
    strictEqual(hex(coinbase), theirs.coinbasetxn.data);
    strictEqual(ours.fees[0], BigInt(theirs.coinbasetxn.fee));
    strictEqual(ours.sigOpCosts[0], theirs.coinbasetxn.sigops);
  } else strictEqual(coinbase.outputs[0].value, BigInt(theirs.coinbasevalue ?? -1));
  strictEqual(ours.commitment && bytesToHex(ours.commitment), theirs.default_witness_commitment);
  strictEqual(ours.height, theirs.height);
  strictEqual(ours.minTime, theirs.mintime);
  strictEqual(block.header.version, theirs.version);
  strictEqual(block.header.timestamp, theirs.curtime);
  strictEqual(block.header.bits.toString(16), theirs.bits);
  strictEqual(hashToHex(block.header.prevBlock), theirs.previousblockhash);
  strictEqual(bytesToHex(Uint8Array.from(searchJob({ block, ...ours }, 0n).target).reverse()), theirs.target);
}

const coinbaseScripts: Suite = {
  name: 'mining/coinbase_scripts',
  async run({ json, check }) {
    type Case = { height: number; extra_nonce: string; script: string };
    for (const { height, extra_nonce, script } of json<Case[]>('mining/coinbase_scripts.json')) {
      await check(`${height} ${extra_nonce}`, () => {
        strictEqual(bytesToHex(coinbaseScript(height, BigInt(extra_nonce))), script);
      });
    }
  },
};

const extraNonceMerkle: Suite = {
  name: 'mining/extranonce_merkle',
  async run({ json, check }) {
    interface Case {
      readonly chain_index: number;
      readonly height: number;
      readonly extra_nonce: string;
      readonly coinbase_script: string;
      readonly coinbase_txid: string;
      readonly merkle_root: string;
      readonly tx_count: number;
    }
    const chain = json<string[]>(CHAIN);
    for (const item of json<Case[]>('mining/extranonce_merkle.json')) {
      await check(`block ${item.chain_index}, extra nonce ${item.extra_nonce}`, () => {
        const [{ transactions }] = readBlocks([chain[item.chain_index]]);
        strictEqual(transactions.length, item.tx_count);
        const coinbase = withExtraNonce(transactions[0], item.height, BigInt(item.extra_nonce));
        strictEqual(bytesToHex(coinbase.inputs[0].signatureScript), item.coinbase_script);
        strictEqual(hashToHex(coinbase.txid), item.coinbase_txid);
        const branch = merkleBranch(transactions.slice(1).map(({ txid }) => txid));
        strictEqual(hashToHex(foldBranch(coinbase.txid, branch)), item.merkle_root);
      });
    }
  },
};

const subsidies: Suite = {
  name: 'mining/subsidy',
  async run({ json, check }) {
    type Recorded = { interval: number; coinbase_maturity: number; height_subsidy: [number, number][] };
    for (const [name, recorded] of Object.entries(json<Record<string, Recorded>>('mining/subsidy.json'))) {
      const network = networkParams(NETWORK_NAMES.find((known) => known.startsWith(name)) ?? 'mainnet');
      await check(`${name} interval and maturity`, () => {
        strictEqual(network.subsidyInterval, recorded.interval);
        strictEqual(network.coinbaseMaturity, recorded.coinbase_maturity);
      });
      for (const [height, value] of recorded.height_subsidy) {
        await check(`${name} at height ${height}`, () => strictEqual(subsidy(height, network), BigInt(value)));
      }
    }
  },
};

/** The extra nonce in a coinbase script of a height below 17, pushed as eight bytes with a sign bit. */
function pushedExtraNonce(script: Uint8Array): bigint {
  strictEqual(script[1], 8);
  const pushed = Buffer.from(script.subarray(2, 10)).readBigUInt64LE();
  const magnitude = BigInt.asUintN(63, pushed);
  return pushed === magnitude ? magnitude : BigInt.asUintN(64, -magnitude);
}

const multitip: Suite = {
  name: 'mining/multitip',
  async run({ json, check }) {
    interface Tips {
      readonly blkcount: number;
      readonly hash: string;
      readonly maxheight: number;
      readonly minheight: number;
      readonly tips: readonly string[];
    }
    interface Recording {
      readonly chain_blocks: number;
      readonly siblings: readonly string[];
      readonly states: readonly {
        readonly siblings: number;
        readonly getdagtips: Tips;
        readonly template_height: number;
        readonly template_previousblockhash: string;
        readonly template_version: number;
      }[];
      readonly mined_block: string;
      readonly mined_parents: readonly string[];
      readonly mined_prevblock: string;
      readonly tips_after: Tips;
    }
    const recording = json<Recording>('mining/multitip.json');
    const [mined] = readBlocks([recording.mined_block]);
    const dag = dagOf(readBlocks(json<string[]>(CHAIN).slice(0, recording.chain_blocks)), mined.header.timestamp);
    const builder = builderFor(dag);
    const compareTips = (expected: Tips) => {
      const { tips, hash, minHeight, maxHeight, blockCount } = dag.snapshot();
      deepStrictEqual(tips.map(hashToHex).sort(), [...expected.tips].sort());
      strictEqual(hashToHex(hash), expected.hash);
      deepStrictEqual([minHeight, maxHeight], [expected.minheight, expected.maxheight]);
      strictEqual(blockCount, expected.blkcount);
    };
    for (const [i, sibling] of readBlocks(recording.siblings).entries()) {
      dag.processBlock(sibling);
      const state = recording.states.find(({ siblings }) => siblings === i + 1);
      if (!state) continue;
      await check(`template on ${i + 1} tips`, () => {
        compareTips(state.getdagtips);
        const { block, height } = builder.build();
        strictEqual(height, state.template_height);
        strictEqual(hashToHex(block.header.prevBlock), state.template_previousblockhash);
        strictEqual(block.header.version, state.template_version);
      });
    }
    await check('the block mined on 12 tips, byte by byte', () => {
      const [{ inputs, outputs }] = mined.transactions;
      const template = builder.build(outputs[0].pkScript);
      deepStrictEqual(template.block.parentHashes.map(hashToHex), recording.mined_parents);
      strictEqual(hashToHex(template.block.header.prevBlock), recording.mined_prevblock);
      const extraNonce = pushedExtraNonce(inputs[0].signatureScript);
      const solved = solvedBlock(template, { extraNonce, nonce: mined.header.nonce });
      strictEqual(bytesToHex(solved.toBytes()), recording.mined_block);
      // Our search from there on finds the same nonce.
      deepStrictEqual(new Search(searchJob(template, extraNonce)).run(4096).solution, {
        extraNonce,
        nonce: mined.header.nonce,
      });
    });
    await check('tips after it', () => {
      dag.processBlock(mined);
      compareTips(recording.tips_after);
    });
  },
};

/** `--blockmaxweight=60000` and the like as template options. */
function optionsOf(flags: readonly string[]): TemplatePolicyOptions {
  const value = (name: string) => {
    const flag = flags.find((text) => text.startsWith(`--${name}=`));
    return flag === undefined ? undefined : Number(flag.split('=')[1]);
  };
  const relay = value('minrelaytxfee');
  return {
    blockMinSize: value('blockminsize'),
    blockMaxSize: value('blockmaxsize'),
    blockMinWeight: value('blockminweight'),
    blockMaxWeight: value('blockmaxweight'),
    blockPrioritySize: value('blockprioritysize'),
    minRelayTxFee: relay === undefined ? undefined : BigInt(Math.round(relay * 1e9)),
  };
}

const templates: Suite = {
  name: 'mining/templates',
  async run({ json, check }) {
    interface Run {
      readonly id: string;
      readonly options: readonly string[];
      readonly chain_blocks: number;
      readonly mempool: MempoolView;
      readonly template: Template;
      readonly template_coinbasevalue: number;
      readonly order: readonly string[];
    }
    interface Recording {
      readonly transactions: readonly { readonly id: string; readonly tx: string; readonly fee: number }[];
      readonly runs: readonly Run[];
    }
    const { transactions, runs } = json<Recording>('mining/templates.json.gz');
    const chain = json<string[]>(CHAIN);
    const pool = transactions.map(({ id, tx, fee }) => ({
      id,
      entry: { transaction: Transaction.fromBytes(hexToBytes(tx)), fee: BigInt(fee) },
    }));
    for (const run of runs) {
      const { template } = run;
      const dag = dagOf(readBlocks(chain.slice(0, run.chain_blocks)), template.curtime);
      const idOf = new Map(pool.map(({ id, entry }) => [hashToHex(entry.transaction.txid), id]));
      const inPool = pool.filter(({ entry }) => hashToHex(entry.transaction.txid) in run.mempool);
      const entries = inPool.map(({ entry }) => entry);
      const builder = builderFor(dag, entries, optionsOf(run.options));
      await check(`${run.id}: order`, () => {
        const ids = builder.build(payToOf(template)).block.transactions.slice(1);
        deepStrictEqual(
          ids.map(({ txid }) => idOf.get(hashToHex(txid))),
          run.order,
        );
      });
      await check(`${run.id}: template`, () => compareTemplate(builder.build(payToOf(template)), template));
      await check(`${run.id}: the order of the pool does not matter`, () => {
        const reversed = builderFor(dag, [...entries].reverse(), optionsOf(run.options));
        compareTemplate(reversed.build(payToOf(template)), template);
      });
      await check(`${run.id}: value of the coinbase`, () => {
        const [{ outputs }] = builder.build(payToOf(template)).block.transactions;
        strictEqual(outputs[0].value, BigInt(run.template_coinbasevalue));
      });
      await check(`${run.id}: priorities`, () => comparePriorities(dag, entries, run.mempool, template.height));
    }
  },
};

/** The priorities that `getrawmempool` showed for the next block are those that templates rank by. */
function comparePriorities(dag: Dag, entries: readonly Recorded[], mempool: MempoolView, height: number): void {
  for (const { transaction } of entries) {
    const confirmed = transaction.inputs.flatMap(({ prevout }) => {
      const output = dag.utxo(prevout);
      return output ? { output, parent: undefined } : [];
    });
    const recorded = mempool[hashToHex(transaction.txid)];
    strictEqual(transaction.size, recorded.size);
    strictEqual(priorityAt(transaction, confirmed, height), recorded.currentpriority);
  }
}

const templatesScenario: Suite = {
  name: 'mining/templates_scenario',
  async run(context) {
    type Moment = { readonly height: number; readonly mempool: MempoolView; readonly template: Template };
    const moments = context.json<Record<'default' | 'rejectnonstd' | 'doublespend', Moment>>(
      'mining/templates_scenario.json.gz',
    );
    const transactions = scenarioTransactions(context);
    const chain = context.json<string[]>(CHAIN);
    for (const [name, { height, mempool, template }] of Object.entries(moments)) {
      const dag = dagOf(readBlocks(chain.slice(0, height - 1)), template.curtime);
      const entries = Object.entries(mempool).map(([txid, { fee }]) => {
        const transaction = transactions.get(txid);
        ok(transaction, `no bytes of ${txid}`);
        return { transaction, fee: BigInt(Math.round(fee * 1e9)) };
      });
      // Several pay the same fee rate, and the recorded node decided between them at random: here their place decides.
      const place = new Map(template.transactions.map(({ hash }, i) => [hash, i]));
      const placeOf = ({ transaction }: Recorded) => place.get(hashToHex(transaction.txid)) ?? -1;
      entries.sort((a, b) => placeOf(a) - placeOf(b));
      await context.check(`${name}: template`, () => {
        compareTemplate(builderFor(dag, entries).build(payToOf(template)), template);
      });
      await context.check(`${name}: priorities`, () => comparePriorities(dag, entries, mempool, height));
    }
  },
};

/** Every transaction of the recorded scenarios by id. */
function scenarioTransactions({ json }: SuiteContext): Map<string, Transaction> {
  type Records = { readonly records: readonly { readonly tx?: string; readonly txid?: string }[] };
  const found = new Map<string, Transaction>();
  for (const file of ['mempool/scenario_main.json.gz', 'mempool/scenario_doublespend.json.gz']) {
    for (const { tx, txid } of json<Records>(file).records) {
      if (!tx || !txid || !/^([0-9a-f]{2})+$/u.test(tx)) continue;
      const transaction = Transaction.fromBytes(hexToBytes(tx), 'witness', { allowTrailing: true });
      if (hashToHex(transaction.txid) === txid) found.set(txid, transaction);
    }
  }
  return found;
}

export const miningSuites: readonly Suite[] = [
  coinbaseScripts,
  extraNonceMerkle,
  subsidies,
  multitip,
  templates,
  templatesScenario,
];
