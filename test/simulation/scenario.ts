import type { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import type { Fault, PlannedFault } from './faults.ts';
import { HOSTILE_KINDS, type HostileKind } from './hostile/catalogue.ts';
import type { LineQuality } from './network/host.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Time after the faults in which connections that died must be noticed and made again, and clocks forgotten. */
const RECOVERY = 13 * MINUTE;
/** Time in which attackers are still there and blocks must get around all the same. */
const SIEGE = 10 * MINUTE;
/** Time after the last block in which everybody must come to agree. */
const SETTLING = 4 * MINUTE;
/** Shortest time of faults. */
const SHORTEST_CHAOS = 3 * MINUTE;

/** When what happens, milliseconds since the start. */
export interface Phases {
  /** Faults happen from the start until then. */
  readonly chaosEnds: number;
  /** From then on every block must reach everybody quickly. */
  readonly siegeBegins: number;
  /** Attackers leave and mining stops. */
  readonly siegeEnds: number;
  /** Everybody must agree. */
  readonly settled: number;
}

/** One node of a scenario. */
export interface NodePlan {
  readonly line: LineQuality;
  /** Numbers of nodes that it stays connected with; none: it finds others by itself. */
  readonly addPeers: readonly number[];
  /** It has the common past on its disk. */
  readonly hasHistory: boolean;
  /** Milliseconds of work for each commit. */
  readonly commitCost: number;
  readonly startsAt: number;
}

/** One attacker of a scenario. */
export interface HostilePlan {
  readonly kind: HostileKind;
  readonly startsAt: number;
}

/** Everything that is decided before a simulation begins; a function of the seed. */
export interface Scenario {
  readonly phases: Phases;
  readonly nodes: readonly NodePlan[];
  /** Blocks of the common past. */
  readonly history: number;
  readonly maxPeers: number;
  /** Outgoing connections that a node keeps up besides those it must. */
  readonly targetOutbound: number;
  /** Mean time between two blocks of the network and age of templates, milliseconds. */
  readonly blockInterval: number;
  readonly templateAge: number;
  readonly faults: readonly PlannedFault[];
  readonly hostile: readonly HostilePlan[];
  /** No clock is ever wrong. */
  readonly clocksAgree: boolean;
  /** The last blocks are mined on two sides of a partition, and none after it. */
  readonly endsApart: boolean;
}

/** What the user decides. */
export interface ScenarioOptions {
  readonly nodes: number;
  readonly minutes: number;
}

/** Draws a scenario. */
export function drawScenario(random: SeededRandom, { nodes: count, minutes }: ScenarioOptions): Scenario {
  const phases = phasesOf(minutes * MINUTE);
  const clocksAgree = random.chance(0.5);
  const history = random.pick([0, 0, 30, 700]);
  const blockInterval = random.pick([3, 6, 10, 10, 20, 40]) * SECOND;
  const discovers = random.chance(0.3);
  const nodes = Array.from({ length: count }, (_, number) => {
    const plan = drawNode(random, number, count, history);
    return discovers ? { ...plan, addPeers: [] } : plan;
  });
  return {
    phases,
    nodes,
    history,
    maxPeers: random.pick([30, 125, 125]),
    targetOutbound: discovers ? 8 : random.pick([1, 2, 8]),
    blockInterval,
    templateAge: random.pick([100, 1000, 5000, 15_000]),
    faults: drawFaults(random, { count, clocksAgree, until: phases.chaosEnds }),
    hostile: drawHostile(random, phases.chaosEnds),
    clocksAgree,
    endsApart: random.chance(0.5),
  };
}

function phasesOf(total: number): Phases {
  const chaosEnds = Math.max(SHORTEST_CHAOS, total - RECOVERY - SIEGE - SETTLING);
  const siegeBegins = chaosEnds + RECOVERY;
  const siegeEnds = siegeBegins + SIEGE;
  return { chaosEnds, siegeBegins, siegeEnds, settled: siegeEnds + SETTLING };
}

function drawNode(random: SeededRandom, number: number, count: number, history: number): NodePlan {
  const late = random.chance(0.15);
  // Every node but the first stays connected with an earlier one, so that the honest network hangs together.
  const addPeers = number === 0 ? [] : [random.below(number)];
  while (addPeers.length < Math.min(2, count - 1) && random.chance(0.6)) {
    const other = random.below(count);
    if (other !== number && !addPeers.includes(other)) addPeers.push(other);
  }
  return {
    line: { latency: random.between(2, 150), bandwidth: random.pick([30_000, 200_000, 2_000_000]) },
    addPeers,
    hasHistory: history > 0 && number !== count - 1 && !random.chance(0.1),
    commitCost: random.pick([0, 0.3, 0.3, 5, 40]),
    startsAt: late ? random.between(20, 120) * SECOND : random.below(5 * SECOND),
  };
}

interface FaultRules {
  readonly count: number;
  readonly clocksAgree: boolean;
  readonly until: number;
}

function drawFaults(random: SeededRandom, rules: FaultRules): PlannedFault[] {
  const plan: PlannedFault[] = [];
  const pause = random.pick([20, 60, 150]) * SECOND;
  let at = 30 * SECOND;
  for (;;) {
    at += -pause * Math.log(1 - random.float());
    if (at >= rules.until) return plan;
    plan.push({ at, fault: drawFault(random, rules) });
  }
}

function drawFault(random: SeededRandom, { count, clocksAgree }: FaultRules): Fault {
  const node = random.below(count);
  const lasts = random.pick([10, 40, 120, 400]) * SECOND;
  const down = random.pick([1, 15, 90, 300]) * SECOND;
  const side = random.shuffle(Array.from({ length: count }, (_, i) => i)).slice(0, random.between(1, count - 1));
  switch (random.below(clocksAgree ? 10 : 11)) {
    case 0:
      return { kind: 'partition', side, oneWay: false, lasts };
    case 1:
      return { kind: 'partition', side, oneWay: true, lasts };
    case 2:
      return { kind: 'cut', share: random.pick([0.2, 0.5, 1]) };
    case 3:
      return { kind: 'silence', share: random.pick([0.2, 0.5, 1]) };
    case 4:
      return { kind: 'slow', node, bandwidth: random.pick([500, 3000]), latency: random.between(0, 3000), lasts };
    case 5:
      return { kind: 'kill', node, lost: 0, wiped: false, down };
    case 6:
      return { kind: 'power', node, lost: random.pick([0, 1, 5, 30]), wiped: random.chance(0.2), down };
    case 7:
      return { kind: 'restart', node, down };
    case 8:
      return { kind: 'disk', node, down };
    case 9:
      return { kind: 'lossy', node, loss: random.pick([0.02, 0.1, 0.4]), lasts };
    default:
      return { kind: 'skew', node, offset: random.between(-600, 600) * SECOND };
  }
}

function drawHostile(random: SeededRandom, until: number): HostilePlan[] {
  return random
    .shuffle(HOSTILE_KINDS)
    .slice(0, random.pick([0, 1, 2, 2, 3, 4]))
    .map((kind) => ({ kind, startsAt: random.below(until / 2) }));
}
