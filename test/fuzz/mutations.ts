import { sha256d } from '../../src/util/hash.ts';
import type { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { FRAME_HEADER_SIZE } from '../../src/wire/index.ts';

/** Values at the edges of number fields. */
const EDGES = [0, 1, 0x7f, 0x80, 0xfc, 0xfd, 0xfe, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
/** Most bytes that a mutation adds. */
const MAX_GROWTH = 2000;

type Mutation = (bytes: Uint8Array, random: SeededRandom, other: Uint8Array) => Uint8Array;

const MUTATIONS: readonly Mutation[] = [
  flipBits,
  setBytes,
  setEdge,
  setCount,
  truncate,
  extend,
  removePiece,
  repeatPiece,
  swapPieces,
  splice,
];

/**
 * A payload with one to four changes of the kinds that break decoders.
 * @param other a payload to take pieces from.
 */
export function mutatePayload(payload: Uint8Array, random: SeededRandom, other: Uint8Array): Uint8Array {
  let bytes = payload;
  for (let i = random.pick([1, 1, 1, 2, 4]); i > 0; i--) bytes = random.pick(MUTATIONS)(bytes, random, other);
  return bytes;
}

/** A frame whose framing is broken: magic, command, length, checksum, a cut, bytes in between. */
export function mutateFrame(frame: Uint8Array, random: SeededRandom): Uint8Array {
  const bytes = Uint8Array.from(frame);
  const view = new DataView(bytes.buffer);
  switch (random.below(7)) {
    case 0:
      bytes[random.below(4)]! ^= 1 << random.below(8);
      return bytes;
    case 1:
      bytes[4 + random.below(12)] = random.below(256);
      return bytes;
    case 2:
      view.setUint32(16, random.uint32() >>> random.below(32), true);
      return bytes;
    case 3:
      bytes[20 + random.below(4)]! ^= 1 << random.below(8);
      return bytes;
    case 4:
      return bytes.subarray(0, random.below(bytes.length));
    case 5: {
      const at = random.below(bytes.length);
      return join(bytes.subarray(0, at), random.bytes(random.between(1, 40)), bytes.subarray(at));
    }
    default:
      return random.bytes(random.between(1, 3000));
  }
}

/** A frame around any payload, right in everything but perhaps the payload. */
export function frameOf(magic: number, command: string, payload: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(FRAME_HEADER_SIZE + payload.length);
  frame.writeUInt32LE(magic, 0);
  frame.write(command.slice(0, 12), 4, 'latin1');
  frame.writeUInt32LE(payload.length, 16);
  frame.set(sha256d(payload).subarray(0, 4), 20);
  frame.set(payload, FRAME_HEADER_SIZE);
  return frame;
}

function flipBits(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const out = Uint8Array.from(bytes);
  if (out.length > 0)
    for (let i = random.between(1, 3); i > 0; i--) out[random.below(out.length)]! ^= 1 << random.below(8);
  return out;
}

function setBytes(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const out = Uint8Array.from(bytes);
  if (out.length > 0) for (let i = random.between(1, 8); i > 0; i--) out[random.below(out.length)] = random.below(256);
  return out;
}

/** A number field, wherever it may be, gets a value at the edge of its range. */
function setEdge(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const out = Uint8Array.from(bytes);
  const size = random.pick([1, 2, 4, 8]);
  if (out.length < size) return out;
  const at = random.below(out.length - size + 1);
  const value = random.pick(EDGES);
  for (let i = 0; i < size; i++) out[at + i] = i < 4 ? value >>> (8 * i) : value === 0xffffffff ? 0xff : 0;
  return out;
}

/** A count that promises more than there is, near the start, where most counts are. */
function setCount(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const at = Math.min(bytes.length, random.pick([0, 0, 0, 4, 80, 84, random.below(bytes.length + 1)]));
  const varint = random.pick([
    [0xfd, random.below(256), random.below(256)],
    [0xfe, random.below(256), random.below(256), random.below(256), random.pick([0, 0, 1, 255])],
    [0xff, ...random.bytes(8)],
    [random.below(0xfd)],
  ]);
  return join(bytes.subarray(0, at), Uint8Array.from(varint), bytes.subarray(Math.min(bytes.length, at + 1)));
}

function truncate(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  return bytes.subarray(0, random.below(bytes.length + 1));
}

function extend(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  return join(bytes, random.bytes(random.pick([1, 4, 40, MAX_GROWTH])));
}

function removePiece(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const [start, end] = piece(bytes, random);
  return join(bytes.subarray(0, start), bytes.subarray(end));
}

function repeatPiece(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const [start, end] = piece(bytes, random);
  const repeated = bytes.subarray(start, Math.min(end, start + MAX_GROWTH));
  return join(bytes.subarray(0, end), repeated, bytes.subarray(end));
}

function swapPieces(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const [start, end] = piece(bytes, random);
  return join(bytes.subarray(end), bytes.subarray(start, end), bytes.subarray(0, start));
}

function splice(bytes: Uint8Array, random: SeededRandom, other: Uint8Array): Uint8Array {
  const [start, end] = piece(other, random);
  const at = random.below(bytes.length + 1);
  const taken = other.subarray(start, Math.min(end, start + MAX_GROWTH));
  return join(bytes.subarray(0, at), taken, bytes.subarray(Math.min(bytes.length, at + taken.length)));
}

function piece(bytes: Uint8Array, random: SeededRandom): [number, number] {
  const a = random.below(bytes.length + 1);
  const b = random.below(bytes.length + 1);
  return [Math.min(a, b), Math.max(a, b)];
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
