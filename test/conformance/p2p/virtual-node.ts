import { Dag } from '../../../src/dag/index.ts';
import { makeBlock, noWork, testParams } from '../../../src/dag/testing/fixture.ts';
import type { NetworkParams } from '../../../src/params/index.ts';
import type { PeerHandler, PeerHandlerDeps, PeerHandlerOptions } from '../../../src/server/index.ts';
import { FakePool } from '../../../src/server/testing/fake-pool.ts';
import { VirtualNetwork } from '../../../src/server/testing/virtual-network.ts';
import { MemoryStore } from '../../../src/store/index.ts';
import { hexToBytes } from '../../../src/util/bytes.ts';
import { hashToHex } from '../../../src/util/hash.ts';
import type { Block } from '../../../src/wire/index.ts';
import { decode } from './compare.ts';
import type { NodeReplayTarget } from './node-replay.ts';
import { isOwn, type RecordedLine } from './transcript.ts';

/** For recordings that state none: 2026-11-22, Unix seconds. */
const ANY_TIME = 1_795_305_600;

/** What is peculiar to the node of a recording. */
export interface VirtualNodeOptions {
  /** Unix seconds at the start. */
  readonly time: number;
  /** Default simnet. */
  readonly params?: NetworkParams;
  /** Blocks of the chain that the node begins with. */
  readonly height?: number;
  readonly handler?: Partial<PeerHandlerOptions>;
  readonly deps?: Partial<PeerHandlerDeps>;
}

/** A whole node in virtual time: real peer handler, real consensus core, blocks in memory that need no work. */
export class VirtualTestNode {
  readonly network: VirtualNetwork;
  readonly dag: Dag;
  readonly failures: unknown[] = [];
  /** Hashes of the chain, display form; place is height. */
  readonly chain: string[];
  readonly #params: NetworkParams;
  readonly #time: number;
  #handler: PeerHandler | undefined;
  #address = '';

  private constructor({ time, params = testParams }: VirtualNodeOptions) {
    this.network = new VirtualNetwork({ latency: 0 }, 1, time * 1000);
    this.#params = params;
    this.#time = time;
    const { clock } = this.network.world;
    this.dag = new Dag({ params }, { store: new MemoryStore(), clock, pow: noWork });
    this.dag.open();
    this.chain = [hashToHex(params.genesisHash)];
  }

  static async start(options: VirtualNodeOptions): Promise<VirtualTestNode> {
    const node = new VirtualTestNode(options);
    for (let i = options.height ?? 0; i > 0; i--) node.dag.processBlock(node.nextBlock());
    const handler = { params: node.#params, reconcileDelay: 1e9, ...options.handler };
    const deps = {
      dag: node.dag,
      pool: new FakePool(),
      failed: (error: unknown) => node.failures.push(error),
      ...options.deps,
    };
    const started = await node.network.node('node', handler, deps);
    node.#handler = started.handler;
    node.#address = started.address;
    return node;
  }

  get handler(): PeerHandler {
    if (!this.#handler) throw new Error('node has not been started');
    return this.#handler;
  }

  /** What a replay needs. */
  get target(): NodeReplayTarget {
    return {
      network: this.network,
      address: this.#address,
      magic: this.#params.magic,
      dial: (address) => void this.handler.operations.connect(address, false),
    };
  }

  /** The next block of the chain. It is not taken in. */
  nextBlock(): Block {
    const { parents, height } = this.dag.nextTemplateContext();
    const block = makeBlock({ parents, height, time: this.#time - 3600 + height });
    this.chain.push(hashToHex(block.hash));
    return block;
  }

  async stop(): Promise<void> {
    await this.network.world.waitFor(this.handler.stop(), 60_000);
    await this.dag.close();
  }
}

/** Height and time (Unix seconds) that the recorded node states in its first version message, if it gets to send one. */
export function statedBy(lines: readonly RecordedLine[], self: string): { height: number; time: number } {
  const line = lines.find((each) => each.command === 'version' && isOwn(each, self));
  const message = line && decode('version', hexToBytes(line.payloadHex ?? ''));
  if (message?.command !== 'version') return { height: 0, time: ANY_TIME };
  return { height: message.lastBlock, time: Number(message.timestamp) };
}
