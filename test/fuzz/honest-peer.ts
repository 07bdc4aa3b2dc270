import type { NetworkParams } from '../../src/params/index.ts';
import { type Hash, hashKey } from '../../src/util/hash.ts';
import type { Clock } from '../../src/util/ports.ts';
import { type Block, InvType, type InvVector, type Message, UNKNOWN_HEIGHT } from '../../src/wire/index.ts';
import { Session } from '../simulation/hostile/session.ts';
import { Signal } from './signal.ts';
import { dialWithin, type FuzzTarget, SOURCES } from './target.ts';

const OPEN_LIMIT = 20_000;

/** A peer that does nothing wrong, and to which the node must be what a node is. */
export class HonestPeer {
  /** Blocks that the node has announced to it, with their heights. */
  readonly announced = new Map<string, number>();
  readonly #clock: Clock;
  readonly #signal: Signal;
  /** Blocks that it hands out. */
  readonly #stock = new Map<string, Block>();
  /** Blocks that it has asked for, and those of them that have come. */
  readonly #wanted = new Map<string, Block | undefined>();
  #session: Session | undefined;
  #address = '';
  #nonce = 0n;
  #answered = 0n;

  private constructor(target: FuzzTarget) {
    this.#clock = target.world.clock;
    this.#signal = new Signal(target.world.timers);
  }

  /** Connects and introduces itself. @throws {Error} if the node will not have it. */
  static async connect(target: FuzzTarget, params: NetworkParams, height: number): Promise<HonestPeer> {
    const peer = new HonestPeer(target);
    const transport = await dialWithin(target, SOURCES.honest);
    peer.#address = transport.localAddress;
    const nonce = BigInt(target.world.random.below(2 ** 32));
    const timestamp = BigInt(Math.floor(target.world.clock.now() / 1000));
    peer.#session = new Session(
      transport,
      false,
      { version: { timestamp, nonce, lastBlock: height }, silent: false, params },
      {
        opened: () => peer.#signal.notify(),
        received: (message) => peer.#message(message),
        closed: () => peer.#signal.notify(),
      },
    );
    if (await peer.#signal.until(() => peer.#session?.isOpen ?? false, OPEN_LIMIT)) return peer;
    throw new Error('the node does not take an honest peer');
  }

  /** True while the node keeps the connection. */
  get connected(): boolean {
    return this.#session?.isOpen ?? false;
  }

  /** Its own end of the connection, `ip:port`. */
  get address(): string {
    return this.#address;
  }

  close(): void {
    this.#session?.close();
  }

  /** @returns milliseconds until the answer; undefined if there is none in time. */
  async ping(limit: number): Promise<number | undefined> {
    const nonce = ++this.#nonce;
    const began = this.#clock.monotonic();
    this.#session?.send({ command: 'ping', nonce });
    const isAnswered = await this.#until(() => this.#answered === nonce, limit);
    return isAnswered ? this.#clock.monotonic() - began : undefined;
  }

  /** Asks for a block. @returns it; undefined if it does not come in time. */
  async fetch(hash: Hash, limit: number): Promise<Block | undefined> {
    const key = hashKey(hash);
    this.#wanted.set(key, undefined);
    const vector = { type: InvType.witnessBlock, hash, height: UNKNOWN_HEIGHT };
    this.#session?.send({ command: 'getdata', inventory: [vector] });
    await this.#until(() => this.#wanted.get(key) !== undefined, limit);
    const block = this.#wanted.get(key);
    this.#wanted.delete(key);
    return block;
  }

  /** Announces blocks, which the node can then have from it. */
  announce(blocks: readonly { readonly block: Block; readonly height: number }[]): void {
    for (const { block } of blocks) this.#stock.set(hashKey(block.hash), block);
    const inventory = blocks.map(({ block: { hash }, height }) => ({ type: InvType.block, hash, height }));
    this.#session?.send({ command: 'inv', inventory });
  }

  /** Waits for the announcement of a block. @returns its height; undefined if it does not come in time. */
  async hears(hash: Hash, limit: number): Promise<number | undefined> {
    const key = hashKey(hash);
    await this.#until(() => this.announced.has(key), limit);
    return this.announced.get(key);
  }

  #until(condition: () => boolean, limit: number): Promise<boolean> {
    return this.#signal.until(() => condition() || !this.connected, limit).then(condition);
  }

  #message(message: Message): boolean {
    const isDealtWith = this.#dealWith(message);
    this.#signal.notify();
    return isDealtWith;
  }

  #dealWith(message: Message): boolean {
    switch (message.command) {
      case 'pong':
        this.#answered = message.nonce;
        return true;
      case 'block': {
        const key = hashKey(message.block.hash);
        if (this.#wanted.has(key)) this.#wanted.set(key, message.block);
        return true;
      }
      case 'inv':
        for (const { type, hash, height } of message.inventory) {
          if (type === InvType.block) this.announced.set(hashKey(hash), height);
        }
        return true;
      case 'getdata':
        this.#deliver(message.inventory);
        return true;
      default:
        return false;
    }
  }

  #deliver(inventory: readonly InvVector[]): void {
    const missing: InvVector[] = [];
    for (const vector of inventory) {
      const block = this.#stock.get(hashKey(vector.hash));
      if (block) this.#session?.send({ command: 'block', block });
      else missing.push(vector);
    }
    if (missing.length > 0) this.#session?.send({ command: 'notfound', inventory: missing });
  }
}
