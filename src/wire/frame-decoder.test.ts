import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToHex, concatBytes } from '../util/bytes.ts';
import { WireError } from './errors.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { encodeMessage } from './frame-encoder.ts';
import { FRAME_HEADER_SIZE } from './frame-header.ts';
import type { Message } from './message.ts';
import type { WireContext } from './messages/codec.ts';
import { arbitraryMessage } from './testing/arbitraries.ts';
import { ByteWriter } from './writer.ts';

const context: WireContext = { magic: 0x12141c16, protocolVersion: 70_013, encoding: 'witness', generation: 2 };
const ping = (nonce: bigint) => encodeMessage({ command: 'ping', nonce }, context);

/** A frame header alone. */
function frameHeader(command: string, length: number, magic = context.magic): Uint8Array {
  const writer = new ByteWriter(FRAME_HEADER_SIZE);
  writer.u32(magic);
  writer.bytes(Buffer.from(command.padEnd(12, '\0'), 'latin1'));
  writer.u32(length);
  writer.u32(0);
  return writer.finish();
}

/** Everything that can be decoded now. */
function drain(decoder: FrameDecoder): Message[] {
  const messages: Message[] = [];
  for (let message = decoder.next(); message; message = decoder.next()) messages.push(message);
  return messages;
}

test('a stream cut anywhere gives the same messages', () => {
  fc.assert(
    fc.property(
      fc.array(arbitraryMessage(2), { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 10 }),
      fc.boolean(),
      (messages, sizes, eager) => {
        const frames = messages.map((message) => bytesToHex(encodeMessage(message, context)));
        const stream = Buffer.from(frames.join(''), 'hex');
        const decoder = new FrameDecoder(context);
        const received: Message[] = [];
        let at = 0;
        for (let i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length];
          decoder.push(Uint8Array.from(stream.subarray(at, at + size)));
          at += size;
          if (eager) received.push(...drain(decoder));
        }
        received.push(...drain(decoder));
        expect(received.map((message) => bytesToHex(encodeMessage(message, context)))).toEqual(frames);
        expect(decoder.buffered).toBe(0);
        expect(decoder.endOfStream().kind).toBe('eof');
      },
    ),
  );
});

test('random bytes never fail with anything but a WireError', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 10 }), (chunks) => {
      const decoder = new FrameDecoder(context);
      for (const chunk of chunks) {
        decoder.push(chunk);
        try {
          drain(decoder);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }
    }),
  );
});

test('a frame inside one chunk is decoded where it stands', () => {
  const frame = encodeMessage({ command: 'filteradd', data: Uint8Array.of(1, 2, 3) }, context);
  const decoder = new FrameDecoder(context);
  decoder.push(frame);
  const message = decoder.next();
  expect(message?.command === 'filteradd' && message.data.buffer).toBe(frame.buffer);
});

test('collected bytes are not overwritten by later ones', () => {
  const frames = Array.from({ length: 50 }, (_, i) =>
    encodeMessage({ command: 'filteradd', data: new Uint8Array(100).fill(i) }, context),
  );
  const decoder = new FrameDecoder(context);
  const stream = concatBytes(...frames);
  const received: Message[] = [];
  for (let at = 0; at < stream.length; at += 7) {
    decoder.push(stream.subarray(at, at + 7));
    received.push(...drain(decoder));
  }
  expect(received.map((message) => message.command === 'filteradd' && message.data[99])).toEqual(
    Array.from({ length: 50 }, (_, i) => i),
  );
});

describe('a bad header', () => {
  test.each([
    ['length', frameHeader('block', 33_554_433, 0), 'message payload is too large'],
    ['network', frameHeader('bogus', 33_554_432, 0xd9b4bef9), 'message from other network [MainNet]'],
    ['command', frameHeader('bogus', 33_554_432), 'unhandled command [bogus]'],
    ['limit', frameHeader('ping', 9), 'max payload size for messages of type [ping] is 8.'],
  ])('is reported without waiting for the payload: %s', (_, header, text) => {
    const decoder = new FrameDecoder(context);
    decoder.push(header);
    expect(() => decoder.next()).toThrow(text);
    expect(decoder.frameSize).toBe(FRAME_HEADER_SIZE);
  });

  test('is skipped with its payload if reading goes on', () => {
    const decoder = new FrameDecoder(context);
    const stream = concatBytes(frameHeader('bogus', 1000), new Uint8Array(1000), ping(5n));
    decoder.push(stream.subarray(0, 500));
    expect(() => decoder.next()).toThrow('unhandled');
    expect(decoder.next()).toBeUndefined();
    expect(decoder.buffered).toBe(0);
    decoder.push(stream.subarray(500));
    expect(decoder.next()).toEqual({ command: 'ping', nonce: 5n });
  });

  test('may be refused by a limit of the owner', () => {
    const decoder = new FrameDecoder(context, { maxPayload: 1000 });
    decoder.push(frameHeader('alert', 1001));
    expect(() => decoder.next()).toThrow('max payload size for messages of type [alert] is 1000.');
  });
});

test('a wrong checksum costs only its own frame', () => {
  const decoder = new FrameDecoder(context);
  const bad = Uint8Array.from(ping(1n));
  bad[20] ^= 1;
  decoder.push(concatBytes(bad, ping(2n)));
  expect(() => decoder.next()).toThrow('ReadMessage: payload checksum failed - header indicates [');
  expect(decoder.next()).toEqual({ command: 'ping', nonce: 2n });
});

test('the context may change between frames', () => {
  const changing = { ...context };
  const decoder = new FrameDecoder(changing);
  decoder.push(
    concatBytes(ping(1n), encodeMessage({ command: 'ping', nonce: 0n }, { ...context, protocolVersion: 209 })),
  );
  expect(decoder.next()).toEqual({ command: 'ping', nonce: 1n });
  changing.protocolVersion = 209;
  expect(decoder.next()).toEqual({ command: 'ping', nonce: 0n });
});

test('the end of the stream tells where it came', () => {
  const decoder = new FrameDecoder(context);
  expect(decoder.endOfStream().kind).toBe('eof');
  decoder.push(ping(1n).subarray(0, 10));
  decoder.next();
  expect(decoder.endOfStream().kind).toBe('unexpectedEof');
  decoder.push(ping(1n).subarray(10, 24));
  decoder.next();
  expect(decoder.endOfStream().kind).toBe('eof');
});

test('an announced length costs no memory, and a dripping stream no quadratic work', () => {
  const size = 40_000;
  const payload = encodeMessage(
    { command: 'alert', payload: new Uint8Array(size), signature: new Uint8Array(0) },
    context,
  );
  const decoder = new FrameDecoder(context);
  // Counts allocations through the typed array constructor that the decoder grows with.
  let allocated = 0;
  const original = globalThis.Uint8Array;
  const counting = new Proxy(original, {
    construct(target, args: [unknown]) {
      if (typeof args[0] === 'number') allocated += args[0];
      return Reflect.construct(target, args);
    },
  });
  globalThis.Uint8Array = counting;
  try {
    decoder.push(payload.subarray(0, 24));
    decoder.next();
    decoder.push(payload.subarray(24, 25));
    decoder.next();
    expect(allocated).toBeLessThan(1000);
    for (let at = 25; at < payload.length - 1; at++) {
      decoder.push(payload.subarray(at, at + 1));
      decoder.next();
    }
  } finally {
    globalThis.Uint8Array = original;
  }
  // Doubling allocates at most about twice the final size in all.
  expect(allocated).toBeLessThan(3 * size);
  decoder.push(payload.subarray(-1));
  expect(decoder.next()?.command).toBe('alert');
});
