import type { Transport } from '../../../src/peer/index.ts';
import type { VirtualNode } from '../../../src/util/testing/virtual-world.ts';
import type { Block, Message, VersionMessage } from '../../../src/wire/index.ts';
import type { EventLog } from '../event-log.ts';
import type { Attachment } from '../network/attachment.ts';
import type { Host } from '../network/host.ts';
import type { VirtualInternet } from '../network/virtual-internet.ts';
import type { SimNode } from '../sim-node.ts';
import { SIM_PARAMS } from '../sim-params.ts';
import { Session } from './session.ts';

/** A kind of misbehaviour. One strategy object serves all connections of one attacker. */
export interface Strategy {
  readonly name: string;
  /** Machines of the attacker. Default 1. */
  readonly machines?: number;
  /** Connections from each machine to each node. Default 1. */
  readonly width?: number;
  /** Pause before a connection that was lost is made again, milliseconds. Default 10 s. */
  readonly redial?: number;
  /** Its machines listen, too. */
  readonly listens?: boolean;
  /** Never introduces itself. */
  readonly silent?: boolean;
  /** Fields of its version message. */
  version?(): Partial<VersionMessage>;
  /** A handshake is done; silent attackers: the connection is made. */
  opened?(session: Session): void;
  /** @returns true if the message was dealt with. */
  received?(session: Session, message: Message): boolean;
  /** Called every so many milliseconds. */
  readonly every?: number;
  tick?(sessions: readonly Session[]): void;
  /** Some honest node accepted a new block; told at once, so that attackers win races. */
  blockSeen?(block: Block, height: number, sessions: readonly Session[]): void;
}

/** What attackers know and work with. */
export interface MobDeps {
  readonly internet: VirtualInternet;
  readonly world: VirtualNode;
  readonly log: EventLog;
  /** The nodes under attack. */
  readonly nodes: readonly SimNode[];
}

const DEFAULT_REDIAL = 10_000;
/** Pause between two rounds of connecting. */
const DIAL_ROUND = 2000;

/** One attacker: machines that keep connections to all nodes and behave as the strategy says. */
export class Mob {
  readonly strategy: Strategy;
  readonly #deps: MobDeps;
  readonly #attachments: Attachment[] = [];
  readonly #sessions = new Set<Session>();
  readonly #hosts: readonly Host[];
  /** Connections by machine and node, and when they may be made again. */
  readonly #waitUntil = new Map<string, number>();
  readonly #live = new Map<string, number>();
  #running = false;

  constructor(strategy: Strategy, hosts: readonly Host[], deps: MobDeps) {
    this.strategy = strategy;
    this.#hosts = hosts;
    this.#deps = deps;
  }

  /** Connections at the moment. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Begins. */
  start(): void {
    const { internet, world, log } = this.#deps;
    this.#running = true;
    log.note(this.strategy.name, `begins from ${this.#hosts.length} machines`);
    for (const host of this.#hosts) {
      const attachment = internet.attach(host);
      this.#attachments.push(attachment);
      if (this.strategy.listens) void this.#accept(attachment);
    }
    world.timers.every(DIAL_ROUND, () => this.#dialAll());
    this.#dialAll();
    const { every } = this.strategy;
    if (every) world.timers.every(every, () => this.strategy.tick?.(this.#open()));
  }

  /** Leaves the network for good. */
  stop(): void {
    if (!this.#running) return;
    this.#running = false;
    this.#deps.log.note(this.strategy.name, 'leaves');
    this.#deps.world.kill();
    for (const attachment of this.#attachments) attachment.leave('process');
    this.#sessions.clear();
  }

  /** An honest node has a new block. */
  blockSeen(block: Block, height: number): void {
    if (this.#running) this.strategy.blockSeen?.(block, height, this.#open());
  }

  #open(): Session[] {
    return [...this.#sessions].filter(({ isOpen }) => isOpen);
  }

  async #accept(attachment: Attachment): Promise<void> {
    const listener = attachment.listen(SIM_PARAMS.p2pPort);
    while (this.#running) this.#session(await listener.accept(), true, () => undefined);
  }

  #dialAll(): void {
    const { elapsed } = this.#deps.internet;
    for (const attachment of this.#attachments) {
      for (const node of this.#deps.nodes) {
        const key = `${attachment.host.ip}>${node.host.ip}`;
        if ((this.#waitUntil.get(key) ?? 0) > elapsed) continue;
        for (let live = this.#live.get(key) ?? 0; live < (this.strategy.width ?? 1); live++) {
          this.#live.set(key, live + 1);
          void this.#dial(attachment, node, key);
        }
      }
    }
  }

  async #dial(attachment: Attachment, node: SimNode, key: string): Promise<void> {
    const gone = () => {
      this.#live.set(key, (this.#live.get(key) ?? 1) - 1);
      this.#waitUntil.set(key, this.#deps.internet.elapsed + (this.strategy.redial ?? DEFAULT_REDIAL));
    };
    const abort = new AbortController();
    const timer = this.#deps.world.timers.after(10_000, () => abort.abort());
    try {
      const transport = await attachment.dialer.dial(node.address, abort.signal);
      if (this.#running) this.#session(transport, false, gone);
    } catch {
      gone();
    } finally {
      timer.cancel();
    }
  }

  #session(transport: Transport, inbound: boolean, gone: () => void): void {
    const { strategy } = this;
    const version = {
      timestamp: BigInt(Math.floor(this.#deps.world.clock.now() / 1000)),
      nonce: BigInt(this.#deps.world.random.uint32()),
      ...strategy.version?.(),
    };
    const session = new Session(
      transport,
      inbound,
      { version, silent: strategy.silent ?? false },
      {
        opened: () => {
          if (!strategy.silent) strategy.opened?.(session);
        },
        received: (message) => strategy.received?.(session, message) ?? false,
        closed: () => {
          this.#sessions.delete(session);
          gone();
        },
      },
    );
    this.#sessions.add(session);
    if (strategy.silent) strategy.opened?.(session);
  }
}
