import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { COMMANDS } from '../../src/wire/index.ts';
import { Attacker, TALLY_EVENTS, type Tally, type TallyEvent } from './attacker.ts';
import { makeChain } from './chain.ts';
import { makeSamples, type Sample } from './corpus.ts';
import { MemoryWatch } from './memory-watch.ts';
import { pause } from './signal.ts';
import type { FuzzTarget } from './target.ts';
import type { Family, Shot } from './traffic.ts';
import { type Service, Witnesses } from './witnesses.ts';

/** Messages of each attacker that are remembered, to be shown after a failure. */
const REMEMBERED = 64;
/** Between two samples of memory, milliseconds. */
const SAMPLE_INTERVAL = 500;
/** Rest in the end, in which the node deals with what it has. */
const AFTERMATH = 3000;

/** What a run depends on. */
export interface FuzzOptions {
  readonly seed: string;
  /** Messages in all. */
  readonly messages: number;
  /** Attackers, each with one connection at a time. */
  readonly connections: number;
  /** Unix seconds of the newest block of the past. */
  readonly time: number;
  /** Recorded conversations; may be empty. */
  readonly conversations: readonly (readonly Sample[])[];
  /** Told of the progress now and then. */
  readonly progress?: (sent: number) => void;
}

/** What came out of a run. */
export interface FuzzResult {
  /** Empty if everything held. */
  readonly problems: readonly string[];
  readonly sent: number;
  readonly families: ReadonlyMap<Family, number>;
  readonly commands: ReadonlyMap<string, number>;
  readonly events: ReadonlyMap<TallyEvent, number>;
  /** Milliseconds that honest peers were served in. */
  readonly times: Readonly<Record<Service, readonly number[]>>;
  readonly memory: ReturnType<typeof memoryWatches>;
  readonly blocks: { readonly before: number; readonly after: number };
  readonly milliseconds: number;
  /** The latest messages of each attacker. */
  readonly latest: readonly (readonly Shot[])[];
}

/** Counts what attackers do. */
class Counter implements Tally {
  sentCount = 0;
  readonly families = new Map<Family, number>();
  readonly commands = new Map<string, number>();
  readonly events = new Map<TallyEvent, number>(TALLY_EVENTS.map((event) => [event, 0]));
  readonly latest: Shot[][];
  readonly #messages: number;
  readonly #isOver: () => boolean;

  constructor({ messages, connections }: FuzzOptions, isOver: () => boolean) {
    this.#messages = messages;
    this.#isOver = isOver;
    this.latest = Array.from({ length: connections }, () => []);
  }

  take(): boolean {
    if (this.sentCount >= this.#messages || this.#isOver()) return false;
    this.sentCount++;
    return true;
  }

  sent(lane: number, shot: Shot): void {
    add(this.families, shot.family);
    add(this.commands, COMMANDS.includes(shot.command) ? shot.command : 'others');
    const latest = this.latest[lane]!;
    if (latest.push(shot) > REMEMBERED) latest.shift();
  }

  count(event: TallyEvent, times = 1): void {
    add(this.events, event, times);
  }
}

function add<K>(counts: Map<K, number>, key: K, times = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + times);
}

/** Live memory must not grow; what the system has given is more than that, and is not given back at once. */
function memoryWatches(messages: number) {
  return {
    live: new MemoryWatch(messages, { share: 0.15, bytes: 64 * 2 ** 20 }),
    resident: new MemoryWatch(messages, { share: 0.25, bytes: 128 * 2 ** 20 }),
  };
}

/** Attacks a node, while honest peers use it. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  const { clock, timers } = target.world;
  const chain = makeChain(target.params, options.seed, options.time);
  const ammunition = {
    chain,
    samples: makeSamples(chain, new SeededRandom(`fuzz samples ${options.seed}`)),
    conversations: options.conversations,
  };
  const witnesses = await Witnesses.arrive(target, chain, options.seed);
  const before = await target.blockCount();
  const isOver = () => target.problems.length + witnesses.problems.length > 0;
  const counter = new Counter(options, isOver);
  const memory = memoryWatches(options.messages);
  const sample = () => {
    const use = target.memory();
    const progress = counter.sentCount / options.messages;
    if (use) memory.live.add(progress, use.live);
    if (use) memory.resident.add(progress, use.resident);
    options.progress?.(counter.sentCount);
  };
  const began = clock.monotonic();
  sample();
  const samples = timers.every(SAMPLE_INTERVAL, sample);
  const watching = witnesses.run();
  const attackers = Array.from(
    { length: options.connections },
    (_, number) => new Attacker(number, options.seed, { target, ammunition, tally: counter }),
  );
  await Promise.all(attackers.map((attacker) => attacker.run()));
  const milliseconds = clock.monotonic() - began;
  await pause(timers, AFTERMATH);
  witnesses.stop();
  await watching;
  samples.cancel();
  witnesses.close();
  const after = target.problems.length > 0 ? 0 : await target.blockCount();
  return {
    problems: [
      ...target.problems,
      ...witnesses.problems,
      ...memory.live.problems('live'),
      ...memory.resident.problems('resident'),
    ],
    sent: counter.sentCount,
    families: counter.families,
    commands: counter.commands,
    events: counter.events,
    times: witnesses.times,
    memory,
    blocks: { before, after },
    milliseconds,
    latest: counter.latest,
  };
}
