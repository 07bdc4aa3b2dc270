import type { Clock, Timer, Timers, World } from '../ports.ts';
import { SeededRandom } from './seeded-random.ts';

/** Whoever started a timer; a dead owner's timers never fire. */
interface Owner {
  dead: boolean;
}

/** One entry of the agenda. Equal times fire in the order in which they were scheduled. */
class Event implements Timer {
  readonly time: number;
  readonly sequence: number;
  readonly owner: Owner;
  /** Undefined once fired or cancelled. */
  run: (() => void) | undefined;
  readonly #agenda: Agenda;

  constructor(agenda: Agenda, time: number, sequence: number, owner: Owner, run: () => void) {
    this.#agenda = agenda;
    this.time = time;
    this.sequence = sequence;
    this.owner = owner;
    this.run = run;
  }

  cancel(): void {
    if (!this.run) return;
    this.run = undefined;
    this.#agenda.forget();
  }
}

function earlier(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}

/** A binary heap of events. Cancelled ones stay until they surface or until they are more than half of the heap. */
class Agenda {
  #heap: Event[] = [];
  #cancelled = 0;
  #sequence = 0;

  get size(): number {
    return this.#heap.length - this.#cancelled;
  }

  add(time: number, owner: Owner, run: () => void): Event {
    const event = new Event(this, time, this.#sequence++, owner, run);
    const heap = this.#heap;
    let child = heap.push(event) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!earlier(event, heap[parent]!)) break;
      heap[child] = heap[parent]!;
      child = parent;
    }
    heap[child] = event;
    return event;
  }

  /** Removes and returns the first event that is due at `time` and whose owner lives. */
  takeDue(time: number): Event | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (!first || first.time > time) return undefined;
      this.#removeFirst();
      if (!first.run) this.#cancelled--;
      else if (!first.owner.dead) return first;
      else first.run = undefined;
    }
  }

  /** Counts a cancelled event and clears the heap of them when they prevail. */
  forget(): void {
    this.#cancelled++;
    if (this.#cancelled < 1024 || this.#cancelled * 2 < this.#heap.length) return;
    const live: Event[] = [];
    for (const event of this.#heap) {
      if (event.owner.dead) event.run = undefined;
      if (event.run) live.push(event);
    }
    live.sort((a, b) => a.time - b.time || a.sequence - b.sequence);
    this.#heap = live;
    this.#cancelled = 0;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && earlier(heap[child + 1]!, heap[child]!)) child++;
      if (!earlier(heap[child]!, last)) break;
      heap[parent] = heap[child]!;
      parent = child;
    }
    heap[parent] = last;
  }
}

/**
 * Resolves when every promise reaction that is ready has run, those that it makes ready included. A tick that is
 * scheduled from inside a reaction runs only after the queue of reactions has emptied.
 */
function reactionsDone(): Promise<void> {
  return Promise.resolve().then(() => new Promise((resolve) => process.nextTick(resolve)));
}

/** Lets the real event loop turn once, so that a long run does not starve it. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** How often a run lets the real event loop turn. */
const EVENTS_PER_BREATH = 2048;

/** One participant of a virtual world: its own clock error, its own random stream, timers that die with it. */
export class VirtualNode implements World {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: SeededRandom;
  /** Milliseconds by which this participant's wall clock is ahead of the true time (negative: behind). */
  clockOffset = 0;
  readonly #owner: Owner = { dead: false };

  constructor(world: VirtualWorld, agenda: Agenda, random: SeededRandom) {
    this.random = random;
    this.clock = {
      now: () => world.epoch + world.elapsed + this.clockOffset,
      monotonic: () => world.elapsed,
    };
    const owner = this.#owner;
    const at = (delay: number, callback: () => void) => {
      if (!Number.isFinite(delay)) throw new RangeError(`timer of ${delay} ms`);
      return agenda.add(world.elapsed + Math.max(0, delay), owner, callback);
    };
    this.timers = {
      after: (milliseconds, callback) => at(milliseconds, callback),
      every: (milliseconds, callback) => {
        // A real timer cannot repeat faster than this, and virtual time would never move on.
        const period = Math.max(1, milliseconds);
        let next: Timer;
        const fire = () => {
          next = at(period, fire);
          callback();
        };
        next = at(period, fire);
        return { cancel: () => next.cancel() };
      },
      soon: (callback) => {
        at(0, callback);
      },
    };
  }

  /** A crash: no timer of this participant fires any more, neither pending ones nor new ones. */
  kill(): void {
    this.#owner.dead = true;
  }
}

/** How a virtual world starts. */
export interface VirtualWorldOptions {
  /** Seed of all randomness. Default 1. */
  readonly seed?: number | string;
  /** True time at the start, milliseconds since the Unix epoch. Default 2027-01-01. */
  readonly epoch?: number;
}

/**
 * A world in which time moves only when told: clock, timers and randomness for tests and for simulated networks.
 * Everything that happens depends on nothing but the seed and the code that runs. Time stands still while code and
 * promise reactions run; {@link advance} then jumps from one timer to the next, letting all promise reactions finish
 * in between, exactly as a real event loop does.
 *
 * The world itself is a participant (the test's own hands); {@link node} makes more of them.
 */
export class VirtualWorld implements World {
  /** True time at the start, milliseconds since the Unix epoch. */
  readonly epoch: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: SeededRandom;
  readonly #agenda = new Agenda();
  #elapsed = 0;
  #events = 0;
  #running = false;

  constructor(options: VirtualWorldOptions = {}) {
    this.epoch = options.epoch ?? Date.UTC(2027, 0, 1);
    this.random = new SeededRandom(options.seed ?? 1);
    const self = new VirtualNode(this, this.#agenda, this.random);
    this.clock = self.clock;
    this.timers = self.timers;
  }

  /** Milliseconds since the start. */
  get elapsed(): number {
    return this.#elapsed;
  }

  /** True time now, milliseconds since the Unix epoch. */
  get now(): number {
    return this.epoch + this.#elapsed;
  }

  /** Timers that have not fired yet. A test that expects everything stopped asserts 0. */
  get pendingTimers(): number {
    return this.#agenda.size;
  }

  /** Events that have happened: a cheap measure of work, and equal in equal runs. */
  get eventCount(): number {
    return this.#events;
  }

  /**
   * Another participant.
   * @param label names its random stream; equal labels give equal streams.
   * @param clockOffset milliseconds by which its wall clock is ahead.
   */
  node(label: number | string, clockOffset = 0): VirtualNode {
    const node = new VirtualNode(this, this.#agenda, this.random.fork(label));
    node.clockOffset = clockOffset;
    return node;
  }

  /**
   * Lets `milliseconds` pass: every timer that falls due fires at its time, and all promise reactions finish before
   * the next one. An exception of a timer callback ends the run and comes out here.
   */
  advance(milliseconds: number): Promise<void> {
    return this.#run(this.#elapsed + milliseconds, () => false).then(() => undefined);
  }

  /** Finishes what can happen without time passing: promise reactions and `soon` callbacks. */
  settle(): Promise<void> {
    return this.advance(0);
  }

  /**
   * Lets time pass until `condition` holds, checked after every event.
   * @param limit give up after so many milliseconds of virtual time.
   * @returns whether the condition holds.
   */
  async runUntil(condition: () => boolean, limit: number): Promise<boolean> {
    return this.#run(this.#elapsed + limit, condition);
  }

  /** Waits for a promise while time passes. @throws {Error} if it is still pending after `limit` ms of virtual time. */
  async waitFor<T>(promise: Promise<T>, limit: number): Promise<T> {
    let done = false;
    const finish = () => {
      done = true;
    };
    promise.then(finish, finish);
    if (!(await this.runUntil(() => done, limit))) throw new Error(`still pending after ${limit} virtual milliseconds`);
    return promise;
  }

  async #run(until: number, condition: () => boolean): Promise<boolean> {
    if (this.#running) throw new Error('virtual time is already being moved');
    this.#running = true;
    try {
      await reactionsDone();
      while (!condition()) {
        const event = this.#agenda.takeDue(until);
        if (!event) {
          this.#elapsed = until;
          return condition();
        }
        this.#elapsed = Math.max(this.#elapsed, event.time);
        const run = event.run!;
        event.run = undefined;
        run();
        if (++this.#events % EVENTS_PER_BREATH === 0) await breathe();
        await reactionsDone();
      }
      return true;
    } finally {
      this.#running = false;
    }
  }
}
