import type { Transport } from '../../src/peer/index.ts';
import type { Hash } from '../../src/util/hash.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { VirtualWorld } from '../../src/util/testing/virtual-world.ts';
import { Disk } from '../simulation/disk.ts';
import { EventLog } from '../simulation/event-log.ts';
import { checkBounds } from '../simulation/invariants.ts';
import type { Attachment } from '../simulation/network/attachment.ts';
import { VirtualInternet } from '../simulation/network/virtual-internet.ts';
import { SimNode } from '../simulation/sim-node.ts';
import { SIM_PARAMS } from '../simulation/sim-params.ts';
import { type FuzzTarget, IMMUNE_NETWORK } from './target.ts';

/** Where the node lives. Addresses of one's own machine are those from which any number may connect. */
const NODE_IP = '127.9.9.9';
const LINE = { latency: 0.1, bandwidth: 50_000_000 };
/** Between two looks at the sizes of tables and queues, virtual milliseconds. */
const BOUNDS_INTERVAL = 500;

/** A node in virtual time, in this process: everything that happens depends on the seed alone. */
export class VirtualTarget implements FuzzTarget {
  readonly world: VirtualWorld;
  readonly params = SIM_PARAMS;
  readonly problems: string[] = [];
  readonly #log: EventLog;
  readonly #internet: VirtualInternet;
  readonly #node: SimNode;
  readonly #attachments = new Map<string, Attachment>();

  constructor(seed: string) {
    this.world = new VirtualWorld({ seed });
    this.#log = new EventLog(() => this.world.elapsed);
    this.#internet = new VirtualInternet(this.world, new SeededRandom(`fuzz internet ${seed}`), this.#log);
    const host = this.#internet.host(NODE_IP, 'node', LINE);
    const setup = {
      addPeers: [],
      maxPeers: 125,
      targetOutbound: 0,
      pace: { interval: 1000, templateAge: 1000 },
      commitCost: 0,
    };
    this.#node = new SimNode(host, new Disk(), setup, {
      world: this.world,
      internet: this.#internet,
      log: this.#log,
      hooks: { peers: { whitelist: [IMMUNE_NETWORK] } },
      seedList: () => [],
      watcher: {
        mined: () => undefined,
        accepted: () => undefined,
        problem: (_, text) => this.problems.push(text),
        isExpected: () => false,
      },
    });
  }

  /** Hash over everything that has happened. */
  get hash(): string {
    return this.#log.hash;
  }

  async start(): Promise<void> {
    await this.#node.start();
    this.world.timers.every(BOUNDS_INTERVAL, () => checkBounds([this.#node], (text) => this.problems.push(text)));
  }

  async dial(source: string): Promise<Transport> {
    let attachment = this.#attachments.get(source);
    if (!attachment) {
      attachment = this.#internet.attach(this.#internet.host(source, source, LINE));
      this.#attachments.set(source, attachment);
    }
    return attachment.dialer.dial(this.#node.address, new AbortController().signal);
  }

  async mine(): Promise<Hash> {
    const hash = await this.#node.mineOne();
    if (!hash) throw new Error('the node does not run');
    return hash;
  }

  blockCount(): Promise<number> {
    return Promise.resolve(this.#node.dag?.snapshot().blockCount ?? 0);
  }

  memory(): undefined {
    return undefined;
  }

  /** Stops the node in good order. */
  stop(): Promise<void> {
    return this.#node.stop();
  }
}
