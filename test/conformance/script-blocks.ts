import { deepStrictEqual, strictEqual } from 'node:assert';
import { Dag, RuleError } from '../../src/dag/index.ts';
import { networkParams } from '../../src/params/index.ts';
import { sha256dPow } from '../../src/pow/index.ts';
import { MemoryStore } from '../../src/store/index.ts';
import { hexToBytes } from '../../src/util/bytes.ts';
import { hashFromHex } from '../../src/util/hash.ts';
import type { Clock } from '../../src/util/ports.ts';
import { Block } from '../../src/wire/index.ts';
import type { Suite } from './suite.ts';

interface Submission {
  id: string;
  description: string;
  height: number;
  block: string;
  accepted: boolean;
  result: string | null;
  coinbase_value: number;
  transactions: { txid: string; output0_in_set: boolean }[] | null;
}

/** Blocks of the recorded chain that the recording node held before the first submission. */
const START_BLOCKS = 121;

function decode(hex: string): Block {
  return Block.fromBytes(hexToBytes(hex), 2);
}

/** A clock that stands at the newest block of the recording. */
function clockAt(seconds: number): Clock {
  return { now: () => seconds * 1000, monotonic: () => 0 };
}

/** What `submitblock` answers. */
function submit(dag: Dag, block: Block): string | null {
  try {
    const { status } = dag.processBlock(block);
    return status === 'orphan' ? 'orphan' : null;
  } catch (error) {
    if (error instanceof RuleError) return `rejected: ${error.message}`;
    throw error;
  }
}

/** Hand-made blocks on a live node: which script rules blocks do not have, and which they do. */
const blocksNoFlags: Suite = {
  name: 'script/blocks_no_flags',
  async run({ json, check }) {
    const chain = json<string[]>('mempool/chain.json.gz').slice(0, START_BLOCKS).map(decode);
    const rows = json<Submission[]>('script/blocks_no_flags.json').map((row) => ({
      ...row,
      decoded: decode(row.block),
    }));
    const newest = Math.max(...[...chain, ...rows.map((row) => row.decoded)].map((block) => block.header.timestamp));
    const dag = new Dag(
      { params: networkParams('simnet') },
      { store: new MemoryStore(), clock: clockAt(newest), pow: sha256dPow },
    );
    dag.open();
    await check('the chain before', () => {
      for (const block of chain) strictEqual(submit(dag, block), null);
      strictEqual(dag.snapshot().maxHeight, START_BLOCKS);
    });
    for (const { id, description, height, decoded, accepted, result, coinbase_value: value, transactions } of rows) {
      await check(`${id}: ${description}`, () => {
        strictEqual(decoded.transactions[0].outputs[0].value, BigInt(value));
        strictEqual(submit(dag, decoded), result);
        strictEqual(dag.blockHeight(decoded.hash), accepted ? height : undefined);
        const stored = transactions?.map(({ txid }) => ({
          txid,
          output0_in_set: dag.utxo({ hash: hashFromHex(txid), index: 0 }) !== undefined,
        }));
        deepStrictEqual(stored ?? null, transactions);
      });
    }
    await dag.close();
  },
};

/** Suites of script rules that need whole blocks. */
export const scriptBlockSuites: readonly Suite[] = [blocksNoFlags];
