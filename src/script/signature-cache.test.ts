import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import { SignatureCache } from './signature-cache.ts';

const hash = new Uint8Array(32);
const signature = new Uint8Array(64);

function numbered(cache: SignatureCache, index: number): string {
  return cache.key(hash, signature, Uint8Array.of(index & 0xff, index >> 8));
}

describe('SignatureCache', () => {
  test('knows what was added and nothing else', () => {
    const cache = new SignatureCache(10, new SeededRandom(1));
    const key = cache.key(hash, signature, Uint8Array.of(1));
    expect(cache.has(key)).toBe(false);
    cache.add(key);
    cache.add(key);
    expect(cache.size).toBe(1);
    expect(cache.has(key)).toBe(true);
    expect(cache.has(cache.key(hash, signature, Uint8Array.of(2)))).toBe(false);
    expect(cache.has(cache.key(hash, signature.with(0, 1), Uint8Array.of(1)))).toBe(false);
    expect(cache.has(cache.key(hash.with(0, 1), signature, Uint8Array.of(1)))).toBe(false);
  });

  test('never grows beyond its bound, keeps the newest, and evicts old and young alike', () => {
    const cache = new SignatureCache(100, new SeededRandom(2));
    for (let i = 0; i < 1000; i++) {
      cache.add(numbered(cache, i));
      expect(cache.has(numbered(cache, i))).toBe(true);
      expect(cache.size).toBe(Math.min(i + 1, 100));
    }
    const left = Array.from({ length: 1000 }, (_, i) => i).filter((i) => cache.has(numbered(cache, i)));
    expect(left).toHaveLength(100);
    expect(left.some((i) => i < 900)).toBe(true);
    expect(left.filter((i) => i >= 900).length).toBeLessThan(100);
  });

  test('entries are salted: two caches name the same verification differently', () => {
    const [a, b] = [new SignatureCache(1, new SeededRandom(3)), new SignatureCache(1, new SeededRandom(4))];
    expect(numbered(a, 1)).not.toBe(numbered(b, 1));
  });

  test('a size of zero keeps nothing', () => {
    const cache = new SignatureCache(0, new SeededRandom(5));
    cache.add(numbered(cache, 1));
    expect(cache.has(numbered(cache, 1))).toBe(false);
  });
});
