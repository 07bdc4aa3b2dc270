import { sha256d } from '../util/hash.ts';
import { endOfData, type WireError } from './errors.ts';
import {
  checkFrameHeader,
  FRAME_HEADER_SIZE,
  type FrameHeader,
  MAX_PAYLOAD,
  readError,
  readFrameHeader,
} from './frame-header.ts';
import type { Message } from './message.ts';
import { checkGate, type WireContext } from './messages/codec.ts';
import { ByteReader } from './reader.ts';

/** Smallest buffer for collected bytes. */
const MIN_CAPACITY = 64;

/** Limits of a {@link FrameDecoder}. */
export interface FrameLimits {
  /** Refuse payloads above this size, whatever the protocol allows. */
  readonly maxPayload?: number;
}

/**
 * Cuts a stream of bytes, in chunks of any size, into messages.
 *
 * - A bad header is reported as soon as its 24 bytes are there; nothing of its payload is awaited. Reading may go on
 *   after a {@link WireError}: what the bad frame announced is then skipped.
 * - Memory grows with the bytes received, at most to twice their number, never with an announced length.
 * - A frame inside one chunk is decoded where it stands. Longer ones are collected with constant work a byte.
 *
 * Decoded messages hold views into the chunks, so a pushed chunk belongs to the decoder.
 */
export class FrameDecoder {
  readonly #context: Readonly<WireContext>;
  readonly #maxPayload: number;
  #buffer: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;
  /** True if the buffer was allocated here and has room behind its end. */
  #owned = false;
  #header: FrameHeader | undefined;
  #skip = 0;
  #frameSize = 0;

  /** @param context read anew for every frame, so that its owner may change it as the handshake goes on. */
  constructor(context: Readonly<WireContext>, limits: FrameLimits = {}) {
    this.#context = context;
    this.#maxPayload = limits.maxPayload ?? MAX_PAYLOAD;
  }

  /** Bytes received that no message has taken yet, those to be skipped left out. */
  get buffered(): number {
    return Math.max(0, this.#live - this.#skip);
  }

  get #live(): number {
    return this.#end - this.#start;
  }

  /** Bytes of the last message that {@link next} returned or failed to decode, header included. */
  get frameSize(): number {
    return this.#frameSize;
  }

  /** Adds received bytes. Call {@link next} until it gives nothing before adding more, to avoid copies. */
  push(chunk: Uint8Array): void {
    const live = this.#live;
    if (live === 0) {
      this.#buffer = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
      this.#start = 0;
      this.#end = chunk.length;
      this.#owned = false;
      return;
    }
    if (!this.#owned || this.#end + chunk.length > this.#buffer.length) this.#reallocate(live + chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Moves the live bytes to a new buffer; the old one may be held by decoded messages. */
  #reallocate(needed: number): void {
    const doubled = Math.max(2 * needed, MIN_CAPACITY);
    const awaited = this.#header?.length ?? 0;
    const larger = new Uint8Array(awaited >= needed ? Math.min(doubled, awaited) : doubled);
    larger.set(this.#buffer.subarray(this.#start, this.#end));
    this.#end -= this.#start;
    this.#start = 0;
    this.#buffer = larger;
    this.#owned = true;
  }

  /**
   * The next complete message; undefined if more bytes are needed.
   * @throws {WireError} with the texts that known nodes send in a `reject`.
   */
  next(): Message | undefined {
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, this.#live);
      this.#start += skipped;
      this.#skip -= skipped;
      if (this.#skip > 0) return undefined;
    }
    this.#header ??= this.#readHeader();
    const header = this.#header;
    if (!header || this.#live < header.length) return undefined;
    this.#header = undefined;
    this.#frameSize = FRAME_HEADER_SIZE + header.length;
    const payload = this.#buffer.subarray(this.#start, this.#start + header.length);
    this.#start += header.length;
    verifyChecksum(payload, header.checksum);
    checkGate(header.codec, header.command, 'SotoDecode', this.#context);
    return header.codec.read(new ByteReader(payload), this.#context);
  }

  #readHeader(): FrameHeader | undefined {
    if (this.#live < FRAME_HEADER_SIZE) return undefined;
    const raw = readFrameHeader(this.#buffer.subarray(this.#start, this.#start + FRAME_HEADER_SIZE));
    this.#start += FRAME_HEADER_SIZE;
    this.#frameSize = FRAME_HEADER_SIZE;
    // Known nodes skip the payload of a refused frame, but not one whose length alone is absurd.
    this.#skip = raw.length > MAX_PAYLOAD ? 0 : raw.length;
    const header = checkFrameHeader(raw, this.#context, this.#maxPayload);
    this.#skip = 0;
    return header;
  }

  /** What the end of the stream means now: `eof` between frames or before a payload, `unexpectedEof` inside one. */
  endOfStream(): WireError {
    return endOfData(this.#live);
  }
}

function verifyChecksum(payload: Uint8Array, checksum: Uint8Array): void {
  const actual = sha256d(payload).subarray(0, 4);
  if (actual.every((byte, i) => byte === checksum[i])) return;
  throw readError(
    `payload checksum failed - header indicates [${checksum.join(' ')}], but actual checksum is [${actual.join(' ')}].`,
  );
}
