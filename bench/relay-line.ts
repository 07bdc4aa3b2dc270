import { join } from 'node:path';
import { networkParams } from '../src/params/index.ts';
import { addressesOf, encodeAddress } from '../src/script/index.ts';
import { hashFromHex } from '../src/util/hash.ts';
import { type DagInfo, until } from '../test/e2e/process.ts';
import { frame, LightClient } from './light-client.ts';
import { MeasuredNode } from './measured-node.ts';
import { payment, scriptOf } from './payments.ts';

const params = networkParams('simnet');
const NODES = 4;
/** Bytes of an inventory entry, and where its parts stand. */
const ENTRY = 40;
const HASH_AT = 4;
const HASH_LENGTH = 32;
/** Blocks that are mined without being measured. */
const WARM_UP = 30;
const FEE = 100_000n;
/** Longest pause before a transaction, milliseconds. */
const MOST_PAUSE = 250;

/** How much is measured. */
export interface LinePlan {
  readonly blocks: number;
  readonly transactions: number;
  /** Trickle interval of the nodes, as an option of soterd. */
  readonly trickle: string;
}

/** Milliseconds of every sample, by hops from 1 on. */
export interface LineLatencies {
  readonly block: readonly (readonly number[])[];
  readonly transaction: readonly (readonly number[])[];
}

/** Listens to what one node announces. */
class Observer {
  /** When each hash was announced, by its bytes as text. */
  readonly seen = new Map<string, number>();
  readonly #client: LightClient;

  private constructor(client: LightClient) {
    this.#client = client;
    client.onMessage = (command, payload) => {
      if (command === 'ping') client.socket.write(pong(payload));
      if (command === 'inv') this.#inventory(payload);
    };
  }

  static async at(port: number): Promise<Observer> {
    return new Observer(await LightClient.connect(port));
  }

  end(): Promise<void> {
    return this.#client.end();
  }

  /** Messages here have fewer than 253 entries: one byte says how many. */
  #inventory(payload: Buffer): void {
    const now = performance.now();
    for (let at = 1; at + ENTRY <= payload.length; at += ENTRY) {
      const hash = payload.toString('latin1', at + HASH_AT, at + HASH_AT + HASH_LENGTH);
      if (!this.seen.has(hash)) this.seen.set(hash, now);
    }
  }
}

function pong(payload: Buffer): Uint8Array {
  return frame({ command: 'pong', nonce: payload.readBigUInt64LE() });
}

/** Runs four nodes in a line and measures how long blocks and transactions take from one to the next. */
export async function relayLatencies(home: string, plan: LinePlan): Promise<LineLatencies> {
  const script = scriptOf('p2wpkh');
  const [address] = addressesOf(script, params).addresses;
  if (!address) throw new Error('the script has no address');
  const nodes: MeasuredNode[] = [];
  const observers: Observer[] = [];
  try {
    for (let i = 0; i < NODES; i++) {
      const previous = nodes.at(-1);
      const options = [
        '--debuglevel=error',
        `--trickleinterval=${plan.trickle}`,
        `--miningaddr=${encodeAddress(address)}`,
      ];
      if (previous) options.push(`--connect=127.0.0.1:${previous.node.p2pPort}`);
      nodes.push(await MeasuredNode.start(join(home, `line${i}`), options));
    }
    const [first] = nodes;
    if (!first) throw new Error('no node');
    // Coins of these blocks are spent later on, when there are 100 more.
    await mine(first, plan.transactions + WARM_UP);
    await agree(nodes);
    for (const { node } of nodes) observers.push(await Observer.at(node.p2pPort));
    const block = await blockLatencies(first, observers, plan.blocks);
    await mine(first, Math.max(0, params.coinbaseMaturity - plan.blocks));
    await agree(nodes);
    const transaction = await transactionLatencies(first, observers, plan.transactions);
    return { block, transaction };
  } finally {
    await Promise.all(observers.map((observer) => observer.end()));
    await Promise.all(nodes.map((node) => node.end()));
  }
}

function mine({ node }: MeasuredNode, count: number): Promise<string[]> {
  return count > 0 ? node.call<string[]>('generate', count) : Promise.resolve([]);
}

/** Waits until all nodes hold the same DAG. */
async function agree(nodes: readonly MeasuredNode[]): Promise<void> {
  await until(async () => {
    const all = await Promise.all(nodes.map(({ node }) => node.call<DagInfo>('getdaginfo')));
    return new Set(all.map(({ tipshash }) => tipshash)).size === 1;
  });
}

/** Hops are counted from the first node: all observers hear a block at once that their node has accepted. */
async function blockLatencies(first: MeasuredNode, observers: readonly Observer[], count: number): Promise<number[][]> {
  const byHops: number[][] = Array.from({ length: NODES - 1 }, () => []);
  for (let i = 0; i < count; i++) {
    const [mined = ''] = await mine(first, 1);
    const times = await heard(observers, mined);
    for (const [hop, samples] of byHops.entries()) samples.push(times[hop + 1]! - times[0]!);
  }
  return byHops;
}

/** Hops are counted from the RPC client: the observer of the first node is the first hop. */
async function transactionLatencies(
  first: MeasuredNode,
  observers: readonly Observer[],
  count: number,
): Promise<number[][]> {
  const byHops: number[][] = Array.from({ length: NODES - 1 }, () => []);
  for (let height = 1; height <= count; height++) {
    const [hash] = [await first.node.call<string | readonly string[]>('getblockhash', height)].flat();
    const { tx } = await first.node.call<{ tx: readonly string[] }>('getblock', hash, true);
    const prevout = { hash: hashFromHex(tx[0] ?? ''), index: 0 };
    const output = await first.node.call<{ value: number }>('gettxout', tx[0], 0, false);
    const paid = payment('p2wpkh', prevout, BigInt(Math.round(output.value * 1e9)), FEE);
    // The nodes trickle in a fixed rhythm: begin at any moment of it.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * MOST_PAUSE));
    const start = performance.now();
    const id = await first.node.call<string>('sendrawtransaction', Buffer.from(paid.toBytes()).toString('hex'));
    const times = await heard(observers.slice(0, NODES - 1), id);
    for (const [hop, samples] of byHops.entries()) samples.push(times[hop]! - start);
  }
  return byHops;
}

/** Waits until every observer has heard of a hash. @returns when. */
async function heard(observers: readonly Observer[], hash: string): Promise<number[]> {
  const key = Buffer.from(hashFromHex(hash)).toString('latin1');
  await until(() => observers.every(({ seen }) => seen.has(key)));
  return observers.map(({ seen }) => seen.get(key) ?? 0);
}
