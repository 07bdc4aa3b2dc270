import { openSocket, TcpTransport } from '../src/node/tcp.ts';
import { networkParams } from '../src/params/index.ts';
import { ScriptedRemote } from '../src/peer/testing-remote.ts';
import type { Message } from '../src/wire/index.ts';

const params = networkParams('simnet');
const PAUSE_MS = 5;

/** A peer over TCP that says whatever a benchmark wants it to say. */
export class HostilePeer extends ScriptedRemote {
  #pings = 1n;

  /** Connects to a node on this machine and introduces itself. */
  static async connect(port: number): Promise<HostilePeer> {
    const socket = await openSocket('127.0.0.1', port, new AbortController().signal);
    const peer = new HostilePeer(new TcpTransport(socket), params);
    peer.introduce({ timestamp: BigInt(Math.floor(Date.now() / 1000)), lastBlock: 0 });
    await peer.until(() => peer.commands.includes('verack'));
    return peer;
  }

  /** Waits for something, or for the end of the connection. */
  async until(done: () => boolean): Promise<void> {
    while (!done() && !this.closed) await pause(PAUSE_MS);
  }

  /** Sends many frames, no faster than the node reads them. */
  async sendAll(frames: Iterable<Uint8Array>): Promise<void> {
    for (const frame of frames) {
      if (this.closed) return;
      this.sendRaw(frame);
      await pause(0);
    }
  }

  /** Resolves when everything sent before has been dealt with, or the node has ended the connection. */
  async settled(): Promise<void> {
    const nonce = this.#pings++;
    this.send({ command: 'ping', nonce });
    await this.until(() => this.all('pong').some((pong) => pong.nonce === nonce));
    this.received.length = 0;
  }

  /** Frames of many messages of one kind. */
  frames(messages: readonly Message[]): Uint8Array[] {
    return messages.map((message) => this.frame(message));
  }
}

/** Waits some milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
