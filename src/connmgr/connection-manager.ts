import type { Timer } from '../util/ports.ts';
import { AcceptLoop } from './accept-loop.ts';
import { automaticPause, permanentPause } from './pause.ts';
import {
  type ConnectionManagerDeps,
  type ConnectionManagerOptions,
  type ConnectionRequest,
  type RequestKind,
  RequestState,
  type Stream,
} from './types.ts';

const DEFAULT_TARGET_OUTBOUND = 8;
const DEFAULT_RETRY_DURATION = 5_000;
const DEFAULT_MAX_RETRY_DURATION = 300_000;
const DEFAULT_DIAL_TIMEOUT = 30_000;
/** An automatic connection that ends earlier counts as a failure of its slot. Milliseconds. */
const SHORT_LIFE = 60_000;
/** A permanent request that fails so often in a row leaves its place to an automatic one until it is connected again. */
const LOST_AFTER = 2;
/** How often an automatic slot asks for another address when the proposed one is already in use. */
const ADDRESS_TRIES = 4;

/** The address has a connection or a request already. */
export class ConnectionExistsError extends Error {
  override name = 'ConnectionExistsError';
  /** Kind of the request that is in the way; undefined if the connection was made in another way. */
  readonly kind: RequestKind | undefined;

  constructor(address: string, kind: RequestKind | undefined) {
    super(`already connected or connecting to ${address}`);
    this.kind = kind;
  }
}

/** A request as the manager keeps it. */
interface Request<S extends Stream> {
  readonly id: number;
  readonly kind: RequestKind;
  address: string | undefined;
  state: RequestState;
  retries: number;
  /** The dial under way. */
  dial?: AbortController;
  /** The pause before the next attempt. */
  timer?: Timer;
  stream?: S;
  /** Monotonic milliseconds. */
  establishedAt: number;
}

/**
 * Keeps a target number of outgoing connections, keeps permanent ones alive, makes single ones on demand, accepts
 * incoming ones. It knows nothing of what flows through a connection: whoever takes one reports its end.
 *
 * Automatic slots pause on their own after failures, so that an unreachable network costs little and one success does
 * not hurry the others. An address is never dialled while it is connected or being dialled; a permanent request then
 * waits for its turn instead of being dropped. Permanent connections are part of the target, but those that cannot be
 * had do not keep the node from finding others.
 */
export class ConnectionManager<S extends Stream> {
  readonly #deps: ConnectionManagerDeps<S>;
  readonly #target: number;
  readonly #retryDuration: number;
  readonly #maxRetryDuration: number;
  readonly #dialTimeout: number;
  readonly #requests = new Map<number, Request<S>>();
  readonly #dials = new Set<Promise<void>>();
  #loops: AcceptLoop<S>[] = [];
  #nextId = 1;
  #state: 'new' | 'running' | 'stopped' = 'new';
  #stopping: Promise<void> | undefined;

  constructor(options: ConnectionManagerOptions, deps: ConnectionManagerDeps<S>) {
    this.#deps = deps;
    this.#target = positive(options.targetOutbound, DEFAULT_TARGET_OUTBOUND);
    this.#retryDuration = positive(options.retryDuration, DEFAULT_RETRY_DURATION);
    this.#maxRetryDuration = positive(options.maxRetryDuration, DEFAULT_MAX_RETRY_DURATION);
    this.#dialTimeout = positive(options.dialTimeout, DEFAULT_DIAL_TIMEOUT);
  }

  /** Begins to accept, dials what was asked for before, and fills the automatic slots. A second call does nothing. */
  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    const { listeners = [], world, logger, accepted } = this.#deps;
    if (accepted) {
      this.#loops = listeners.map(
        (listener) => new AcceptLoop(listener, world.timers, logger, (stream) => accepted(stream)),
      );
    }
    for (const request of [...this.#requests.values()]) this.#attempt(request);
    this.#fill();
  }

  /**
   * Stops accepting, dialling and retrying, closes the listeners, and waits until all of that has ended. Established
   * connections are left to their owners. Idempotent.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /**
   * Asks for a connection. Success only means that it will be dialled (when the manager has started).
   * @param address `host:port`.
   * @param permanent keep it up: retried for ever with growing pauses, until removed.
   * @returns the id of the request.
   * @throws {ConnectionExistsError} if a permanent request has this address, or, for a single connection, if the address
   * is connected or being dialled at all.
   */
  connect(address: string, permanent: boolean): number {
    const other = this.#requestFor(address, undefined);
    if (other && (other.kind === 'permanent' || !permanent)) throw new ConnectionExistsError(address, other.kind);
    if (!permanent && this.#deps.inUse?.(address)) throw new ConnectionExistsError(address, undefined);
    const request = this.#create(permanent ? 'permanent' : 'once', address, 0);
    if (this.#state === 'running') this.#attempt(request);
    return request.id;
  }

  /** The connection of this request has ended. It is made again if permanent, replaced if the target needs it. */
  disconnected(id: number): void {
    const request = this.#requests.get(id);
    if (request?.state !== RequestState.established) {
      this.#deps.logger.debug(`connection request ${id} ended but was not established`);
      return;
    }
    request.stream?.destroy();
    request.stream = undefined;
    if (request.kind === 'permanent') {
      this.#pause(request);
      return;
    }
    this.#discard(request, RequestState.disconnected);
    const lived = this.#deps.world.clock.monotonic() - request.establishedAt;
    this.#fill(request.kind === 'automatic' && lived < SHORT_LIFE ? request.retries + 1 : 0);
  }

  /** Withdraws a request: stops dialling and retrying, closes its connection. Unknown ids are ignored. */
  remove(id: number): void {
    const request = this.#requests.get(id);
    if (!request) return;
    const established = request.state === RequestState.established;
    this.#discard(request, established ? RequestState.disconnected : RequestState.canceled);
    request.stream?.destroy();
    this.#fill();
  }

  /** Ends the pauses of automatic slots: new addresses have become known. */
  wake(): void {
    for (const request of [...this.#requests.values()]) {
      if (request.kind === 'automatic' && request.state === RequestState.failing) this.#attempt(request);
    }
  }

  /** All live requests, oldest first. */
  requests(): ConnectionRequest[] {
    return [...this.#requests.values()].map(snapshot);
  }

  /** One live request. */
  request(id: number): ConnectionRequest | undefined {
    const request = this.#requests.get(id);
    return request && snapshot(request);
  }

  /** Where we listen, `ip:port`. */
  listenAddresses(): string[] {
    return (this.#deps.listeners ?? []).map(({ address }) => address);
  }

  async #stop(): Promise<void> {
    const wasNew = this.#state === 'new';
    this.#state = 'stopped';
    for (const request of [...this.#requests.values()]) {
      if (request.state !== RequestState.established) this.#discard(request, RequestState.canceled);
    }
    const listeners = wasNew || !this.#deps.accepted ? (this.#deps.listeners ?? []) : [];
    await Promise.all([
      ...this.#loops.map((loop) => loop.stop()),
      ...listeners.map((listener) => listener.close()),
      ...this.#dials,
    ]);
  }

  #create(kind: RequestKind, address: string | undefined, retries: number): Request<S> {
    if (this.#state === 'stopped') throw new Error('connection manager has stopped');
    const state = RequestState.pending;
    const request: Request<S> = { id: this.#nextId++, kind, address, state, retries, establishedAt: 0 };
    this.#requests.set(request.id, request);
    return request;
  }

  /** Creates automatic requests up to the target; `failures` is the history of the slot that has become free. */
  #fill(failures = 0): void {
    if (this.#state !== 'running' || !this.#deps.newAddress) return;
    let occupied = this.#occupied();
    for (let history = failures; occupied < this.#target; occupied++, history = 0) {
      const request = this.#create('automatic', undefined, history);
      if (history === 0) this.#attempt(request);
      else this.#wait(request, automaticPause(history, this.#deps.world.random));
    }
  }

  /** Requests that count towards the target. */
  #occupied(): number {
    let count = 0;
    for (const { kind, state, retries } of this.#requests.values()) {
      const hopeful = kind === 'automatic' || (kind === 'permanent' && retries < LOST_AFTER);
      if (hopeful || state === RequestState.established) count++;
    }
    return count;
  }

  /** If there are too many, an automatic request ends: one that is not connected, or else the youngest connection. */
  #giveWay(): void {
    if (this.#occupied() <= this.#target) return;
    const automatic = [...this.#requests.values()].filter(({ kind }) => kind === 'automatic');
    const youngest = automatic.sort((a, b) => b.establishedAt - a.establishedAt || b.id - a.id)[0];
    const request = automatic.find(({ state }) => state !== RequestState.established) ?? youngest;
    if (request) this.remove(request.id);
  }

  /** Dials now, unless there is nothing to dial or the address is in use. */
  #attempt(request: Request<S>): void {
    request.timer?.cancel();
    if (request.kind === 'automatic') request.address = this.#freshAddress();
    const { address } = request;
    if (address === undefined) {
      this.#pause(request);
      return;
    }
    if (this.#taken(address, request)) {
      this.#deps.logger.debug(`not dialling ${address}: already connected or connecting`);
      this.#pause(request);
      return;
    }
    request.state = RequestState.pending;
    const dial = new AbortController();
    request.dial = dial;
    request.timer = this.#deps.world.timers.after(this.#dialTimeout, () => {
      this.#failed(request, dial, 'timeout');
      dial.abort();
    });
    const settled = this.#deps.dialer.dial(address, dial.signal).then(
      (stream) => this.#established(request, dial, stream),
      (error: unknown) => this.#failed(request, dial, error instanceof Error ? error.message : String(error)),
    );
    const tracked = settled.finally(() => this.#dials.delete(tracked));
    this.#dials.add(tracked);
  }

  #freshAddress(): string | undefined {
    for (let i = 0; i < ADDRESS_TRIES; i++) {
      const address = this.#deps.newAddress?.();
      if (address === undefined || !this.#taken(address, undefined)) return address;
    }
    return undefined;
  }

  /** Another request that is dialling this address or connected to it, or will be. */
  #requestFor(address: string, except: Request<S> | undefined): Request<S> | undefined {
    for (const other of this.#requests.values()) {
      if (other !== except && other.address === address && (other.kind === 'permanent' || isActive(other)))
        return other;
    }
    return undefined;
  }

  #taken(address: string, request: Request<S> | undefined): boolean {
    for (const other of this.#requests.values()) {
      if (other !== request && other.address === address && isActive(other)) return true;
    }
    return this.#deps.inUse?.(address) ?? false;
  }

  #established(request: Request<S>, dial: AbortController, stream: S): void {
    if (request.dial !== dial) {
      stream.destroy();
      return;
    }
    request.timer?.cancel();
    request.dial = undefined;
    request.stream = stream;
    request.state = RequestState.established;
    request.establishedAt = this.#deps.world.clock.monotonic();
    // The history of an automatic slot is kept until the connection has proved to last.
    if (request.kind !== 'automatic') request.retries = 0;
    this.#deps.connected(snapshot(request), stream);
    if (request.kind === 'permanent') this.#giveWay();
  }

  #failed(request: Request<S>, dial: AbortController, reason: string): void {
    if (request.dial !== dial) return;
    this.#deps.logger.debug(`cannot connect to ${request.address}: ${reason}`);
    request.timer?.cancel();
    request.dial = undefined;
    this.#pause(request);
  }

  /** After a failure or a loss: waits before the next attempt, or gives a single request up. */
  #pause(request: Request<S>): void {
    if (request.kind === 'once') {
      this.#discard(request, RequestState.canceled);
      return;
    }
    request.retries++;
    const pause =
      request.kind === 'permanent'
        ? permanentPause(request.retries, this.#retryDuration, this.#maxRetryDuration)
        : automaticPause(request.retries, this.#deps.world.random);
    this.#wait(request, pause);
    if (request.kind === 'permanent' && request.retries === LOST_AFTER) this.#fill();
  }

  #wait(request: Request<S>, milliseconds: number): void {
    request.state = RequestState.failing;
    if (request.kind === 'automatic') request.address = undefined;
    if (this.#state !== 'running') return;
    request.timer = this.#deps.world.timers.after(milliseconds, () => this.#attempt(request));
  }

  #discard(request: Request<S>, state: RequestState): void {
    this.#requests.delete(request.id);
    request.state = state;
    request.timer?.cancel();
    const { dial } = request;
    request.dial = undefined;
    dial?.abort();
  }
}

function positive(value: number | undefined, fallback: number): number {
  return value !== undefined && value > 0 ? value : fallback;
}

function isActive({ state }: { readonly state: RequestState }): boolean {
  return state === RequestState.pending || state === RequestState.established;
}

function snapshot<S extends Stream>({ id, kind, address, state, retries }: Request<S>): ConnectionRequest {
  return { id, kind, address, state, retries };
}
