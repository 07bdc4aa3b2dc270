import { strict as assert } from 'node:assert';
import { hexToBytes } from '../../../src/util/bytes.ts';
import { hashKey } from '../../../src/util/hash.ts';
import { type Block, InvType } from '../../../src/wire/index.ts';
import { comparable, decode } from './compare.ts';
import type { WireMessage } from './frame-collector.ts';
import { RecordedRemote } from './recorded-remote.ts';
import type { TestNode } from './test-node.ts';
import { isOwn, minedCount, type RecordedLine, remoteOf, type Transcript } from './transcript.ts';

/** In what the replay of a recording differs from the recording. */
export interface ReplayOptions {
  /** Blocks that this node mines where a note says so, in order. */
  readonly mined?: readonly Block[];
  /** Move the node's clocks to the recorded times: for recordings in which something expires. */
  readonly followClock?: boolean;
  /** True for a message that is not recorded and that this node rightly sends. */
  readonly adds?: (message: WireMessage) => boolean;
  /** True for a recorded message of this node that it rightly does not send. */
  readonly spares?: (line: RecordedLine) => boolean;
  /** Called when the handshake is over, with a remote that can say what the recording does not have. */
  readonly afterHandshake?: (remote: RecordedRemote) => Promise<void>;
  /** Called in front of each line. */
  readonly before?: (line: RecordedLine) => Promise<void>;
}

/**
 * Plays the recorded other side of a conversation against a running node: sends its messages in order, each when all
 * that the node had sent before it have come. What the node sends must have the recorded payloads; the order counts
 * between the two directions, not inside a burst of one.
 */
export class Replay {
  readonly #node: TestNode;
  readonly #transcript: Transcript;
  readonly #options: ReplayOptions;
  readonly #remotes = new Map<string, RecordedRemote>();
  /** Remotes whose handshake is over. */
  readonly #talking = new Set<RecordedRemote>();
  readonly #mined: Block[];
  /** Nonces of our pings, as recorded and as sent. */
  readonly #pings = new Map<string, Uint8Array>();
  /** Messages compared. */
  compared = 0;

  constructor(node: TestNode, transcript: Transcript, options: ReplayOptions = {}) {
    this.#node = node;
    this.#transcript = transcript;
    this.#options = options;
    this.#mined = [...(options.mined ?? [])];
  }

  /** Plays all lines. Afterwards everything was dealt with and nothing unexpected was sent. */
  async run(): Promise<void> {
    try {
      for (const line of this.#transcript.lines) await this.#play(line);
      for (const remote of this.#remotes.values()) await this.#finish(remote);
      assert.deepEqual(this.#node.failures, []);
    } finally {
      for (const remote of this.#remotes.values()) remote.close();
    }
  }

  async #play(line: RecordedLine): Promise<void> {
    const { self } = this.#transcript;
    if (this.#options.followClock) await this.#skipTo(line.t_ms);
    await this.#options.before?.(line);
    for (let count = minedCount(line, self); count > 0; count--) {
      await this.#node.handler.submitBlock(this.#mined.shift()!);
    }
    const name = remoteOf(line, self);
    if (name === undefined) return;
    if (line.event === 'connect') await this.#connect(line, name);
    else if (line.event === 'disconnect') await this.#disconnected(line, name);
    else if (line.event === 'close') await this.#close(name);
    else if (line.command !== undefined) await this.#message(line, line.command, this.#remote(name));
  }

  /** Time passes only when the node has dealt with what came before. */
  async #skipTo(milliseconds: number): Promise<void> {
    if (this.#node.world.clock.monotonic() >= milliseconds) return;
    for (const remote of this.#remotes.values())
      if (this.#talking.has(remote) && !remote.closed) await remote.barrier();
    this.#node.world.skipTo(milliseconds);
  }

  async #connect(line: RecordedLine, name: string): Promise<void> {
    this.#remotes.get(name)?.close();
    const dialled = isOwn(line, this.#transcript.self);
    const remote = dialled
      ? await RecordedRemote.accept((address) => void this.#node.handler.operations.connect(address, false))
      : await RecordedRemote.dial(this.#node.address);
    this.#remotes.set(name, remote);
  }

  /** Between two nodes both directions of the end are recorded; only what this node does counts. */
  async #disconnected(line: RecordedLine, name: string): Promise<void> {
    const remote = this.#remote(name);
    if (isOwn(line, this.#transcript.self)) await remote.untilClosed();
    this.#expectNothing(remote);
  }

  async #close(name: string): Promise<void> {
    const remote = this.#remote(name);
    await this.#finish(remote);
    remote.close();
  }

  async #message(line: RecordedLine, command: string, remote: RecordedRemote): Promise<void> {
    const payload = hexToBytes(line.payloadHex ?? '');
    if (isOwn(line, this.#transcript.self)) await this.#expect(line, command, payload, remote);
    else await this.#send(command, payload, remote);
  }

  async #send(command: string, payload: Uint8Array, remote: RecordedRemote): Promise<void> {
    const answered = command === 'pong' ? this.#pings.get(Buffer.from(payload).toString('hex')) : undefined;
    remote.send(command, answered ?? payload);
    if (command !== 'verack') return;
    this.#talking.add(remote);
    await this.#options.afterHandshake?.(remote);
  }

  async #expect(line: RecordedLine, command: string, payload: Uint8Array, remote: RecordedRemote): Promise<void> {
    if (this.#announcesBack(command, payload) || this.#options.spares?.(line)) return;
    const wanted = comparable(command, payload);
    const fits = (message: WireMessage) =>
      message.command === command && comparable(message.command, message.payload) === wanted;
    const got = await remote.take(fits, `${command} ${wanted.slice(0, 160)}`);
    if (command === 'ping') this.#pings.set(Buffer.from(payload).toString('hex'), got.payload);
    this.compared++;
  }

  /**
   * Known nodes announce a block that they fetched as an orphan's parent back to the peer that they have it from; this
   * node does not.
   */
  #announcesBack(command: string, payload: Uint8Array): boolean {
    if (command !== 'inv') return false;
    const message = decode(command, payload);
    if (message.command !== 'inv' || message.inventory.length !== 1) return false;
    const [entry] = message.inventory;
    return entry?.type === InvType.block && this.#served.has(hashKey(entry.hash));
  }

  /** Blocks that the other side sends somewhere in the recording. */
  get #served(): ReadonlySet<string> {
    if (this.#servedBlocks) return this.#servedBlocks;
    const served = new Set<string>();
    for (const line of this.#transcript.lines) {
      if (line.command !== 'block' || isOwn(line, this.#transcript.self)) continue;
      const message = decode('block', hexToBytes(line.payloadHex ?? ''));
      if (message.command === 'block') served.add(hashKey(message.block.hash));
    }
    this.#servedBlocks = served;
    return served;
  }

  #servedBlocks: ReadonlySet<string> | undefined;

  async #finish(remote: RecordedRemote): Promise<void> {
    if (!remote.closed) await remote.barrier();
    this.#expectNothing(remote);
  }

  #expectNothing(remote: RecordedRemote): void {
    const unexpected = remote.received.filter((message) => !this.#options.adds?.(message));
    assert.equal(unexpected.length, 0, remote.describe());
  }

  #remote(name: string): RecordedRemote {
    const remote = this.#remotes.get(name);
    if (!remote) throw new Error(`the recording has no connection with ${name}`);
    return remote;
  }
}
