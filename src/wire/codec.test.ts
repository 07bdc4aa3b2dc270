import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ZERO_HASH } from '../util/hash.ts';
import type { Generation } from './block.ts';
import { COMMANDS, decodePayload, maxPayload } from './codec.ts';
import { WireError } from './errors.ts';
import { encodeFrame, encodeMessage } from './frame-encoder.ts';
import { FRAME_HEADER_SIZE } from './frame-header.ts';
import type { Message } from './message.ts';
import type { WireContext } from './messages/codec.ts';
import { arbitraryMessage } from './testing/arbitraries.ts';

const generations: readonly Generation[] = [2, 4];
const context = (generation: Generation, protocolVersion = 70_013): WireContext => ({
  magic: 0x12141c16,
  protocolVersion,
  encoding: 'witness',
  generation,
});

/** Runs a decoder that may refuse, but only in its own way. */
function onlyWireErrors(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
  }
}

describe.each(generations)('generation %i', (generation) => {
  const where = context(generation);

  test('every message comes back as the same bytes and fields', () => {
    fc.assert(
      fc.property(arbitraryMessage(generation), (message) => {
        const frame = encodeMessage(message, where);
        const payload = frame.subarray(FRAME_HEADER_SIZE);
        const decoded = decodePayload(message.command, payload, where);
        expect(encodeMessage(decoded, where)).toEqual(frame);
        expect(encodeFrame(message.command, payload, where)).toEqual(frame);
        if (!('block' in message || 'tx' in message || 'headers' in message || 'header' in message))
          expect(decoded).toEqual(message);
      }),
      { numRuns: 300 },
    );
  });

  test('random payloads never fail with anything but a WireError', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...COMMANDS),
        fc.uint8Array({ maxLength: 400 }),
        fc.constantFrom(70_013, 70_001, 60_000, 31_402, 209, 208, 0),
        (command, payload, pver) => onlyWireErrors(() => decodePayload(command, payload, context(generation, pver))),
      ),
      { numRuns: 2000 },
    );
  });

  test('damaged messages never fail with anything but a WireError', () => {
    fc.assert(
      fc.property(
        arbitraryMessage(generation),
        fc.array(fc.record({ at: fc.nat(), value: fc.constantFrom(0, 1, 0x7f, 0xfd, 0xfe, 0xff) }), { maxLength: 4 }),
        fc.nat(),
        (message, damages, cut) => {
          const payload = Uint8Array.from(encodeMessage(message, where).subarray(FRAME_HEADER_SIZE));
          for (const { at, value } of damages) if (payload.length > 0) payload[at % payload.length] = value;
          const length = payload.length - (cut % (payload.length + 1));
          onlyWireErrors(() => decodePayload(message.command, payload.subarray(0, length), where));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('what can not be sent', () => {
  const refused: readonly [string, Message, number][] = [
    ['mempool message invalid for protocol version 60001', { command: 'mempool' }, 60_001],
    ['pong message invalid for protocol version 60000', { command: 'pong', nonce: 1n }, 60_000],
    ['empty serialized payload', { command: 'alert', payload: ZERO_HASH.subarray(32), signature: ZERO_HASH }, 70_013],
  ];

  test.each(refused)('%s', (text, message, pver) => {
    expect(() => encodeMessage(message, context(2, pver))).toThrow(text);
  });

  test('more inventory than known nodes receive', () => {
    const inventory = new Array(45_001).fill({ type: 1, hash: ZERO_HASH, height: -1 });
    expect(() => encodeMessage({ command: 'inv', inventory }, context(2))).toThrow(
      'maximum message payload size for messages of type [inv] is 1800009.',
    );
  });

  test('a stored payload above the limit of its type', () => {
    expect(() => encodeFrame('block', new Uint8Array(4_000_001), context(2))).toThrow('[block] is 4000000.');
  });
});

test('the two generations do not mix their address caches', () => {
  const message: Message = { command: 'addrcache', addresses: [] };
  expect(encodeMessage(message, context(2)).length).toBe(FRAME_HEADER_SIZE + 1);
  expect(encodeMessage(message, context(4)).length).toBe(FRAME_HEADER_SIZE + 3);
});

test('an unknown command has no room and no decoder', () => {
  expect(maxPayload('sendcmpct', context(2))).toBe(0);
  expect(() => decodePayload('sendcmpct', new Uint8Array(0), context(2))).toThrow(
    'ReadMessage: unhandled command [sendcmpct]',
  );
});
