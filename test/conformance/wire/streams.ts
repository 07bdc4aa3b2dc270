import { deepEqual, equal } from 'node:assert/strict';
import { bytesToHex, hexToBytes } from '../../../src/util/bytes.ts';
import {
  decodePayload,
  encodeMessage,
  FrameDecoder,
  type Generation,
  type Message,
  type TxEncoding,
  WireError,
} from '../../../src/wire/index.ts';
import type { Suite } from '../suite.ts';
import { context, messageShape, payloadHex, wireErrorOf } from './shapes.ts';

interface Malformed {
  readonly command?: string;
  readonly name: string;
  readonly net: number;
  readonly pver: number;
  readonly encoding: TxEncoding;
  readonly streamHex: string;
  readonly error: string | null;
  readonly errorKind: 'none' | 'MessageError' | 'EOF' | 'unexpectedEOF' | 'other' | 'panic';
  readonly countedBytes: number;
  readonly consumedBytes: number;
  readonly decoded?: { readonly payload?: object };
  readonly reencodedPayloadHex?: string;
}

const kinds = { message: 'MessageError', eof: 'EOF', unexpectedEof: 'unexpectedEOF', other: 'other' } as const;

/** The first message or error of a stream that comes in pieces of a size and then ends. */
function readStream(stream: Uint8Array, size: number, decoder: FrameDecoder): Message | WireError {
  try {
    for (let at = 0; at < stream.length; at += size) {
      decoder.push(stream.subarray(at, at + size));
      const message = decoder.next();
      if (message) return message;
    }
    return decoder.endOfStream();
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
}

/**
 * The recorded shape as far as it is kept here: not the parsed payload of an alert, no negative counts (they mean none),
 * and an address that did not come is the unknown one.
 */
function keptShape({ payload: _, ...decoded }: NonNullable<Malformed['decoded']>): unknown {
  const kept = (key: string, value: unknown): unknown => {
    if (key === 'size' && typeof value === 'number') return Math.max(value, 0);
    return key === 'ip' && value === null ? '00'.repeat(16) : value;
  };
  return JSON.parse(JSON.stringify(decoded), kept);
}

function checkStream(one: Malformed, size: number, generation: Generation): void {
  const where = context(generation, one.pver, one.encoding, one.net);
  const stream = hexToBytes(one.streamHex);
  const decoder = new FrameDecoder(where);
  const result = readStream(stream, size, decoder);
  if (result instanceof WireError) {
    equal(result.message, one.error);
    equal(kinds[result.kind], one.errorKind);
    return;
  }
  equal(null, one.error);
  equal(decoder.frameSize, one.countedBytes);
  deepEqual(messageShape(result), keptShape(one.decoded ?? {}));
  const payload = bytesToHex(stream.subarray(24, one.countedBytes));
  // An empty alert decodes but can not be sent.
  if (result.command === 'alert' && result.payload.length === 0) return;
  equal(payloadHex(encodeMessage(result, where)), one.reencodedPayloadHex ?? payload);
}

/** How many bytes of a whole stream the first message or error takes. */
function checkConsumption(one: Malformed, generation: Generation): void {
  const stream = hexToBytes(one.streamHex);
  const decoder = new FrameDecoder(context(generation, one.pver, one.encoding, one.net));
  if (one.errorKind.endsWith('EOF')) return;
  readStream(stream, stream.length, decoder);
  equal(decoder.frameSize, one.countedBytes);
  equal(stream.length - decoder.buffered, one.consumedBytes);
}

/** Byte streams that break rules, in one piece and byte by byte. */
function malformed(generation: Generation): Suite {
  return {
    name: `wire/gen${generation}/malformed`,
    async run(suite) {
      suite.deviation(
        'frames refused by their header',
        'the error is reported at once; the reference first waits for, and discards, the announced payload',
      );
      for (const one of suite.json<Malformed[]>(`wire/gen${generation}/malformed.json`)) {
        const name = `${one.command ?? 'stream'} ${one.name}`;
        if (one.errorKind === 'panic') {
          suite.deviation(name, 'refused as too many addresses; the reference crashes');
          await suite.check(name, () =>
            checkStream(
              {
                ...one,
                errorKind: 'MessageError',
                error: 'MsgAddrCache.SotoDecode: too many addresses for message [count 18446744073709551615, max 1000]',
              },
              1,
              generation,
            ),
          );
          continue;
        }
        await suite.check(name, () => checkStream(one, Number.POSITIVE_INFINITY, generation));
        await suite.check(`${name}, byte by byte`, () => checkStream(one, 1, generation));
        await suite.check(`${name}, bytes taken`, () => checkConsumption(one, generation));
      }
    },
  };
}

interface Truncation {
  readonly command: string;
  readonly pver: number;
  readonly encoding: TxEncoding;
  readonly payloadHex: string;
  readonly results: readonly { readonly from: number; readonly to: number; readonly error: string | null }[];
}

/** Every prefix of one payload per command. */
function truncations(generation: Generation): Suite {
  return {
    name: `wire/gen${generation}/truncations`,
    async run(suite) {
      for (const one of suite.json<Truncation[]>(`wire/gen${generation}/truncations.json`)) {
        const payload = hexToBytes(one.payloadHex);
        const where = context(generation, one.pver, one.encoding);
        for (const { from, to, error } of one.results) {
          await suite.check(`${one.command} cut to ${from}..${to} bytes`, () => {
            for (let length = from; length <= to; length++)
              equal(
                wireErrorOf(() => decodePayload(one.command, payload.subarray(0, length), where)),
                error,
              );
          });
        }
      }
    },
  };
}

export const streamSuites: readonly Suite[] = ([2, 4] as const).flatMap((generation) => [
  malformed(generation),
  truncations(generation),
]);
