import type { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import type { VirtualWorld } from '../../src/util/testing/virtual-world.ts';
import type { EventLog } from './event-log.ts';
import type { Host } from './network/host.ts';
import type { VirtualInternet } from './network/virtual-internet.ts';
import type { SimNode } from './sim-node.ts';

/** Something that goes wrong at a certain time. Nodes are given by number, times in milliseconds. */
export type Fault =
  /** Two groups cannot hear each other; one-way: only the second cannot hear the first. */
  | { readonly kind: 'partition'; readonly side: readonly number[]; readonly oneWay: boolean; readonly lasts: number }
  /** Connections break, or die without anybody being told. */
  | { readonly kind: 'cut' | 'silence'; readonly share: number }
  /** A line becomes slow: bytes a second, and milliseconds of delay. */
  | {
      readonly kind: 'slow';
      readonly node: number;
      readonly bandwidth: number;
      readonly latency: number;
      readonly lasts: number;
    }
  /** A line loses packets: a share of them comes only at the second attempt or later. */
  | { readonly kind: 'lossy'; readonly node: number; readonly loss: number; readonly lasts: number }
  /** A clock is set wrong. */
  | { readonly kind: 'skew'; readonly node: number; readonly offset: number }
  /** A program is killed, or its machine loses power with some unsynced commits, and comes back. */
  | {
      readonly kind: 'kill' | 'power';
      readonly node: number;
      readonly lost: number;
      readonly wiped: boolean;
      readonly down: number;
    }
  /** A program is stopped in good order and started again. */
  | { readonly kind: 'restart'; readonly node: number; readonly down: number }
  /** The disk is full: the program ends itself, and is started again when there is room. */
  | { readonly kind: 'disk'; readonly node: number; readonly down: number };

export type FaultKind = Fault['kind'];

/** A fault and when it happens, milliseconds. */
export interface PlannedFault {
  readonly at: number;
  readonly fault: Fault;
}

/** What faults are done to. */
export interface FaultDeps {
  readonly world: VirtualWorld;
  readonly internet: VirtualInternet;
  readonly log: EventLog;
  readonly nodes: readonly SimNode[];
  readonly random: SeededRandom;
}

/** Makes planned faults happen, and takes all of them back in the end. */
export class FaultInjector {
  readonly #deps: FaultDeps;
  /** What takes the faults in force back. */
  readonly #repairs = new Set<() => void>();

  constructor(deps: FaultDeps) {
    this.#deps = deps;
  }

  /** Schedules a plan. */
  schedule(plan: readonly PlannedFault[]): void {
    const { world } = this.#deps;
    for (const { at, fault } of plan) world.timers.after(at - world.elapsed, () => this.inject(fault));
  }

  /** Makes one fault happen now. */
  inject(fault: Fault): void {
    switch (fault.kind) {
      case 'partition':
        this.#partition(fault.side, fault.oneWay, fault.lasts);
        return;
      case 'cut':
      case 'silence':
        this.#breakConnections(fault.share, fault.kind);
        return;
      case 'slow':
        this.#slow(fault);
        return;
      case 'lossy':
        this.#lose(fault);
        return;
      case 'skew':
        this.#note(`clock of ${this.#node(fault.node).name} is off by ${fault.offset / 1000} s`);
        this.#node(fault.node).clockOffset = fault.offset;
        return;
      case 'kill':
      case 'power':
        this.#crash(fault);
        return;
      case 'restart':
        this.#restart(this.#node(fault.node), fault.down);
        return;
      case 'disk':
        this.#breakDisk(this.#node(fault.node), fault.down);
        return;
    }
  }

  /** Takes back every fault that is still in force, wrong clocks included. */
  end(): void {
    this.#note('all faults end');
    for (const repair of [...this.#repairs]) repair();
    for (const node of this.#deps.nodes) node.clockOffset = 0;
  }

  /** Takes a fault back after a while, or when all faults end. */
  #repairAfter(milliseconds: number, repair: () => void): void {
    const once = () => {
      if (!this.#repairs.delete(once)) return;
      timer.cancel();
      repair();
    };
    const timer = this.#deps.world.timers.after(milliseconds, once);
    this.#repairs.add(once);
  }

  #partition(side: readonly number[], oneWay: boolean, lasts: number): void {
    const { internet, nodes } = this.#deps;
    const inside: Host[] = [];
    const outside: Host[] = [];
    for (const [number, { host }] of nodes.entries()) (side.includes(number) ? inside : outside).push(host);
    const names = inside.map(({ name }) => name).join(' ');
    this.#note(`${names} ${oneWay ? 'are not heard by' : 'are separated from'} the others`);
    internet.cut(inside, outside);
    if (!oneWay) internet.cut(outside, inside);
    this.#repairAfter(lasts, () => {
      this.#note(`${names} can be ${oneWay ? 'heard' : 'reached'} again`);
      internet.heal(inside, outside);
      if (!oneWay) internet.heal(outside, inside);
    });
  }

  #breakConnections(share: number, how: 'cut' | 'silence'): void {
    const { internet, random } = this.#deps;
    const broken = internet.connections(() => true).filter(() => random.chance(share));
    this.#note(`${broken.length} connections ${how === 'cut' ? 'break' : 'die silently'}`);
    for (const end of broken) {
      const { other } = end;
      if (how === 'silence') {
        end.lose();
        other.lose();
      } else {
        end.end(new Error('connection reset'));
        other.end(new Error('connection reset'));
      }
    }
  }

  #slow({ node, bandwidth, latency, lasts }: Extract<Fault, { readonly kind: 'slow' }>): void {
    const { line, name } = this.#node(node).host;
    const before = { ...line };
    this.#note(`line of ${name} has ${bandwidth} bytes/s and ${latency} ms more`);
    line.bandwidth = Math.min(line.bandwidth, bandwidth);
    line.latency += latency;
    this.#repairAfter(lasts, () => {
      this.#note(`line of ${name} is as before`);
      line.bandwidth = Math.max(line.bandwidth, before.bandwidth);
      line.latency -= latency;
    });
  }

  #lose({ node, loss, lasts }: Extract<Fault, { readonly kind: 'lossy' }>): void {
    const { line, name } = this.#node(node).host;
    this.#note(`line of ${name} loses ${loss * 100} % more of its packets`);
    line.loss = (line.loss ?? 0) + loss;
    this.#repairAfter(lasts, () => {
      this.#note(`line of ${name} loses ${loss * 100} % less`);
      line.loss = Math.max(0, (line.loss ?? 0) - loss);
    });
  }

  #crash({ kind, node: number, lost, wiped, down }: Extract<Fault, { readonly kind: 'kill' | 'power' }>): void {
    const node = this.#node(number);
    if (!node.running) return;
    node.crash(kind === 'kill' ? 'process' : 'power', lost);
    if (wiped) {
      this.#note(`${node.name} gets an empty disk`);
      node.disk.wipe();
    }
    this.#repairAfter(down, () => void node.start());
  }

  #restart(node: SimNode, down: number): void {
    if (!node.running) return;
    void node.stop();
    this.#repairAfter(down, () => void node.start());
  }

  #breakDisk(node: SimNode, down: number): void {
    if (!node.running) return;
    this.#note(`disk of ${node.name} is full`);
    node.disk.break();
    this.#repairAfter(down, () => {
      const again = async () => {
        await node.stop();
        await node.start();
      };
      this.#note(`disk of ${node.name} has room`);
      void again();
    });
  }

  #node(number: number): SimNode {
    return this.#deps.nodes[number]!;
  }

  #note(text: string): void {
    this.#deps.log.note('fault', text);
  }
}
