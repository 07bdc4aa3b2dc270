import type { Transport } from '../../../src/peer/index.ts';
import { splitHostPort } from '../../../src/util/host-port.ts';
import type { Timers } from '../../../src/util/ports.ts';
import type { SeededRandom } from '../../../src/util/testing/seeded-random.ts';
import type { VirtualWorld } from '../../../src/util/testing/virtual-world.ts';
import type { EventLog } from '../event-log.ts';
import { Attachment } from './attachment.ts';
import { Host, type LineQuality } from './host.ts';
import { VirtualTransport } from './virtual-transport.ts';

/** A share of writes is cut into pieces, as networks do. */
const FRAGMENTED_SHARE = 0.02;
/** Milliseconds after which a lost packet is sent again; doubled each time. */
const FIRST_RETRY = 200;
const LAST_RETRY = 12_800;
/** First port that is given to outgoing connections. */
const FIRST_PORT = 32_768;

/** Machines, the ways between them, and what can go wrong on those. */
export class VirtualInternet {
  readonly log: EventLog;
  readonly timers: Timers;
  readonly #world: VirtualWorld;
  readonly #random: SeededRandom;
  readonly #hosts = new Map<string, Host>();
  /** Ways that are cut, `from>to`, and by how many partitions. */
  readonly #cuts = new Map<string, number>();
  #connections = 0;
  #port = FIRST_PORT;

  constructor(world: VirtualWorld, random: SeededRandom, log: EventLog) {
    this.#world = world;
    this.#random = random;
    this.timers = world.timers;
    this.log = log;
  }

  /** Virtual milliseconds since the start. */
  get elapsed(): number {
    return this.#world.elapsed;
  }

  /** Connections made so far. */
  get connectionCount(): number {
    return this.#connections;
  }

  /** A machine; every IP once. */
  host(ip: string, name: string, line: LineQuality): Host {
    const host = new Host(ip, name, line);
    this.#hosts.set(ip, host);
    return host;
  }

  /** A program begins to run on a machine. */
  attach(host: Host): Attachment {
    host.attachment = new Attachment(this, host);
    return host.attachment;
  }

  /** One-way delay of this moment, milliseconds. What is lost on the way comes later, as with TCP. */
  delay(from: Host, to: Host): number {
    const delay = (from.line.latency + to.line.latency) * (0.9 + 0.2 * this.#random.float());
    const loss = (from.line.loss ?? 0) + (to.line.loss ?? 0);
    let waited = 0;
    for (let wait = FIRST_RETRY; loss > 0 && wait <= LAST_RETRY && this.#random.chance(loss); wait *= 2) waited += wait;
    return delay + waited;
  }

  /** Size of the next piece of a write with so many bytes left. */
  fragment(left: number): number {
    return left > 1 && this.#random.chance(FRAGMENTED_SHARE) ? this.#random.between(1, left - 1) : left;
  }

  /** True while nothing gets from one machine to another. */
  isCut(from: Host, to: Host): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(`${from.ip}>${to.ip}`);
  }

  /** Cuts the way from every host of one group to every host of another; the opposite way is not touched. */
  cut(from: readonly Host[], to: readonly Host[]): void {
    for (const key of waysBetween(from, to)) this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + 1);
  }

  /** Takes one {@link cut} back. */
  heal(from: readonly Host[], to: readonly Host[]): void {
    for (const key of waysBetween(from, to)) {
      const left = (this.#cuts.get(key) ?? 1) - 1;
      if (left > 0) this.#cuts.set(key, left);
      else this.#cuts.delete(key);
    }
    for (const host of from) {
      for (const transport of host.attachment?.transports ?? []) transport.healed();
    }
    for (const host of to) {
      for (const transport of host.attachment?.transports ?? []) transport.healed();
    }
  }

  /** The other machine denies a connection: this end breaks as soon as it hears of that, if it can. */
  reset(end: VirtualTransport): void {
    const from = end.other.owner.host;
    const to = end.owner.host;
    if (this.isCut(from, to)) return;
    this.timers.after(this.delay(from, to), () => end.end(new Error('connection reset')));
  }

  /** Live connections between machines that satisfy a condition, the dialler's end each. */
  connections(wanted: (a: Host, b: Host) => boolean): VirtualTransport[] {
    const found: VirtualTransport[] = [];
    for (const host of this.#hosts.values()) {
      for (const transport of host.attachment?.transports ?? []) {
        const { other } = transport;
        if (!transport.dialled || !transport.alive || !other.alive) continue;
        if (wanted(host, other.owner.host)) found.push(transport);
      }
    }
    return found;
  }

  /** A connection from a program to `ip:port`. Nobody answers for machines that are down, unknown or cut off. */
  dial(from: Attachment, address: string, signal: AbortSignal): Promise<Transport> {
    const { host: ip, port } = splitHostPort(address);
    const target = this.#hosts.get(ip);
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('dial was aborted')));
      if (!target || !from.alive) return;
      this.timers.after(this.delay(from.host, target), () => {
        const there = target.attachment;
        if (!there || this.isCut(from.host, target) || this.isCut(target, from.host)) return;
        const listener = there.listeners.get(Number(port));
        const ends = listener && this.#join(from, there, address);
        if (ends) listener.push(ends[1]);
        this.timers.after(this.delay(target, from.host), () => {
          if (!ends) reject(new Error('connection refused'));
          else if (signal.aborted || !from.alive) ends[0].destroy();
          else resolve(ends[0]);
        });
      });
    });
  }

  #join(from: Attachment, to: Attachment, address: string): [VirtualTransport, VirtualTransport] {
    const number = ++this.#connections;
    this.#port = this.#port === 65_535 ? FIRST_PORT : this.#port + 1;
    const local = `${from.host.ip}:${this.#port}`;
    const near = new VirtualTransport(this, from, number, true, local, address);
    const far = new VirtualTransport(this, to, number, false, address, local);
    VirtualTransport.join(near, far);
    from.transports.add(near);
    to.transports.add(far);
    this.log.note(from.host.name, `connects to ${to.host.name} (#${number})`);
    return [near, far];
  }
}

function* waysBetween(from: readonly Host[], to: readonly Host[]): Iterable<string> {
  for (const a of from) for (const b of to) if (a !== b) yield `${a.ip}>${b.ip}`;
}
