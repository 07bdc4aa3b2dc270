import { ByteWriter } from '../wire/index.ts';
import { type SipKey, sipHash24, sipKey } from './siphash.ts';

/** Parameters of the basic filter type (BIP 158): bits of a remainder, and inverse rate of false matches. */
const REMAINDER_BITS = 19;
const INVERSE_RATE = 784_931;

/**
 * A set of byte strings as a Golomb-coded set with its size in front (BIP 158).
 * @param key its first 16 bytes are the key of the hash.
 * @param elements duplicates count once.
 */
export function encodeGolombSet(key: Uint8Array, elements: Iterable<Uint8Array>): Uint8Array {
  const distinct = new Map<string, Uint8Array>();
  for (const element of elements) distinct.set(Buffer.from(element).toString('latin1'), element);
  const writer = new ByteWriter();
  writer.varint(distinct.size);
  const values = hashedValues(sipKey(key), [...distinct.values()]);
  const bits = new BitWriter(writer);
  let last = 0;
  for (const value of values) {
    bits.golomb(value - last);
    last = value;
  }
  bits.end();
  return writer.finish();
}

/** Hashes of the elements, reduced to the range of a set of their number; ascending. */
function hashedValues(key: SipKey, elements: readonly Uint8Array[]): Float64Array {
  // Below 2^53 for any number of elements that fits a block.
  const range = BigInt(elements.length * INVERSE_RATE);
  const values = new Float64Array(elements.length);
  for (const [place, element] of elements.entries()) values[place] = Number((sipHash24(key, element) * range) >> 64n);
  return values.sort();
}

/** Writes bits from the top of each byte down. */
class BitWriter {
  readonly #writer: ByteWriter;
  #byte = 0;
  #free = 8;

  constructor(writer: ByteWriter) {
    this.#writer = writer;
  }

  /** The quotient in unary, a zero, the remainder from its highest bit on. */
  golomb(value: number): void {
    const divisor = 2 ** REMAINDER_BITS;
    for (let quotient = Math.floor(value / divisor); quotient > 0; quotient--) this.#bit(1);
    this.#bit(0);
    const remainder = value % divisor;
    for (let bit = REMAINDER_BITS - 1; bit >= 0; bit--) this.#bit((remainder >>> bit) & 1);
  }

  /** Fills the last byte with zeros. */
  end(): void {
    while (this.#free < 8) this.#bit(0);
  }

  #bit(bit: number): void {
    this.#free--;
    this.#byte |= bit << this.#free;
    if (this.#free > 0) return;
    this.#writer.u8(this.#byte);
    this.#byte = 0;
    this.#free = 8;
  }
}
