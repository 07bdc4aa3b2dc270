import { hashKey } from '../../src/util/hash.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { VirtualWorld } from '../../src/util/testing/virtual-world.ts';
import { BlockTracker, type RelayTimes } from './block-tracker.ts';
import { Disk } from './disk.ts';
import { EventLog, type LineSink, timeText } from './event-log.ts';
import { FaultInjector } from './faults.ts';
import { history } from './history.ts';
import { CATALOGUE } from './hostile/catalogue.ts';
import { Mob } from './hostile/mob.ts';
import {
  CurrentMonitor,
  checkAgreement,
  checkBans,
  checkBounds,
  checkConnected,
  checkRelay,
  type Report,
} from './invariants.ts';
import { VirtualInternet } from './network/virtual-internet.ts';
import type { NodeHooks } from './node-hooks.ts';
import { Payments } from './payments.ts';
import { Probe } from './probe.ts';
import { drawScenario, type HostilePlan, type NodePlan, type Scenario } from './scenario.ts';
import { SimNode } from './sim-node.ts';
import { SIM_PARAMS } from './sim-params.ts';

/** How often bounds are looked at, virtual milliseconds. */
const BOUNDS_INTERVAL = 10_000;
/** How often nodes are asked whether they are current. */
const CURRENT_INTERVAL = 3000;
/** Time after the end in which no timer may still be waiting, longer than any single one of a node that has stopped. */
const AFTERMATH = 60 * 60_000;
/** Between two payments. */
const PAYMENT_INTERVAL = 7000;
/** Time in which a payment must get into a block while nothing is broken. */
const CONFIRMED_WITHIN = 240_000;
/** Problems that are reported of one run. */
const MAX_PROBLEMS = 12;

/** What a run depends on. */
export interface SimulationOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly minutes: number;
  /** Defects planted on purpose. */
  readonly hooks?: NodeHooks;
  /** Receives the readable log. */
  readonly trace?: LineSink;
}

/** What came out of a run. */
export interface SimulationResult {
  readonly seed: number;
  /** Empty if everything held. */
  readonly problems: readonly string[];
  /** Virtual milliseconds until everything was stopped. */
  readonly simulated: number;
  /** Hash over everything that happened. */
  readonly hash: string;
  readonly events: number;
  readonly blocks: number;
  readonly payments: number;
  readonly relay: RelayTimes;
  /** The scenario in one line. */
  readonly summary: string;
}

/** What a seed decides before anything happens. */
export function scenarioOf(options: Pick<SimulationOptions, 'seed' | 'nodes' | 'minutes'>): Scenario {
  return drawScenario(new SeededRandom(`scenario ${options.seed}`), options);
}

/** A network of real nodes in virtual time: faults, attackers, and what must hold in the end. */
export class Simulation {
  readonly #options: SimulationOptions;
  readonly #world: VirtualWorld;
  readonly #random: SeededRandom;
  readonly #scenario: Scenario;
  readonly #log: EventLog;
  readonly #internet: VirtualInternet;
  readonly #tracker: BlockTracker;
  readonly #faults: FaultInjector;
  readonly #payments: Payments;
  readonly #nodes: SimNode[];
  readonly #mobs: Mob[] = [];
  readonly #problems: string[] = [];
  readonly #known = new Set<string>();
  #machines = 0;
  #simulated = 0;
  #relay: RelayTimes = { count: 0, median: 0, p99: 0, worst: 0 };

  constructor(options: SimulationOptions) {
    const { seed, trace } = options;
    this.#options = options;
    this.#world = new VirtualWorld({ seed });
    this.#random = new SeededRandom(`simulation ${seed}`);
    this.#scenario = scenarioOf(options);
    this.#log = new EventLog(() => this.#world.elapsed, trace);
    this.#internet = new VirtualInternet(this.#world, this.#random.fork('internet'), this.#log);
    this.#tracker = new BlockTracker(() => this.#world.elapsed);
    this.#nodes = this.#scenario.nodes.map((plan, number) => this.#node(plan, number));
    this.#faults = new FaultInjector({
      world: this.#world,
      internet: this.#internet,
      log: this.#log,
      nodes: this.#nodes,
      random: this.#random.fork('faults'),
    });
    this.#payments = new Payments({
      nodes: this.#nodes,
      random: this.#random.fork('payments'),
      log: this.#log,
      now: () => this.#world.elapsed,
    });
  }

  /** Takes a problem from outside, e.g. an unhandled rejection. */
  readonly report: Report = (problem) => {
    const text = `${timeText(this.#world.elapsed)} ${problem}`;
    this.#log.note('PROBLEM', problem);
    if (this.#problems.length < MAX_PROBLEMS) this.#problems.push(text);
  };

  /** Runs from the start to the end. */
  async run(): Promise<SimulationResult> {
    try {
      await this.#play();
    } catch (error) {
      this.report(`exception: ${error instanceof Error ? error.stack : error}`);
    }
    return {
      seed: this.#options.seed,
      problems: this.#problems,
      simulated: this.#simulated,
      hash: this.#log.hash,
      events: this.#log.count,
      blocks: this.#tracker.count,
      payments: this.#payments.count,
      relay: this.#relay,
      summary: this.#summary(),
    };
  }

  async #play(): Promise<void> {
    const { phases, faults, hostile, nodes } = this.#scenario;
    const { timers } = this.#world;
    this.#log.note('simulation', this.#summary());
    for (const [number, { startsAt }] of nodes.entries()) timers.after(startsAt, () => void this.#begin(number));
    for (const plan of hostile) timers.after(plan.startsAt, () => this.#attack(plan));
    this.#faults.schedule(faults);
    const payments = timers.every(PAYMENT_INTERVAL, () => this.#payments.pay());
    const bounds = timers.every(BOUNDS_INTERVAL, () => checkBounds(this.#nodes, this.report));
    await this.#until(phases.chaosEnds);
    this.#faults.end();
    await this.#until(phases.siegeBegins);
    checkConnected(this.#nodes, this.#internet, this.report);
    await this.#siege();
    payments.cancel();
    await this.#agree();
    bounds.cancel();
    await this.#end();
  }

  async #begin(number: number): Promise<void> {
    const node = this.#nodes[number]!;
    await node.mine(true);
    await node.start();
  }

  #attack({ kind }: HostilePlan): void {
    const random = this.#random.fork(`hostile ${kind}`);
    const world = this.#world.node(`hostile ${kind}`);
    const ips = Array.from({ length: 16 }, () => this.#address(60));
    const spy = () => {
      const running = this.#nodes.filter(({ running }) => running);
      return running.length > 0 ? random.pick(running).dag : undefined;
    };
    const strategy = CATALOGUE[kind]({ random, world, ips, spy, clocksAgree: this.#scenario.clocksAgree });
    const hosts = ips
      .slice(0, strategy.machines ?? 1)
      .map((ip, i) => this.#internet.host(ip, `${strategy.name}${i}`, { latency: 5, bandwidth: 5_000_000 }));
    const mob = new Mob(strategy, hosts, {
      internet: this.#internet,
      world,
      log: this.#log,
      nodes: this.#nodes,
    });
    this.#mobs.push(mob);
    mob.start();
  }

  /** Attackers are still there, but nothing is broken any more: blocks must get around. */
  async #siege(): Promise<void> {
    const { phases, blockInterval, endsApart } = this.#scenario;
    const current = new CurrentMonitor();
    const samples = this.#world.timers.every(CURRENT_INTERVAL, () => current.sample(this.#nodes));
    await this.#until(phases.siegeEnds);
    samples.cancel();
    current.check(this.report);
    const from = phases.siegeBegins;
    const until = phases.siegeEnds;
    const expected = (until - from - 30_000) / blockInterval;
    checkRelay(this.#tracker, this.#nodes, { from, until, expected }, this.report);
    this.#payments.check(from, until - CONFIRMED_WITHIN, this.report);
    this.#relay = this.#tracker.relayTimes(from, until);
    for (const mob of this.#mobs) mob.stop();
    if (endsApart && this.#nodes.length > 1) await this.#part();
    await Promise.all(this.#nodes.map((node) => node.mine(false)));
  }

  /** Both sides of a partition mine on, connections break, and nobody mines after that. */
  async #part(): Promise<void> {
    const { random, blockInterval } = { random: this.#random.fork('parting'), ...this.#scenario };
    const numbers = random.shuffle(Array.from(this.#nodes.keys()));
    const side = numbers.slice(0, random.between(1, numbers.length - 1));
    const lasts = Math.max(30_000, 4 * blockInterval);
    this.#faults.inject({ kind: 'partition', side, oneWay: false, lasts: lasts + 1 });
    await this.#world.advance(lasts);
    await Promise.all(this.#nodes.map((node) => node.mine(false)));
    if (random.chance(0.5)) this.#faults.inject({ kind: 'cut', share: 1 });
    await this.#world.advance(2);
  }

  async #agree(): Promise<void> {
    await this.#until(Math.max(this.#scenario.phases.settled, this.#world.elapsed + 240_000));
    checkAgreement(this.#nodes, this.report);
    checkBans(this.#nodes, this.report);
    const random = this.#random.fork('last');
    const hash = await this.#world.waitFor(random.pick(this.#nodes).mineOne(), 10_000);
    await this.#world.advance(60_000);
    for (const { name, dag } of this.#nodes) {
      if (hash && dag && !dag.haveBlock(hash)) this.report(`the last block did not reach ${name}`);
    }
    checkAgreement(this.#nodes, this.report);
    const host = this.#internet.host(this.#address(60), 'probe', { latency: 10, bandwidth: 5_000_000 });
    const probe = new Probe(random.pick(this.#nodes), { world: this.#world, internet: this.#internet, host });
    await probe.run(this.report);
  }

  /** Everything stops in good order, and then nothing may be left that wants to happen. */
  async #end(): Promise<void> {
    await this.#world.waitFor(Promise.all(this.#nodes.map((node) => node.stop())), 60_000);
    this.#simulated = this.#world.elapsed;
    await this.#world.advance(AFTERMATH);
    const { pendingTimers } = this.#world;
    if (pendingTimers > 0) this.report(`${pendingTimers} timers are left after everything has stopped`);
  }

  #until(time: number): Promise<void> {
    return this.#world.advance(Math.max(0, time - this.#world.elapsed));
  }

  #node(plan: NodePlan, number: number): SimNode {
    const { maxPeers, targetOutbound, blockInterval, templateAge, nodes, history: past } = this.#scenario;
    const host = this.#internet.host(nodeIp(number), `n${number}`, { ...plan.line });
    const disk = new Disk(plan.hasHistory ? history(past, this.#world.epoch) : undefined);
    const pace = { interval: blockInterval * nodes.length, templateAge };
    const addPeers = plan.addPeers.map((other) => `${nodeIp(other)}:${SIM_PARAMS.p2pPort}`);
    return new SimNode(
      host,
      disk,
      { addPeers, maxPeers, targetOutbound, pace, commitCost: plan.commitCost },
      {
        world: this.#world,
        internet: this.#internet,
        log: this.#log,
        hooks: this.#options.hooks ?? {},
        seedList: () => this.#nodes.map((node) => node.host.ip),
        watcher: {
          mined: (node, block) => this.#tracker.mined(node, block.hash),
          accepted: (node, { hash, height, block }) => {
            this.#tracker.accepted(node, hash);
            const key = hashKey(hash);
            if (this.#known.has(key)) return;
            this.#known.add(key);
            for (const mob of this.#mobs) mob.blockSeen(block, height);
          },
          problem: (node, text) => this.report(`${node.name} ${text}`),
          // A clock that is behind gives templates too early a time; it is tried again until the clock has caught up.
          isExpected: (message) =>
            !this.#scenario.clocksAgree && /^(No block template|Mining failed).* is not after /.test(message),
        },
      },
    );
  }

  /** An IP that nobody has. */
  #address(network: number): string {
    const number = this.#machines++;
    return `${network + (number >> 8)}.${number & 255}.9.1`;
  }

  #summary(): string {
    const {
      nodes,
      history: past,
      blockInterval,
      templateAge,
      faults,
      hostile,
      maxPeers,
      targetOutbound,
    } = this.#scenario;
    const found = nodes.every(({ addPeers }) => addPeers.length === 0) ? ' found by themselves' : '';
    const attackers = hostile.map(({ kind }) => kind).join(' ') || 'nobody';
    return (
      `${nodes.length} nodes, past of ${past} blocks, a block every ${blockInterval / 1000} s on templates ` +
      `${templateAge / 1000} s old, ${targetOutbound} outgoing of ${maxPeers} peers${found}, ${faults.length} faults, attacked by ${attackers}`
    );
  }
}

function nodeIp(number: number): string {
  return `${20 + (number >> 6)}.${(number & 63) * 4 + 1}.7.1`;
}
