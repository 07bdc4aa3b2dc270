import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../util/testing/seeded-random.ts';
import { ChainSets } from './chain-sets.ts';

describe('neighbours of a place', () => {
  test.each([1, 31, 32, 33, 1023, 1024, 1025, 40_000])('among %i places', (places) => {
    const random = new SeededRandom(places);
    const sets = new ChainSets();
    for (let round = 0; round < 3; round++) {
      sets.reset(places);
      const members = [new Set<number>(), new Set<number>()];
      for (const set of members) {
        const number = sets.open();
        for (let i = random.below(Math.min(places, 60) + 1); i > 0; i--) {
          const place = random.below(places);
          set.add(place);
          sets.add(number, place);
        }
      }
      members.forEach((set, number) => {
        const sorted = [...set].sort((a, b) => a - b);
        for (let trial = 0; trial < 300; trial++) {
          const place = random.below(places);
          expect(sets.behind(number, place)).toBe(sorted.find((member) => member > place) ?? -1);
          expect(sets.before(number, place)).toBe(sorted.findLast((member) => member < place) ?? -1);
        }
        expect(sets.before(number, places)).toBe(sorted.at(-1) ?? -1);
      });
    }
  });
});
