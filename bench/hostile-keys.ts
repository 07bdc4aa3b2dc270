import { BlockIndex, BlockStatus } from '../src/dag/engine/index.ts';
import { OrphanTransactions } from '../src/mempool/orphan-pool.ts';
import { RequestTable } from '../src/netsync/request-table.ts';
import { systemWorld } from '../src/node/system.ts';
import { KnownInventory } from '../src/peer/known-inventory.ts';
import { SignatureCache } from '../src/script/index.ts';
import { type Hash, sha256 } from '../src/util/hash.ts';
import { InvType } from '../src/wire/index.ts';
import { finalInput, transactionOf } from '../src/wire/testing/transactions.ts';
import type { Report } from './report.ts';

/** Keys of each round. */
const KEYS = 50_000;
const ROUNDS = 5;

/** Families of keys: drawn, or chosen so that they differ where a careless hash function does not look. */
const FAMILIES: Readonly<Record<string, (number: Buffer) => Hash>> = {
  random: (number) => sha256(number),
  front: (number) => Buffer.concat([number, new Uint8Array(28)]),
  middle: (number) => Buffer.concat([new Uint8Array(14), number, new Uint8Array(14)]),
  back: (number) => Buffer.concat([new Uint8Array(28), number]),
  // Every byte is 0 or 1.
  bits: (number) => Uint8Array.from({ length: 32 }, (_, i) => (number[i >> 3] >> (i & 7)) & 1),
  // The same low bits in every word.
  stride: (number) => Buffer.concat(Array.from({ length: 8 }, () => Buffer.from([0, 0, number[0], number[1]]))),
};

/** A cache or table, and what happens to it for one key that somebody else chose. */
interface Target {
  readonly name: string;
  make(): (key: Hash) => void;
}

const signature = new Uint8Array(64);
const TARGETS: readonly Target[] = [
  {
    name: 'signature cache',
    make: () => {
      const cache = new SignatureCache(20_000, systemWorld.random);
      return (hash) => {
        const key = cache.key(hash, signature, hash);
        if (!cache.has(key)) cache.add(key);
      };
    },
  },
  {
    name: 'orphan transactions',
    make: () => {
      const orphans = new OrphanTransactions(1000, systemWorld.random, 0);
      return (hash) => {
        const prevout = { hash, index: 0 };
        orphans.add(transactionOf([finalInput(prevout, signature)], []), 1, 0);
        orphans.waitingFor(prevout);
      };
    },
  },
  {
    name: 'known inventory',
    make: () => {
      const known = new KnownInventory(1000);
      return (hash) => {
        const item = { type: InvType.tx, hash, height: -1 };
        if (!known.has(item)) known.add(item);
      };
    },
  },
  {
    name: 'requests',
    make: () => {
      const table = new RequestTable({ limit: 50_000, limitPerPeer: 50_000, expiry: 1000 });
      return (hash) => void table.ask(1, hash, 0, 0);
    },
  },
  {
    name: 'block index',
    make: () => {
      const index = new BlockIndex({ hashSeed: systemWorld.random.below(2 ** 32) });
      return (hash) => {
        if (index.idOf(hash) !== -1) return;
        const isFirst = index.count === 0;
        index.append({
          hash,
          height: isFirst ? 0 : 1,
          time: 0,
          bits: 0,
          status: BlockStatus.stored,
          parents: isFirst ? [] : [0],
        });
      };
    },
  },
];

function keysOf(family: (number: Buffer) => Hash): Hash[] {
  return Array.from({ length: KEYS }, (_, i) => {
    const number = Buffer.alloc(4);
    number.writeUInt32LE(i);
    return family(number);
  });
}

/** Median nanoseconds that a target takes for a key. */
function nanoseconds({ make }: Target, keys: readonly Hash[]): number {
  const times = Array.from({ length: ROUNDS }, () => {
    const add = make();
    const start = performance.now();
    for (const key of keys) add(key);
    return ((performance.now() - start) * 1e6) / keys.length;
  });
  return times.sort((a, b) => a - b)[ROUNDS >> 1];
}

/** Time for a key of each family, for every cache and table whose keys others choose. */
export function chosenKeys(report: Report): void {
  const families = Object.entries(FAMILIES).map(([name, family]) => ({ name, keys: keysOf(family) }));
  for (const target of TARGETS) {
    nanoseconds(target, families[0].keys);
    for (const { name, keys } of families) {
      report.add({ case: target.name, metric: `${name}_keys`, value: nanoseconds(target, keys), unit: 'ns' });
    }
  }
}
