import type { ChannelHandlers, MessageChannel } from '../websocket/channel.ts';

/** A connection that a test plays the other end of. It takes everything at once unless it is told to be slow. */
export class FakeChannel implements MessageChannel {
  readonly address = '127.0.0.1:5000';
  /** What was sent. */
  readonly sent: string[] = [];
  pings = 0;
  isPaused = false;
  isTrusted = false;
  /** Code of the close frame, or that the connection was cut; undefined while it is open. */
  ended: number | 'cut' | undefined;
  /** The other end does not read. */
  isSlow = false;
  #waiting: (() => void)[] = [];
  #handlers: ChannelHandlers | undefined;

  setHandlers(handlers: ChannelHandlers): void {
    this.#handlers = handlers;
  }

  send(text: string, taken: () => void): void {
    if (this.ended !== undefined) return;
    this.sent.push(text);
    if (this.isSlow) this.#waiting.push(taken);
    else taken();
  }

  ping(): void {
    this.pings++;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  trust(): void {
    this.isTrusted = true;
  }

  close(code: number): void {
    this.#end(code);
  }

  cut(): void {
    this.#end('cut');
  }

  /** A message of the other end. */
  receive(text: string): void {
    this.#handlers?.message(text);
  }

  /** The other end answers a ping. */
  live(): void {
    this.#handlers?.alive();
  }

  /** The other end reads the oldest of what waits. */
  takeOne(): void {
    this.#waiting.shift()?.();
  }

  /** The other end reads everything. */
  takeAll(): void {
    for (const taken of this.#waiting.splice(0)) taken();
  }

  #end(how: number | 'cut'): void {
    if (this.ended !== undefined) return;
    this.ended = how;
    // A real connection reports its end later.
    void Promise.resolve().then(() => this.#handlers?.closed());
  }
}
