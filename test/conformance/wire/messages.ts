import { deepEqual, equal, match } from 'node:assert/strict';
import { bytesToHex, hexToBytes } from '../../../src/util/bytes.ts';
import {
  decodePayload,
  encodeMessage,
  FrameDecoder,
  type Generation,
  type Message,
  type TxEncoding,
} from '../../../src/wire/index.ts';
import type { Suite, SuiteContext } from '../suite.ts';
import { refusedSample } from './samples.ts';
import { context, messageShape, payloadHex, rawFrame, wireErrorOf } from './shapes.ts';

interface Case {
  readonly pvers: readonly number[];
  readonly encodings: readonly TxEncoding[];
  readonly payloadHex?: string;
  readonly decoded?: object;
  readonly decodeError?: string;
  readonly encodeError?: string;
  readonly overPayloadLimit?: boolean;
}

interface Recorded {
  readonly command: string;
  readonly name: string;
  readonly cases: readonly Case[];
}

/** The recorded message, decoded from the most complete of its encodings. */
function sampleOf({ command, name, cases }: Recorded, generation: Generation): Message {
  const usable = cases.filter((one) => one.decoded);
  const best = usable.find(({ encodings }) => encodings.includes('witness')) ?? usable[0];
  if (!best) return refusedSample(command, name, generation);
  const encoding = best.encodings.includes('witness') ? 'witness' : 'base';
  return decodePayload(command, hexToBytes(best.payloadHex ?? ''), context(generation, best.pvers[0], encoding));
}

/** The recorded shape without what is not kept here: the parsed payload of alerts. */
function expectedShape(command: string, decoded: object): object {
  if (command !== 'alert') return decoded;
  return Object.fromEntries(Object.entries(decoded).filter(([key]) => key !== 'payload'));
}

function checkCase(sample: Message, one: Case, generation: Generation): void {
  for (const pver of one.pvers) {
    for (const encoding of one.encodings) {
      const where = context(generation, pver, encoding);
      const encode = () => encodeMessage(sample, where);
      if (one.encodeError !== undefined) {
        equal(wireErrorOf(encode), one.encodeError);
        continue;
      }
      const payload = one.payloadHex ?? '';
      if (one.overPayloadLimit) match(wireErrorOf(encode) ?? '', /^WriteMessage: message payload is too large/u);
      else equal(payloadHex(encode()), payload);
      const decode = () => decodePayload(sample.command, hexToBytes(payload), where);
      if (one.decodeError !== undefined) equal(wireErrorOf(decode), one.decodeError);
      else deepEqual(messageShape(decode()), expectedShape(sample.command, one.decoded ?? {}));
    }
  }
}

/** Every message type in every protocol version: fields, bytes, and refusals. */
function messages(generation: Generation): Suite {
  return {
    name: `wire/gen${generation}/messages`,
    async run(suite) {
      for (const recorded of suite.json<Recorded[]>(`wire/gen${generation}/messages.json.gz`)) {
        const sample = sampleOf(recorded, generation);
        for (const one of recorded.cases)
          await suite.check(`${recorded.command} ${recorded.name} at ${one.pvers.join(' ')}`, () =>
            checkCase(sample, one, generation),
          );
      }
    },
  };
}

interface Framed {
  readonly command: string;
  readonly name: string;
  readonly net: string;
  readonly magic: number;
  readonly pver: number;
  readonly encoding: TxEncoding;
  readonly frameHex: string;
  readonly decoded: object;
}

/** Whole frames of every command on every network. */
function framed(generation: Generation): Suite {
  return {
    name: `wire/gen${generation}/framed`,
    async run(suite) {
      for (const one of suite.json<Framed[]>(`wire/gen${generation}/framed.json`)) {
        await suite.check(`${one.command} on ${one.net}`, () => {
          const where = context(generation, one.pver, one.encoding, one.magic);
          const decoder = new FrameDecoder(where);
          decoder.push(hexToBytes(one.frameHex));
          const message = decoder.next();
          if (!message) throw new Error('no message');
          equal(message.command, one.command);
          deepEqual(messageShape(message), expectedShape(one.command, one.decoded));
          equal(bytesToHex(encodeMessage(message, where)), one.frameHex);
          equal(decoder.buffered, 0);
        });
      }
    },
  };
}

interface WriteError {
  readonly command: string;
  readonly name: string;
  readonly pver: number;
  readonly error: string;
}

/** Refusals of the frame writer. Several samples share a name, so all errors of one name are compared together. */
function writeErrors(generation: Generation): Suite {
  return {
    name: `wire/gen${generation}/write_errors`,
    async run(suite) {
      const samples = suite.json<Recorded[]>(`wire/gen${generation}/messages.json.gz`);
      const expected = new Map<string, string[]>();
      for (const { command, name, pver, error } of suite.json<WriteError[]>(
        `wire/gen${generation}/write_errors.json`,
      )) {
        const key = JSON.stringify([command, name, pver]);
        expected.set(key, [...(expected.get(key) ?? []), error]);
      }
      const actual = new Map<string, string[]>();
      for (const recorded of samples) {
        const sample = sampleOf(recorded, generation);
        for (const pver of new Set(recorded.cases.flatMap(({ pvers }) => pvers))) {
          const error = wireErrorOf(() => encodeMessage(sample, context(generation, pver)));
          const key = JSON.stringify([recorded.command, recorded.name, pver]);
          if (error !== null) actual.set(key, [...(actual.get(key) ?? []), error]);
        }
      }
      for (const key of new Set([...expected.keys(), ...actual.keys()]))
        await suite.check(key, () => deepEqual(actual.get(key), expected.get(key)));
    },
  };
}

interface Limit {
  readonly command: string;
  readonly name: string;
  readonly pver: number;
  readonly payloadHex?: string;
  readonly encodeError: string | null;
  readonly readError?: string | null;
}

function checkLimit(one: Limit, generation: Generation): void {
  const where = context(generation, one.pver);
  if (one.payloadHex === undefined) {
    const sample = refusedSample(one.command, one.name, generation);
    equal(
      wireErrorOf(() => encodeMessage(sample, where)),
      one.encodeError,
    );
    return;
  }
  const payload = hexToBytes(one.payloadHex);
  const decoder = new FrameDecoder(where);
  decoder.push(rawFrame(one.command, payload));
  equal(
    wireErrorOf(() => decoder.next()),
    one.readError,
  );
  const encode = () => payloadHex(encodeMessage(decodePayload(one.command, payload, where), where));
  if (one.readError === null) equal(encode(), one.payloadHex);
  else match(wireErrorOf(encode) ?? '', /^WriteMessage: message payload is too large/u);
}

/** Messages at and above the limits of counts and sizes. */
function limits(generation: Generation): Suite {
  return {
    name: `wire/gen${generation}/limits`,
    async run(suite: SuiteContext) {
      for (const one of suite.json<Limit[]>(`wire/gen${generation}/limits.json.gz`))
        await suite.check(`${one.command} ${one.name}`, () => checkLimit(one, generation));
    },
  };
}

export const messageSuites: readonly Suite[] = ([2, 4] as const).flatMap((generation) => [
  messages(generation),
  framed(generation),
  writeErrors(generation),
  limits(generation),
]);
