import { ok } from 'node:assert/strict';
import { Dag } from '../../src/dag/index.ts';
import { MemoryPool, PolicyError, type PoolOptions } from '../../src/mempool/index.ts';
import { networkParams } from '../../src/params/index.ts';
import { sha256dPow } from '../../src/pow/index.ts';
import { MemoryStore } from '../../src/store/index.ts';
import { hexToBytes } from '../../src/util/bytes.ts';
import { type Hash, hashFromHex, hashToHex } from '../../src/util/hash.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { Block, Transaction, WireError } from '../../src/wire/index.ts';

const params = networkParams('simnet');
/** Behind all block times of the recordings. */
const NOW = Date.UTC(2026, 11, 1);
/** Id of the peer that sends transactions. */
const PEER = 1;

/** A reject message, as far as it is compared. */
export interface Reject {
  readonly code: number;
  readonly reason: string;
}

/** One line of a recorded scenario. */
export interface ScenarioRecord {
  readonly id: string;
  readonly profile: string;
  readonly event?: 'block' | 'p2p_tx' | 'query' | 'note' | 'getrawmempool';
  readonly block?: string;
  readonly tx?: string;
  readonly txid?: string;
  readonly accepted?: boolean;
  readonly in_pool?: boolean;
  readonly error?: { readonly code: number; readonly message: string };
  readonly p2p_reject?: Reject | null;
  readonly result?: unknown;
}

interface RawEntry {
  readonly size: number;
  readonly vsize: number;
  readonly fee: number;
  readonly height: number;
  readonly startingpriority: number;
  readonly currentpriority: number;
  readonly depends: readonly string[];
}

/** What a client sees of one submission. */
export interface Answer {
  readonly accepted: boolean;
  readonly code?: number;
  readonly message?: string;
}

/** A DAG and a pool with the options of a recorded node. */
class TestNode {
  readonly dag: Dag;
  readonly pool: MemoryPool;

  constructor(profile: string) {
    const clock = { now: () => NOW, monotonic: () => 0 };
    this.dag = new Dag({ params }, { store: new MemoryStore(), clock, pow: sha256dPow });
    this.dag.open();
    const world = { clock, random: new SeededRandom(profile) };
    this.pool = new MemoryPool(optionsOf(profile), { dag: this.dag, params, world });
    this.pool.start();
    this.dag.events.on('connected', (block) => this.pool.blockConnected(block));
  }

  connect(blocks: readonly string[]): void {
    for (const hex of blocks) this.dag.processBlock(Block.fromBytes(hexToBytes(hex), 2));
  }

  /** `sendrawtransaction`. */
  submit(argument: string): Answer {
    const hex = argument.length % 2 === 1 ? `0${argument}` : argument;
    if (!/^[0-9a-f]*$/iu.test(hex)) {
      return refused(`Argument must be hexadecimal string (not ${JSON.stringify(hex)})`);
    }
    let tx: Transaction;
    try {
      tx = Transaction.fromBytes(hexToBytes(hex), 'witness', { allowTrailing: true });
    } catch (error) {
      if (error instanceof WireError) return refused(`TX decode failed: ${error.message}`);
      throw error;
    }
    try {
      this.pool.submit(tx);
      return { accepted: true };
    } catch (error) {
      if (error instanceof PolicyError) return refused(`TX rejected: ${error.message}`);
      throw error;
    }
  }

  /** The same from a peer: the reject message it gets, or null. */
  receive(hex: string): Reject | null {
    try {
      this.pool.process(Transaction.fromBytes(hexToBytes(hex)), PEER);
      return null;
    } catch (error) {
      if (error instanceof PolicyError) return { code: error.rejectCode, reason: error.message };
      throw error;
    }
  }

  rawMempool(): { [txid: string]: RawEntry } {
    return Object.fromEntries(
      Array.from(this.pool.entries(), (entry) => {
        const { size, virtualSize, fee, height, startingPriority, currentPriority, depends } =
          this.pool.describe(entry);
        const shown = {
          size,
          vsize: virtualSize,
          fee: Number(fee) / 1e9,
          height,
          startingpriority: startingPriority,
          currentpriority: currentPriority,
          depends: depends.map(hashToHex),
        };
        return [hashToHex(entry.txid), shown];
      }),
    );
  }
}

function optionsOf(profile: string): PoolOptions {
  const limit = /^limitfreerelay=(.*)$/u.exec(profile)?.[1];
  return {
    acceptNonStandard: profile !== 'rejectnonstd',
    freeRelayLimit: limit === undefined ? undefined : Number(limit),
  };
}

function refused(message: string): Answer {
  return { accepted: false, code: -22, message };
}

/** Replays scenarios in the order of the recording and keeps what the clients saw. */
export class Replay {
  readonly #txids = new Map<string, Hash>();
  readonly nodes = new Map<string, TestNode>();
  /** By `<id> <profile>`. */
  readonly answers = new Map<string, Answer>();
  readonly rejects = new Map<string, Reject | null>();
  readonly snapshots = new Map<string, { readonly expected: unknown; readonly actual: unknown }>();
  readonly queries = new Map<string, { readonly expected: boolean; readonly actual: boolean }>();

  add(profile: string, blocks: readonly string[]): TestNode {
    const node = new TestNode(profile);
    node.connect(blocks);
    this.nodes.set(profile, node);
    return node;
  }

  play(record: ScenarioRecord): void {
    if (record.event === 'note') return;
    if (record.event === 'block') {
      for (const [profile, node] of this.nodes) {
        if (record.profile === profile || (record.profile === 'both' && profile !== 'fresh'))
          node.connect([record.block!]);
      }
      return;
    }
    const node = this.nodes.get(record.profile);
    ok(node, `no node ${record.profile}`);
    const key = `${record.id} ${record.profile}`;
    if (record.event === 'getrawmempool') {
      this.snapshots.set(key, { expected: record.result, actual: node.rawMempool() });
    } else if (record.event === 'query') {
      if (record.in_pool !== undefined) {
        const id = record.id.replace('-promoted', '');
        this.queries.set(key, {
          expected: record.in_pool,
          actual: node.pool.entry(this.#txids.get(id)!) !== undefined,
        });
      }
    } else if (record.event === 'p2p_tx') {
      this.#txids.set(record.id, hashFromHex(record.txid!));
      this.rejects.set(key, node.receive(record.tx!));
    } else {
      this.answers.set(key, node.submit(record.tx!));
      if (record.p2p_reject) this.rejects.set(key, node.receive(record.tx!));
    }
  }
}
