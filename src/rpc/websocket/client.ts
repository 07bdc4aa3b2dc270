import type { Logger } from '../../util/log.ts';
import type { Timer, Timers } from '../../util/ports.ts';
import type { Answer, RpcUser } from '../dispatcher.ts';
import type { Caller } from '../methods/define.ts';
import type { DagFeed } from '../notifications/dag-feed.ts';
import type { Notifier } from '../notifications/notifier.ts';
import type { MessageChannel } from './channel.ts';
import type { SocketSession } from './session.ts';

/** A connection must be authenticated within this time, milliseconds. */
export const LOG_IN_TIME = 10_000;
/** How often an idle client is asked for a sign of life, milliseconds. */
export const PING_INTERVAL = 30_000;
/** Intervals without one after which the connection counts as dead. */
export const SILENT_INTERVALS = 4;
/** Notifications that may wait for a client: as many bytes as several full blocks make for one that watches everything. */
export const MAX_WAITING_BYTES = 64 * 1024 * 1024;
export const MAX_WAITING_MESSAGES = 50_000;
/** Work that tells a client much goes on when no more than this waits, bytes. */
const DRAINED_BYTES = 1024 * 1024;
/** Close code of RFC 6455: the server goes away. */
const GOING_AWAY = 1001;

/** What becomes of a message of a client that has not logged in. */
export interface LogIn {
  readonly user: RpcUser;
  /** The answer to be sent. */
  readonly answer: string;
}

/** What a client works with. */
export interface ClientDeps {
  readonly timers: Timers;
  readonly logger: Logger;
  readonly notifier: Notifier;
  readonly dagFeed: DagFeed;
  /** Checks a first message; undefined if it is no request to log in with the right credentials. */
  logIn(text: string): LogIn | undefined;
  /** Answers a request; undefined if it gets no answer. Never rejects. */
  answer(text: string, user: RpcUser, caller: Caller, session: SocketSession): Answer | Promise<Answer>;
  /** The client has gone. */
  left(client: SocketClient): void;
}

/** How a client is treated. */
export interface ClientOptions {
  readonly id: bigint;
  /** Requests that run at a time; until one is done no more are read. */
  readonly maxRequests: number;
  /** Known if the upgrade request carried credentials. */
  readonly user: RpcUser | undefined;
}

/** A request that runs. Few methods ask for its signal, so it is made when one does. */
class RunningRequest implements Caller {
  readonly address: string;
  #gone: AbortController | undefined;
  #isAborted = false;

  constructor(address: string) {
    this.address = address;
  }

  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.#isAborted) this.#gone.abort();
    return this.#gone.signal;
  }

  abort(): void {
    this.#isAborted = true;
    this.#gone?.abort();
  }
}

/**
 * One WebSocket client: logs it in, runs its requests, sends it answers and notifications. A request counts as running until its
 * answer has been taken, so that a client that does not read is not read either; notifications, which nobody can hold back,
 * may wait up to a limit.
 */
export class SocketClient implements SocketSession {
  readonly id: bigint;
  readonly notifier: Notifier;
  readonly dagFeed: DagFeed;
  readonly #channel: MessageChannel;
  readonly #deps: ClientDeps;
  readonly #maxRequests: number;
  readonly #running = new Set<RunningRequest>();
  /** Messages that arrived before reading stopped. */
  #unread: string[] = [];
  #user: RpcUser | undefined;
  #logInTimer: Timer | undefined;
  #pingTimer: Timer | undefined;
  #silentIntervals = 0;
  #waitingBytes = 0;
  #waitingMessages = 0;
  #drainWaiters: (() => void)[] = [];
  #lastInTurn: Promise<unknown> = Promise.resolve();
  #paused = false;
  #stopping = false;
  /** The connection was cut, and will be reported as closed. */
  #cut = false;
  #gone = false;

  constructor(channel: MessageChannel, { id, maxRequests, user }: ClientOptions, deps: ClientDeps) {
    this.id = id;
    this.notifier = deps.notifier;
    this.dagFeed = deps.dagFeed;
    this.#channel = channel;
    this.#deps = deps;
    // None at all would leave every request unanswered for ever.
    this.#maxRequests = Math.max(1, maxRequests);
    this.#user = user;
  }

  /** Remote address, `ip:port`. */
  get address(): string {
    return this.#channel.address;
  }

  /** Begins to read. */
  start(): void {
    const { timers } = this.#deps;
    this.#channel.setHandlers({
      message: (text) => this.#receive(text),
      alive: () => {
        this.#silentIntervals = 0;
      },
      closed: () => this.#closed(),
    });
    this.#pingTimer = timers.every(PING_INTERVAL, () => this.#askForLife());
    if (this.#user) this.#channel.trust();
    else this.#logInTimer = timers.after(LOG_IN_TIME, () => this.hangUp('it did not log in'));
  }

  notify(text: string): void {
    if (this.#cut || this.#gone || this.#stopping) return;
    const bytes = text.length;
    if (this.#waitingBytes + bytes > MAX_WAITING_BYTES || this.#waitingMessages >= MAX_WAITING_MESSAGES) {
      this.refuse(`it reads too slowly, ${this.#waitingMessages} notifications wait`);
      return;
    }
    this.#waitingBytes += bytes;
    this.#waitingMessages++;
    this.#channel.send(text, () => {
      this.#waitingBytes -= bytes;
      this.#waitingMessages--;
      if (this.#waitingBytes <= DRAINED_BYTES) this.#wakeDrained();
    });
  }

  drained(): Promise<void> {
    if (this.#gone || this.#waitingBytes <= DRAINED_BYTES) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastInTurn.then(work, work);
    this.#lastInTurn = turn;
    return turn;
  }

  refuse(reason: string): void {
    this.#deps.logger.warn(`WebSocket client ${this.address} disconnected: ${reason}`);
    this.cut();
  }

  hangUp(reason: string): void {
    this.#deps.logger.info(`WebSocket client ${this.address} disconnected: ${reason}`);
    this.cut();
  }

  /** Takes no more requests and says goodbye when those that run have been answered. */
  stop(): void {
    this.#stopping = true;
    this.#unread = [];
    this.#leaveWhenIdle();
  }

  /** Ends the connection, whatever still runs. */
  cut(): void {
    this.#cut = true;
    this.#channel.cut();
  }

  #receive(text: string): void {
    this.#silentIntervals = 0;
    if (this.#stopping || this.#cut || this.#gone) return;
    if (!this.#user) {
      this.#logIn(text);
    } else if (this.#running.size >= this.#maxRequests) {
      this.#unread.push(text);
      this.#paused = true;
      this.#channel.pause();
    } else {
      this.#serve(text, this.#user);
    }
  }

  #logIn(text: string): void {
    const logIn = this.#deps.logIn(text);
    this.#logInTimer?.cancel();
    if (!logIn) {
      this.#deps.logger.warn(`RPC authentication failure from ${this.address}`);
      this.cut();
      return;
    }
    this.#user = logIn.user;
    this.#channel.trust();
    this.#channel.send(logIn.answer, () => undefined);
  }

  /** An answer that is there at once goes out at once, ahead of notifications that follow from it. */
  #serve(text: string, user: RpcUser): void {
    const request = new RunningRequest(this.address);
    this.#running.add(request);
    const answer = this.#deps.answer(text, user, request, this);
    if (answer instanceof Promise) void answer.then((later) => this.#reply(request, later));
    else this.#reply(request, answer);
  }

  #reply(request: RunningRequest, answer: Answer): void {
    if (answer === undefined || this.#cut || this.#gone) this.#served(request);
    else this.#channel.send(answer, () => this.#served(request));
  }

  #served(request: RunningRequest): void {
    this.#running.delete(request);
    if (this.#gone) return;
    if (this.#stopping) {
      this.#leaveWhenIdle();
      return;
    }
    const next = this.#unread.shift();
    if (next !== undefined) {
      this.#receive(next);
    } else if (this.#paused) {
      this.#paused = false;
      this.#channel.resume();
    }
  }

  #leaveWhenIdle(): void {
    if (this.#running.size === 0) this.#channel.close(GOING_AWAY, 'soterd is stopping');
  }

  #askForLife(): void {
    // Answers to pings are not seen either while nothing is read.
    if (this.#paused) this.#silentIntervals = 0;
    if (this.#silentIntervals >= SILENT_INTERVALS) {
      this.hangUp('it gives no sign of life');
      return;
    }
    this.#silentIntervals++;
    this.#channel.ping();
  }

  #wakeDrained(): void {
    for (const wake of this.#drainWaiters.splice(0)) wake();
  }

  #closed(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#logInTimer?.cancel();
    this.#pingTimer?.cancel();
    this.#unread = [];
    for (const request of this.#running) request.abort();
    this.#wakeDrained();
    this.notifier.remove(this);
    this.dagFeed.unsubscribe(this);
    this.#deps.left(this);
  }
}
