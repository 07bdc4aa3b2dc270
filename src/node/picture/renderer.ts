import type { Worker } from 'node:worker_threads';
import { startThread } from '../worker-thread.ts';

/** Pictures that may wait; a client that asks for more is told to try later. */
const MAX_WAITING = 4;

/** What the thread answers. */
export type RenderReply = { readonly svg: string } | { readonly problem: string };

/** There are too many pictures to draw, or the thread ended; the message is for people. */
export class RenderError extends Error {
  override name = 'RenderError';
}

interface Waiting {
  resolve(svg: string): void;
  reject(error: Error): void;
}

/**
 * Draws graphs with Graphviz, which is compiled to WebAssembly and needs time and memory: so in a thread of its own, which is started
 * for the first picture and ends when none waits any more.
 */
export class Renderer {
  #thread: Worker | undefined;
  #waiting: Waiting[] = [];

  /**
   * Draws a graph of the DOT language as an SVG element.
   * @throws {RenderError} (rejects)
   */
  svg(dot: string): Promise<string> {
    if (this.#waiting.length >= MAX_WAITING)
      return Promise.reject(new RenderError('too many pictures are being drawn, try again later'));
    const thread = this.#thread ?? this.#start();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      thread.postMessage(dot);
    });
  }

  /** Ends the thread; pictures that are not ready fail. Idempotent. */
  async close(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#fail('the node is stopping');
    await thread?.terminate();
  }

  #start(): Worker {
    const thread = startThread('./picture/worker-main', 'pictures', {});
    thread.unref();
    thread.on('message', (reply: RenderReply) => this.#take(thread, reply));
    thread.on('error', (error: Error) => this.#ended(thread, error.message));
    thread.on('exit', () => this.#ended(thread, 'its thread ended'));
    this.#thread = thread;
    return thread;
  }

  #take(thread: Worker, reply: RenderReply): void {
    const waiting = this.#waiting.shift();
    if ('svg' in reply) waiting?.resolve(reply.svg);
    else waiting?.reject(new RenderError(`the picture can not be drawn: ${reply.problem}`));
    if (this.#waiting.length > 0 || this.#thread !== thread) return;
    // Graphviz keeps the memory of its largest picture.
    this.#thread = undefined;
    void thread.terminate();
  }

  #ended(thread: Worker, reason: string): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    this.#fail(reason);
  }

  #fail(reason: string): void {
    for (const { reject } of this.#waiting.splice(0))
      reject(new RenderError(`the picture can not be drawn: ${reason}`));
  }
}
