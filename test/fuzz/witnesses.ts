import { equalBytes } from '../../src/util/bytes.ts';
import { hashToHex } from '../../src/util/hash.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { craftBlock } from '../simulation/hostile/craft.ts';
import type { FuzzChain, PlacedBlock } from './chain.ts';
import { HonestPeer } from './honest-peer.ts';
import { pause } from './signal.ts';
import type { FuzzTarget } from './target.ts';

/** Longest time that a service may take, milliseconds. */
export const SERVICE_LIMITS = { ping: 10_000, download: 20_000, relay: 30_000 } as const;
/** Between two checks of a kind. */
const INTERVALS = { ping: 250, download: 1000, relay: 3000 } as const;
const LOADING_LIMIT = 120_000;

export type Service = keyof typeof SERVICE_LIMITS;

/** Honest peers that use the node while it is attacked, and say what they see. */
export class Witnesses {
  /** Milliseconds that each service took, every time. */
  readonly times: Readonly<Record<Service, number[]>> = { ping: [], download: [], relay: [] };
  readonly problems: string[] = [];
  readonly #target: FuzzTarget;
  readonly #chain: FuzzChain;
  readonly #random: SeededRandom;
  /** One speaks, the other one hears of it only through the node. */
  readonly #speaker: HonestPeer;
  readonly #listener: HonestPeer;
  /** The newest block that both know. */
  #top: PlacedBlock;
  #running = true;

  private constructor(target: FuzzTarget, chain: FuzzChain, seed: string, peers: readonly [HonestPeer, HonestPeer]) {
    this.#target = target;
    this.#chain = chain;
    this.#random = new SeededRandom(`fuzz witnesses ${seed}`);
    [this.#speaker, this.#listener] = peers;
    this.#top = chain.blocks.at(-1)!;
  }

  /** Connects and gives the node the past. @throws {Error} if it does not take it. */
  static async arrive(target: FuzzTarget, chain: FuzzChain, seed: string): Promise<Witnesses> {
    const connect = () => HonestPeer.connect(target, chain.params, 0);
    const witnesses = new Witnesses(target, chain, seed, [await connect(), await connect()]);
    witnesses.#speaker.announce(chain.blocks);
    const wanted = chain.blocks.length + 1;
    for (let waited = 0; (await target.blockCount()) < wanted; waited += 100) {
      if (waited > LOADING_LIMIT) throw new Error(`the node took ${await target.blockCount()} of ${wanted} blocks`);
      await pause(target.world.timers, 100);
    }
    return witnesses;
  }

  /** Uses the node until told to stop. */
  async run(): Promise<void> {
    await Promise.all([
      this.#repeat('ping', (limit) => this.#speaker.ping(limit)),
      this.#repeat('download', (limit) => this.#download(limit)),
      this.#repeat('relay', (limit) => this.#relay(limit)),
    ]);
  }

  /** Lets what is under way end. */
  stop(): void {
    this.#running = false;
  }

  close(): void {
    this.#speaker.close();
    this.#listener.close();
  }

  /** Uses a service again and again. */
  async #repeat(service: Service, use: (limit: number) => Promise<number | undefined>): Promise<void> {
    while (this.#running && this.problems.length === 0) {
      const took = await use(SERVICE_LIMITS[service]);
      if (took !== undefined) this.times[service].push(took);
      else this.#complain(service);
      await pause(this.#target.world.timers, INTERVALS[service]);
    }
  }

  #complain(service: Service): void {
    const left = [this.#speaker, this.#listener].filter(({ connected }) => !connected);
    for (const { address } of left) this.#report(`the node left the honest peer ${address}`);
    if (left.length === 0) this.#report(`no ${service} within ${SERVICE_LIMITS[service]} ms`);
  }

  #report(problem: string): void {
    this.problems.push(problem);
  }

  async #download(limit: number): Promise<number | undefined> {
    const { block } = this.#random.pick(this.#chain.blocks);
    const began = this.#now();
    const got = await this.#listener.fetch(block.hash, limit);
    if (got && !equalBytes(got.toBytes(), block.toBytes())) this.#report(`${hashToHex(block.hash)} came altered`);
    return got && this.#now() - began;
  }

  /** A new block, mined by the node or by an honest peer, must be announced to the others and can be had. */
  async #relay(limit: number): Promise<number | undefined> {
    const own = this.#random.chance(0.5) ? this.#craft() : undefined;
    const began = this.#now();
    if (own) this.#speaker.announce([own]);
    const hash = own?.block.hash ?? (await this.#target.mine());
    const height = await this.#listener.hears(hash, limit);
    const took = this.#now() - began;
    const block = await this.#listener.fetch(hash, limit);
    if (!block || height === undefined) {
      const origin = own ? 'of an honest peer' : 'of the node';
      const missing = `${height === undefined ? 'announced' : 'delivered'}${block ? '' : ' nor known'}`;
      this.#report(`block ${hashToHex(hash)} ${origin} was not ${missing} within ${limit} ms`);
      return undefined;
    }
    this.#top = { block, height };
    return took;
  }

  /** A block on the newest one. */
  #craft(): PlacedBlock {
    const { block: parent, height: below } = this.#top;
    const height = below + 1;
    const time = Math.max(parent.header.timestamp + 1, Math.floor(this.#target.world.clock.now() / 1000));
    return { block: craftBlock({ parents: [parent.hash], height, time }, this.#chain.params, this.#random), height };
  }

  #now(): number {
    return this.#target.world.clock.monotonic();
  }
}
