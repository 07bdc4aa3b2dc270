import type { Transport } from '../../src/peer/index.ts';
import { hashKey } from '../../src/util/hash.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { InvType, type InvVector, type Message } from '../../src/wire/index.ts';
import { Session, type SessionEvents } from '../simulation/hostile/session.ts';
import { pause, Signal } from './signal.ts';
import { dialWithin, type FuzzTarget, SOURCES } from './target.ts';
import { type Ammunition, type Offer, type Shot, Traffic } from './traffic.ts';

/** Messages of a connection, at most. */
const SESSION_LENGTH = 400;
/** Messages between two looks at whether the node still follows; what comes behind one that ends it is lost. */
const BURSTS = [1, 1, 1, 1, 1, 1, 2, 2, 4, 12];
/** Connections without a proper introduction. */
const RAW_SHARE = 0.03;
/** Messages that arrive in pieces. */
const FRAGMENTED_SHARE = 0.05;
/** Things that the node asks for, that the attacker has, and hands out. */
const DELIVERED_SHARE = 0.95;
/** Questions for blocks that are answered with names of nothing. */
const INVENTED_SHARE = 0.3;
const OPEN_LIMIT = 20_000;
const ANSWER_LIMIT = 60_000;
/** The same after framing was broken: the node may wait for the rest of something for a long time. */
const BROKEN_ANSWER_LIMIT = 300;

/** What happens to connections of attackers. */
export const TALLY_EVENTS = [
  'connections',
  'refused',
  'thrown out',
  'given up',
  'unanswered',
  'dealt with',
  'delivered',
] as const;
export type TallyEvent = (typeof TALLY_EVENTS)[number];

/** What all attackers together have done. */
export interface Tally {
  /** Takes the next message of the total; false if there is none left. */
  take(): boolean;
  sent(lane: number, shot: Shot): void;
  count(what: TallyEvent, times?: number): void;
}

/** What an attacker works with. */
export interface AttackerDeps {
  readonly target: FuzzTarget;
  readonly ammunition: Ammunition;
  readonly tally: Tally;
}

/**
 * One attacker with one connection at a time, made anew whenever the node has closed it. What the n-th connection sends
 * depends on the seed alone; how far it gets, and what it answers when, on the node.
 */
export class Attacker {
  readonly #number: number;
  readonly #random: SeededRandom;
  readonly #deps: AttackerDeps;
  #sources = 0;

  constructor(number: number, seed: string, deps: AttackerDeps) {
    this.#number = number;
    this.#random = new SeededRandom(`fuzz ${seed} ${number}`);
    this.#deps = deps;
  }

  /** Attacks until all messages are sent. */
  async run(): Promise<void> {
    const { target, tally } = this.#deps;
    for (let session = 0; ; session++) {
      const random = this.#random.fork(session);
      let transport: Transport | undefined;
      try {
        transport = await dialWithin(target, this.#source());
      } catch {
        // The node may be busy or have no room; whether that is its fault the honest peers will find out.
        tally.count('refused');
      }
      if (target.problems.length > 0) return;
      if (!transport) await pause(target.world.timers, 100);
      else if (!(await this.#attack(transport, random))) return;
    }
  }

  /** Half of the attackers are never banned, the others move on. */
  #source(): string {
    if (this.#number % 2 === 0) return SOURCES.immune(this.#number);
    return SOURCES.banned(this.#sources * 256 + this.#number);
  }

  /** @returns false if there is nothing left to send. */
  async #attack(transport: Transport, random: SeededRandom): Promise<boolean> {
    const { target, ammunition, tally } = this.#deps;
    tally.count('connections');
    const changed = new Signal(target.world.timers);
    const traffic = new Traffic(ammunition, random.fork('traffic'));
    const isRaw = random.chance(RAW_SHARE);
    const events = new Events(changed, tally, random.fork('answers'));
    const { params } = ammunition.chain;
    const version = {
      timestamp: BigInt(Math.floor(target.world.clock.now() / 1000)),
      nonce: BigInt(random.uint32()),
      lastBlock: random.pick([0, 0, 100, ammunition.chain.blocks.at(-1)!.height, 2 ** 31 - 1]),
      relay: random.chance(0.8),
    };
    const session = new Session(transport, false, { version, silent: isRaw, params }, events);
    events.session = session;
    if (!isRaw && !(await changed.until(() => session.isOpen || session.isClosed, OPEN_LIMIT))) session.close();
    if (!isRaw && session.isClosed) {
      // Banned, most likely.
      this.#sources++;
      tally.count('refused');
      await pause(target.world.timers, 1);
      return true;
    }
    let left = true;
    let isBroken = false;
    for (let messages = 0; left && !session.isClosed && messages < SESSION_LENGTH; ) {
      const burst = random.pick(BURSTS);
      messages += burst;
      for (let i = 0; i < burst && !session.isClosed; i++) {
        left = tally.take();
        if (!left) break;
        const shot = isRaw ? traffic.raw() : traffic.next();
        isBroken ||= shot.family === 'framing';
        if (shot.offer) events.offers.set(hashKey(shot.offer.hash), shot.offer);
        this.#send(session, shot, random);
      }
      if (isRaw) break;
      await this.#barrier(session, events, changed, { burst, isBroken });
    }
    if (isRaw) await changed.until(() => session.isClosed, random.below(30));
    session.close();
    return left;
  }

  #send(session: Session, shot: Shot, random: SeededRandom): void {
    this.#deps.tally.sent(this.#number, shot);
    const { bytes } = shot;
    if (bytes.length < 2 || !random.chance(FRAGMENTED_SHARE)) {
      session.raw(bytes);
      return;
    }
    const cut = random.between(1, bytes.length - 1);
    session.raw(bytes.subarray(0, cut));
    session.raw(bytes.subarray(cut));
  }

  /** Waits until the node has dealt with everything, or has had enough. */
  async #barrier(
    session: Session,
    events: Events,
    changed: Signal,
    { burst, isBroken }: { readonly burst: number; readonly isBroken: boolean },
  ): Promise<void> {
    const { tally } = this.#deps;
    const nonce = events.ping();
    const limit = isBroken ? BROKEN_ANSWER_LIMIT : ANSWER_LIMIT;
    const isDone = await changed.until(() => events.answered === nonce || session.isClosed, limit);
    // Of those that ended it at least one was dealt with.
    if (session.isClosed) tally.count('dealt with');
    if (session.isClosed) tally.count('thrown out');
    else if (isDone) tally.count('dealt with', burst);
    else {
      tally.count(isBroken ? 'given up' : 'unanswered');
      session.close();
    }
  }
}

/** What a connection of an attacker hears. It answers some of what it is asked for. */
class Events implements SessionEvents {
  session: Session | undefined;
  /** Nonce of the latest ping that was answered. */
  answered = 0n;
  /** What was announced, by hash. */
  readonly offers = new Map<string, Offer>();
  readonly #changed: Signal;
  readonly #tally: Tally;
  readonly #random: SeededRandom;
  #pings = 0x5eed_0000_0000n;

  constructor(changed: Signal, tally: Tally, random: SeededRandom) {
    this.#changed = changed;
    this.#tally = tally;
    this.#random = random;
  }

  /** @returns the nonce. */
  ping(): bigint {
    this.session?.send({ command: 'ping', nonce: ++this.#pings });
    return this.#pings;
  }

  opened(): void {
    this.#changed.notify();
  }

  received(message: Message): boolean {
    if (message.command === 'pong' && message.nonce === this.#pings) {
      this.answered = message.nonce;
      this.#changed.notify();
    }
    if (message.command === 'getdata') return this.#deliver(message.inventory);
    if (message.command !== 'getblocks' || !this.#random.chance(INVENTED_SHARE)) return false;
    const inventory = Array.from({ length: this.#random.pick([1, 20, 500]) }, (_, height) => ({
      type: InvType.block,
      hash: this.#random.bytes(32),
      height,
    }));
    this.session?.send({ command: 'inv', inventory });
    return true;
  }

  /** Hands out what was announced. @returns false if there is nothing. */
  #deliver(inventory: readonly InvVector[]): boolean {
    const offers = inventory.flatMap(({ hash }) => this.offers.get(hashKey(hash)) ?? []);
    if (offers.length === 0 || !this.#random.chance(DELIVERED_SHARE)) return false;
    for (const { bytes } of offers) {
      this.#tally.count('delivered');
      this.session?.raw(bytes);
    }
    return true;
  }

  closed(): void {
    this.#changed.notify();
  }
}
