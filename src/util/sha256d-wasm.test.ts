import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToHex, concatBytes, hexToBytes } from './bytes.ts';
import { hashToHex, sha256d } from './hash.ts';
import { searchNonces, sha256dHeaders, sha256dMerkleRoot, sha256dPairs } from './sha256d-wasm.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

function slowMany(data: Uint8Array, size: number): string {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += size) parts.push(sha256d(data.subarray(at, at + size)));
  return bytesToHex(concatBytes(...parts));
}

function slowRoot(leaves: Uint8Array[]): Uint8Array {
  let level = leaves;
  while (level.length > 1) {
    const next: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) next.push(sha256d(concatBytes(level[i]!, level[i + 1] ?? level[i]!)));
    level = next;
  }
  return level[0]!;
}

/** Deterministic bytes for long inputs. */
function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 17) & 255);
}

describe('equal to node:crypto', () => {
  test('headers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 13 }).chain((n) => bytes(n * 80)),
        (data) => bytesToHex(sha256dHeaders(data)) === slowMany(data, 80),
      ),
    );
    const long = pattern(80 * 9001);
    expect(bytesToHex(sha256dHeaders(long))).toBe(slowMany(long, 80));
  });

  test('pairs', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 13 }).chain((n) => bytes(n * 64)),
        (data) => bytesToHex(sha256dPairs(data)) === slowMany(data, 64),
      ),
    );
    const long = pattern(64 * 9001);
    expect(bytesToHex(sha256dPairs(long))).toBe(slowMany(long, 64));
  });

  test('merkle roots of every small size and one large one', () => {
    for (const count of [...Array.from({ length: 70 }, (_, i) => i + 1), 5001]) {
      const data = pattern(32 * count);
      const leaves = Array.from({ length: count }, (_, i) => data.subarray(i * 32, i * 32 + 32));
      expect(bytesToHex(sha256dMerkleRoot(data))).toBe(bytesToHex(slowRoot(leaves)));
    }
  });

  test('a result does not change when the instance is used again', () => {
    const first = sha256dPairs(pattern(64));
    const copy = bytesToHex(first);
    sha256dPairs(pattern(640));
    expect(bytesToHex(first)).toBe(copy);
  });

  test('lengths that fit no message are refused', () => {
    expect(() => sha256dHeaders(new Uint8Array(79))).toThrow(RangeError);
    expect(() => sha256dPairs(new Uint8Array(65))).toThrow(RangeError);
    expect(() => sha256dMerkleRoot(new Uint8Array(0))).toThrow(RangeError);
    expect(() => sha256dMerkleRoot(new Uint8Array(33))).toThrow(RangeError);
  });
});

describe('nonce search', () => {
  const asNumber = (hash: Uint8Array) => BigInt(`0x${hashToHex(hash)}`);
  const asTarget = (value: bigint) => hexToBytes(value.toString(16).padStart(64, '0')).reverse();

  /** First nonce of the range that solves the header, found with node:crypto. */
  function slowSearch(header: Uint8Array, target: bigint, first: number, count: number): number {
    const copy = Uint8Array.from(header);
    const data = new DataView(copy.buffer);
    for (let i = 0; i < count; i++) {
      data.setUint32(76, first + i, true);
      if (asNumber(sha256d(copy)) <= target) return i;
    }
    return count;
  }

  test('finds the same first solution for targets of all sizes', () => {
    fc.assert(
      fc.property(
        bytes(80),
        fc.bigInt(1n, 2n ** 256n - 1n),
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 0, max: 2 ** 32 - 256 }),
        (header, base, shift, first) => {
          const target = base >> BigInt(shift);
          return searchNonces(header, asTarget(target), first, 256) === slowSearch(header, target, first, 256);
        },
      ),
    );
  });

  test('a hash equal to the target solves, one below it does not', () => {
    const header = pattern(80);
    const data = new DataView(header.buffer);
    for (let nonce = 0; nonce < 8; nonce++) {
      data.setUint32(76, nonce, true);
      const value = asNumber(sha256d(header));
      expect(searchNonces(header, asTarget(value), nonce, 4)).toBe(0);
      expect(searchNonces(header, asTarget(value - 1n), nonce, 4)).not.toBe(0);
    }
  });

  test('covers the end of the nonce range', () => {
    const header = pattern(80);
    expect(searchNonces(header, asTarget(0n), 2 ** 32 - 8, 8)).toBe(8);
    expect(() => searchNonces(header, asTarget(0n), 2 ** 32 - 4, 8)).toThrow(RangeError);
    expect(() => searchNonces(header, asTarget(0n), 0, 6)).toThrow(RangeError);
    expect(() => searchNonces(header.subarray(1), asTarget(0n), 0, 4)).toThrow(RangeError);
  });
});
