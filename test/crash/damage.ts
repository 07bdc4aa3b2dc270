import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SeededRandom } from '../../src/util/testing/seeded-random.ts';

/**
 * What can happen to a file. `bit`: one bit anywhere flips. `bits`: several do. `head`: bits in the structure flip: the
 * two meta pages, page headers, node pointers. `zeros`: a range becomes zero. `page`: a page becomes noise. `swap`: two pages trade
 * places. `stale`: a page has the content it had before (a lost write). `truncate`: the file ends early. `lock`: damage to the lock file.
 */
export const DAMAGES = [
  'bit',
  'head',
  'zeros',
  'truncate',
  'bits',
  'head',
  'page',
  'stale',
  'swap',
  'head',
  'lock',
] as const;
export type Damage = (typeof DAMAGES)[number];

const PAGE = 4096;
/** Where LMDB's meta record stands in each of the first two pages. */
const META_START = 16;
const META_END = 24 + 144;
/** Page header and the first pointers to nodes. */
const HEAD_BYTES = 48;

/**
 * Damages the database in a folder.
 * @param earlier folder with an earlier state of the same database.
 * @returns what was done.
 */
export function damageFile(random: SeededRandom, damage: Damage, folder: string, earlier: string): string {
  const path = join(folder, damage === 'lock' ? 'lock.mdb' : 'data.mdb');
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const pages = Math.floor(bytes.length / PAGE);
  const flip = (at: number): string => {
    const bit = random.below(8);
    bytes[at] ^= 1 << bit;
    return `bit ${bit} of byte ${at} (page ${Math.floor(at / PAGE)}, offset ${at % PAGE})`;
  };
  switch (damage) {
    case 'bit':
      return save(path, bytes, flip(random.below(bytes.length)));
    case 'bits':
      return save(
        path,
        bytes,
        Array.from({ length: random.between(2, 16) }, () => flip(random.below(bytes.length))).join(', '),
      );
    case 'head':
      return save(path, bytes, flip(structureByte(random, pages)));
    case 'zeros': {
      const from = random.below(bytes.length);
      const to = Math.min(bytes.length, from + random.between(1, 2 * PAGE));
      return save(path, bytes.fill(0, from, to), `bytes ${from} to ${to} zero`);
    }
    case 'page': {
      const page = random.below(pages);
      bytes.set(random.bytes(PAGE), page * PAGE);
      return save(path, bytes, `page ${page} noise`);
    }
    case 'swap': {
      const [a, b] = [random.below(pages), random.below(pages)];
      const kept = Uint8Array.from(bytes.subarray(a * PAGE, (a + 1) * PAGE));
      bytes.copyWithin(a * PAGE, b * PAGE, (b + 1) * PAGE);
      bytes.set(kept, b * PAGE);
      return save(path, bytes, `pages ${a} and ${b} swapped`);
    }
    case 'stale': {
      const before = readFileSync(join(earlier, 'data.mdb'));
      const page = random.below(Math.floor(before.length / PAGE));
      bytes.set(before.subarray(page * PAGE, (page + 1) * PAGE), page * PAGE);
      return save(path, bytes, `page ${page} as it was before`);
    }
    case 'truncate': {
      const length = random.chance(0.5) ? random.below(bytes.length) : PAGE * random.below(pages);
      truncateSync(path, length);
      return `cut to ${length} of ${bytes.length} bytes`;
    }
    case 'lock': {
      if (random.chance(0.3)) return save(path, bytes.subarray(0, random.below(bytes.length)), 'lock file cut');
      const flips = Array.from({ length: random.between(1, 16) }, () => flip(random.below(bytes.length)));
      return save(path, bytes, `lock file: ${flips.join(', ')}`);
    }
  }
}

/** A byte that belongs to the structure of the file. */
function structureByte(random: SeededRandom, pages: number): number {
  if (random.chance(0.3)) return PAGE * random.below(2) + random.between(META_START, META_END - 1);
  return PAGE * random.below(pages) + random.below(HEAD_BYTES);
}

function save(path: string, bytes: Uint8Array, what: string): string {
  writeFileSync(path, bytes);
  return what;
}
