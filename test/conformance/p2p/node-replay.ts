import { strict as assert } from 'node:assert';
import type { VirtualNetwork } from '../../../src/server/testing/virtual-network.ts';
import { bytesToHex, hexToBytes } from '../../../src/util/bytes.ts';
import { hashFromHex } from '../../../src/util/hash.ts';
import { essence, type Translation } from './essence.ts';
import { isOwn, type RecordedLine, remoteOf, type Transcript } from './transcript.ts';
import { VirtualRemote } from './virtual-remote.ts';

/** Messages sent within so many milliseconds belong to one turn: what answers which cannot be told. */
const TURN_MS = 50;
/** The end of a connection may come so much earlier or later than recorded, milliseconds: recorded nodes were busy. */
const CLOSE_TOLERANCE_MS = 1000;

/** In what a replay differs from its recording. */
export interface NodeReplayOptions {
  /** What the node's blocks are called in the recording. */
  readonly translation?: Translation;
  /** True for a recorded message that the node rightly does not send. */
  readonly spares?: (line: RecordedLine) => boolean;
  /** True for a message (as `essence` has it) that is not recorded and that the node rightly sends. */
  readonly adds?: (text: string, remote: string) => boolean;
  /** True for a remote on which the node rightly hangs up, or rightly does not, against the recording. */
  readonly endsDifferently?: (remote: string) => boolean;
  /** Connections may end long before the recorded moment. */
  readonly endsSooner?: boolean;
  /** The bytes to send in place of those that were recorded. */
  readonly replace?: (payload: Uint8Array, line: RecordedLine) => Uint8Array;
  /** Called in front of each line, when everything before it has happened. */
  readonly before?: (line: RecordedLine) => void | Promise<void>;
}

/** Where the node is and how a connection of it to a recorded side is made. */
export interface NodeReplayTarget {
  readonly network: VirtualNetwork;
  /** Where the node listens. */
  readonly address: string;
  readonly magic: number;
  /** Makes the node dial. */
  dial(address: string): void;
}

/**
 * Plays recorded clients to a whole node in virtual time, each message at its recorded moment, and compares what the node
 * says in answer to each. The order counts from turn to turn, not within a turn.
 */
export class NodeReplay {
  readonly remotes = new Map<string, VirtualRemote>();
  readonly #target: NodeReplayTarget;
  readonly #transcript: Transcript;
  readonly #options: NodeReplayOptions;
  /** Counts what is sent to the node after the handshakes. */
  #turn = 0;
  #lastSent = Number.NEGATIVE_INFINITY;
  readonly #expected = new Map<string, string[]>();
  readonly #recordedEnds = new Map<string, number>();
  readonly #hungUp = new Set<string>();

  constructor(target: NodeReplayTarget, transcript: Transcript, options: NodeReplayOptions = {}) {
    this.#target = target;
    this.#transcript = transcript;
    this.#options = options;
  }

  /** Plays all lines and compares. */
  async run(): Promise<void> {
    const { world } = this.#target.network;
    const started = world.elapsed;
    for (const line of this.#transcript.lines) {
      await world.advance(Math.max(0, line.t_ms - (world.elapsed - started)));
      await this.#options.before?.(line);
      await this.#play(line, started);
    }
    await world.advance(50);
    for (const name of this.remotes.keys()) this.#compare(name, started);
  }

  /** The remote with a name of the recording. */
  remote(name: string): VirtualRemote {
    const remote = this.remotes.get(name);
    if (!remote) throw new Error(`the recording has no connection with ${name}`);
    return remote;
  }

  /** Everything that a remote received, as `essence` has it. */
  receivedBy(name: string): string[] {
    return this.remote(name).received.map(({ command, payload }) => essence(command, payload));
  }

  async #play(line: RecordedLine, started: number): Promise<void> {
    const { self } = this.#transcript;
    const name = remoteOf(line, self);
    if (name === undefined) return;
    if (line.event === 'connect') await this.#connect(name, isOwn(line, self));
    else if (line.event === 'close') this.#close(name);
    else if (line.event === 'disconnect') this.#recordedEnds.set(name, started + line.t_ms);
    else if (isOwn(line, self)) this.#expect(line, name);
    else this.#send(line, this.remote(name));
  }

  async #connect(name: string, dialled: boolean): Promise<void> {
    const { network, address, magic, dial } = this.#target;
    const { world } = network;
    const answer = async () => {
      const there = `127.0.0.1:${19_000 + this.remotes.size}`;
      const accepting = network.listen(there).accept();
      dial(there);
      return world.waitFor(accepting, 1000);
    };
    const transport = dialled ? await answer() : network.connect('127.0.0.1', address);
    const now = () => world.elapsed;
    this.remotes.set(name, new VirtualRemote(transport, magic, now, () => this.#turn));
  }

  #close(name: string): void {
    this.#hungUp.add(name);
    this.remote(name).close();
  }

  #send(line: RecordedLine, remote: VirtualRemote): void {
    const { replace = (payload: Uint8Array) => payload, translation } = this.#options;
    if (line.command !== 'verack' && line.t_ms - this.#lastSent > TURN_MS) this.#turn++;
    this.#lastSent = line.t_ms;
    if (line.rawHex !== undefined) remote.sendRaw(replace(hexToBytes(line.rawHex), line));
    else if (line.command !== undefined) {
      remote.send(line.command, replace(translated(hexToBytes(line.payloadHex ?? ''), translation), line));
    }
  }

  #expect(line: RecordedLine, name: string): void {
    if (line.command === undefined || this.#options.spares?.(line)) return;
    const text = essence(line.command, hexToBytes(line.payloadHex ?? ''), this.#options.translation);
    const texts = this.#expected.get(name) ?? [];
    texts.push(`after ${this.#turn}: ${text}`);
    this.#expected.set(name, texts);
  }

  #compare(name: string, started: number): void {
    const { adds, endsDifferently, endsSooner = false } = this.#options;
    const remote = this.remote(name);
    const received: string[] = [];
    for (const { command, payload, turn } of remote.received) {
      const text = essence(command, payload);
      if (!adds?.(text, name)) received.push(`after ${turn}: ${text}`);
    }
    assert.deepEqual(received.sort(), (this.#expected.get(name) ?? []).sort(), `messages to ${name}`);
    if (this.#hungUp.has(name)) return;
    const recorded = this.#recordedEnds.get(name);
    if (endsDifferently?.(name)) {
      assert.notEqual(remote.closedAt !== undefined, recorded !== undefined, `end of the connection of ${name}`);
      return;
    }
    assert.equal(remote.closedAt !== undefined, recorded !== undefined, `end of the connection of ${name}`);
    if (recorded === undefined || remote.closedAt === undefined) return;
    const late = remote.closedAt - recorded;
    assert(
      late <= CLOSE_TOLERANCE_MS && (endsSooner || late >= -CLOSE_TOLERANCE_MS),
      `connection of ${name} ends after ${remote.closedAt - started} ms`,
    );
  }
}

/** Bytes of a recording with the hashes of its blocks replaced. */
function translated(bytes: Uint8Array, translation: Translation = new Map()): Uint8Array {
  let hex = bytesToHex(bytes);
  for (const [recorded, own] of translation) {
    hex = hex.replaceAll(bytesToHex(hashFromHex(recorded)), bytesToHex(hashFromHex(own)));
  }
  return hexToBytes(hex);
}
