import type { Logger } from '../util/log.ts';
import type { Timer, World } from '../util/ports.ts';
import { printable } from '../util/printable.ts';
import { ipFromString } from '../wire/index.ts';

/** A router that forwards ports, as UPnP and NAT-PMP make it look. Every call ends soon after its signal was aborted. */
export interface Gateway {
  /** Protocol and address, for the log. */
  readonly name: string;
  /** The address that the world sees, as text. */
  externalAddress(signal: AbortSignal): Promise<string>;
  /**
   * Forwards a TCP port to the same port of this machine. Repeating it renews the lease.
   * @param seconds how long the lease lasts.
   * @returns the port that the world sees.
   */
  map(port: number, seconds: number, signal: AbortSignal): Promise<number>;
  /** Ends the forwarding. */
  unmap(port: number, signal: AbortSignal): Promise<void>;
}

/** Looks for the router. Undefined if there is none that forwards ports. */
export type FindGateway = (signal: AbortSignal) => Promise<Gateway | undefined>;

/** A lease lasts this long, seconds: a node that crashed leaves no open port behind for ever. */
const LEASE_SECONDS = 1200;
/** Leases are renewed this often, milliseconds. Without a gateway one is looked for as often. */
const RENEWAL = 15 * 60_000;
/** Longest time for one round with the gateway, milliseconds. */
const ROUND_TIMEOUT = 30_000;
/** Longest time that giving the port back may delay the end of the program, milliseconds. */
const RELEASE_TIMEOUT = 3_000;

/** Characters of a router's reason that are logged. */
const MAX_REASON = 200;

/** What a forwarder needs. */
export interface PortForwarderDeps {
  readonly findGateway: FindGateway;
  readonly world: World;
  readonly logger: Logger;
  /** Others can reach us here now; undefined: not any more. */
  changed(address: { readonly ip: Uint8Array; readonly port: number } | undefined): void;
}

/**
 * Has the router forward a port to this machine as long as the program runs. Nothing waits for it: a router may be slow,
 * silent or not there at all.
 */
export class PortForwarder {
  readonly #port: number;
  readonly #deps: PortForwarderDeps;
  readonly #stopped = new AbortController();
  #gateway: Gateway | undefined;
  /** The router that forwards the port, or may do so although it was not heard to the end. */
  #mapped: Gateway | undefined;
  #external: string | undefined;
  /** The operator was told that there is no gateway. */
  #missed = false;
  #timer: Timer | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | undefined;

  /** @param port TCP port of this machine. */
  constructor(port: number, deps: PortForwarderDeps) {
    this.#port = port;
    this.#deps = deps;
  }

  /** Begins in the background. */
  start(): void {
    if (this.#timer || this.#stopping) return;
    this.#timer = this.#deps.world.timers.every(RENEWAL, () => this.#begin());
    this.#begin();
  }

  /** Gives the port back; waits at most some seconds for that. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#timer?.cancel();
    this.#stopped.abort();
    await this.#round;
    const mapped = this.#mapped;
    if (!mapped) return;
    await this.#limited(RELEASE_TIMEOUT, async (signal) => {
      try {
        await mapped.unmap(this.#port, signal);
        this.#deps.logger.info(`Port ${this.#port} is no longer forwarded by ${mapped.name}`);
      } catch (error) {
        this.#deps.logger.warn(`${mapped.name} did not give port ${this.#port} back: ${textOf(error)}`);
      }
    });
  }

  #begin(): void {
    this.#round = this.#round.then(() => this.#renew());
  }

  async #renew(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    await this.#limited(ROUND_TIMEOUT, async (signal) => {
      const known = this.#gateway;
      // A router that was restarted may answer elsewhere: a second look before giving up.
      if (known && (await this.#map(known, signal))) return;
      this.#gateway = undefined;
      const found = await this.#find(signal);
      if (found && (await this.#map(found, signal))) return;
      this.#lost();
    });
  }

  async #find(signal: AbortSignal): Promise<Gateway | undefined> {
    const { logger, findGateway } = this.#deps;
    try {
      const gateway = await findGateway(signal);
      if (gateway || this.#missed || signal.aborted) return gateway;
      this.#missed = true;
      logger.warn(
        `No router that forwards ports was found (UPnP, NAT-PMP): others can connect only if port ${this.#port} is forwarded by hand`,
      );
    } catch (error) {
      if (!this.#stopped.signal.aborted) logger.warn(`Looking for a router that forwards ports: ${textOf(error)}`);
    }
    return undefined;
  }

  /** @returns whether the port is forwarded now. */
  async #map(gateway: Gateway, signal: AbortSignal): Promise<boolean> {
    const { logger, changed } = this.#deps;
    const before = this.#mapped;
    let answered = false;
    this.#mapped = gateway;
    try {
      const port = await gateway.map(this.#port, LEASE_SECONDS, signal);
      answered = true;
      this.#gateway = gateway;
      if (!(port >= 1 && port <= 65535)) throw new Error(`the external port is ${port}`);
      const text = await gateway.externalAddress(signal);
      const ip = ipFromString(text);
      if (!ip) throw new Error(`the external address is unknown ("${text}")`);
      const external = `${text} port ${port}`;
      if (external !== this.#external) {
        this.#external = external;
        this.#missed = false;
        logger.info(`${gateway.name} forwards ${external} to port ${this.#port}`);
        changed({ ip, port });
      }
      return true;
    } catch (error) {
      if (!answered && !signal.aborted) this.#mapped = before;
      if (!this.#stopped.signal.aborted)
        logger.warn(`${gateway.name} does not forward port ${this.#port}: ${textOf(error)}`);
      return false;
    }
  }

  #lost(): void {
    if (this.#external === undefined || this.#stopped.signal.aborted) return;
    this.#external = undefined;
    this.#deps.changed(undefined);
  }

  /** Runs work with a signal that ends it after some time, or, except for the last work, when the program ends. */
  async #limited(milliseconds: number, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const controller = new AbortController();
    const abort = () => controller.abort(new Error('no answer in time'));
    const timer = this.#deps.world.timers.after(milliseconds, abort);
    const stopped = this.#stopped.signal;
    if (!stopped.aborted) stopped.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([work(controller.signal), aborted(controller.signal)]);
    } finally {
      timer.cancel();
      stopped.removeEventListener('abort', abort);
    }
  }
}

/** Resolves when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** What went wrong, for one line of the log. A router may have worded it. */
function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return printable(text.slice(0, MAX_REASON));
}
