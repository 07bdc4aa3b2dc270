import type { Dialer, Listener, Stream } from './types.ts';

/** A stream that carries nothing. */
export class FakeStream implements Stream {
  readonly remoteAddress: string;
  destroyed = false;

  constructor(remoteAddress: string) {
    this.remoteAddress = remoteAddress;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

/** One dial that waits for the test's decision. */
export interface FakeDial {
  readonly address: string;
  readonly signal: AbortSignal;
  succeed(): FakeStream;
  fail(reason?: string): void;
}

/** A dialer whose every result is decided by the test; an aborted dial fails by itself. */
export class FakeDialer implements Dialer<FakeStream> {
  /** Dials that are neither decided nor aborted, oldest first. */
  readonly open: FakeDial[] = [];
  /** Every address ever dialled. */
  readonly dialled: string[] = [];
  /** Decides new dials at once, where it returns something. */
  decide: ((address: string) => 'succeed' | 'fail' | undefined) | undefined;
  /** Streams handed out. */
  readonly streams: FakeStream[] = [];
  /** Ignore aborts, as a careless dialer would. */
  deaf = false;

  dial(address: string, signal: AbortSignal): Promise<FakeStream> {
    this.dialled.push(address);
    return new Promise((resolve, reject) => {
      const close = () => {
        const index = this.open.indexOf(dial);
        if (index >= 0) this.open.splice(index, 1);
      };
      const dial: FakeDial = {
        address,
        signal,
        succeed: () => {
          close();
          const stream = new FakeStream(address);
          this.streams.push(stream);
          resolve(stream);
          return stream;
        },
        fail: (reason = 'connection refused') => {
          close();
          reject(new Error(reason));
        },
      };
      this.open.push(dial);
      signal.addEventListener('abort', () => !this.deaf && dial.fail('aborted'));
      const decision = this.decide?.(address);
      if (decision === 'succeed') dial.succeed();
      if (decision === 'fail') dial.fail();
    });
  }

  /** The open dial of an address. */
  to(address: string): FakeDial {
    const dial = this.open.find((candidate) => candidate.address === address);
    if (!dial) throw new Error(`nobody dials ${address}`);
    return dial;
  }
}

/** A listener whose connections and failures come from the test. */
export class FakeListener implements Listener<FakeStream> {
  readonly address: string;
  accepts = 0;
  closed = false;
  #waiting: { resolve(stream: FakeStream): void; reject(error: Error): void } | undefined;
  readonly #arrived: (FakeStream | Error)[] = [];

  constructor(address: string) {
    this.address = address;
  }

  accept(): Promise<FakeStream> {
    this.accepts++;
    if (this.closed) return Promise.reject(new Error('closed'));
    const next = this.#arrived.shift();
    if (next instanceof Error) return Promise.reject(next);
    if (next) return Promise.resolve(next);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  close(): Promise<void> {
    this.closed = true;
    this.#waiting?.reject(new Error('closed'));
    return Promise.resolve();
  }

  /** A connection, or a failure to accept one, arrives. */
  arrive(next: FakeStream | Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (!waiting) this.#arrived.push(next);
    else if (next instanceof Error) waiting.reject(next);
    else waiting.resolve(next);
  }
}
