import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { addressKey, groupKey, parseAddressKey } from '../../src/addrmgr/address-key.ts';
import { isBad, NEVER, selectionChance } from '../../src/addrmgr/known-address.ts';
import { readPeersFile, writePeersFile } from '../../src/addrmgr/peers-file.ts';
import { newBucket, triedBucket } from '../../src/addrmgr/placement.ts';
import * as ranges from '../../src/addrmgr/ranges.ts';
import { reachability } from '../../src/addrmgr/reachability.ts';
import { DynamicBanScore, decayFactor } from '../../src/connmgr/ban-score.ts';
import { hexToBytes } from '../../src/util/bytes.ts';
import { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { ipFromString } from '../../src/wire/index.ts';
import type { Suite } from './suite.ts';

function ip(text: string): Uint8Array {
  const bytes = ipFromString(text);
  ok(bytes, `not an IP: ${text}`);
  return bytes;
}

interface GroupCase {
  readonly ip: string;
  readonly key: string;
  readonly groupKey: string;
  readonly [flag: string]: string | boolean;
}

/** Name of a flag in the recording and our test of it. */
const tests: { readonly [flag: string]: ranges.RangeTest } = {
  ipv4: ranges.isIpv4,
  local: ranges.isLocal,
  rfc1918: ranges.isRfc1918,
  rfc2544: ranges.isRfc2544,
  rfc3849: ranges.isRfc3849,
  rfc3927: ranges.isRfc3927,
  rfc3964: ranges.isRfc3964,
  rfc4193: ranges.isRfc4193,
  rfc4380: ranges.isRfc4380,
  rfc4843: ranges.isRfc4843,
  rfc4862: ranges.isRfc4862,
  rfc5737: ranges.isRfc5737,
  rfc6052: ranges.isRfc6052,
  rfc6145: ranges.isRfc6145,
  rfc6598: ranges.isRfc6598,
  routable: ranges.isRoutable,
  tor: ranges.isOnion,
  valid: ranges.isValid,
};

const groups: Suite = {
  name: 'p2p/addrmgr/groups',
  async run({ check, json }) {
    for (const entry of json<GroupCase[]>('p2p/addrmgr/addr-groups.json')) {
      await check(entry.ip, () => {
        const bytes = ip(entry.ip);
        strictEqual(addressKey({ ip: bytes, port: 18555 }), entry.key);
        deepStrictEqual(parseAddressKey(entry.key), { ip: bytes, port: 18555 });
        strictEqual(groupKey(bytes), entry.groupKey);
        for (const [flag, value] of Object.entries(entry)) {
          if (typeof value === 'boolean') strictEqual(tests[flag]?.(bytes), value, flag);
        }
      });
    }
  },
};

const reach: Suite = {
  name: 'p2p/addrmgr/reachability',
  async run({ check, json }) {
    const cases = json<{ local: string; remote: string; reachability: number }[]>('p2p/addrmgr/reachability.json');
    for (const { local, remote, reachability: expected } of cases) {
      await check(`${local} from ${remote}`, () => strictEqual(reachability(ip(local), ip(remote)), expected));
    }
  },
};

const buckets: Suite = {
  name: 'p2p/addrmgr/buckets',
  async run({ check, json }) {
    const { keyHex, cases } = json<{
      keyHex: string;
      cases: { addr: string; src: string; newBucket: number; triedBucket: number }[];
    }>('p2p/addrmgr/buckets.json');
    const key = hexToBytes(keyHex);
    for (const entry of cases) {
      await check(`${entry.addr} from ${entry.src}`, () => {
        const address = parseAddressKey(entry.addr);
        const source = parseAddressKey(entry.src);
        ok(address && source);
        strictEqual(newBucket(key, address, source), entry.newBucket);
        strictEqual(triedBucket(key, address), entry.triedBucket);
      });
    }
  },
};

const chance: Suite = {
  name: 'p2p/addrmgr/chance-isbad',
  async run({ check, json }) {
    const now = 1_800_000_000;
    const ago = (seconds: number) => (seconds === -1 ? NEVER : now - seconds);
    const cases = json<
      {
        attempts: number;
        chance: number;
        isBad: boolean;
        lastAttemptAgoSec: number;
        lastSuccessAgoSec: number;
        timestampAgoSec: number;
      }[]
    >('p2p/addrmgr/chance-isbad.json');
    for (const [i, entry] of cases.entries()) {
      await check(`case ${i}`, () => {
        const history = {
          attempts: entry.attempts,
          lastAttempt: ago(entry.lastAttemptAgoSec),
          lastSuccess: ago(entry.lastSuccessAgoSec),
          address: { timestamp: now - entry.timestampAgoSec },
        };
        const difference = Math.abs(selectionChance(history, now) - entry.chance);
        ok(difference <= 1e-12 * entry.chance, `chance ${selectionChance(history, now)} instead of ${entry.chance}`);
        strictEqual(isBad(history, now), entry.isBad);
      });
    }
  },
};

interface FileShape {
  readonly Key: number[];
  readonly Addresses: { readonly Addr: string; readonly LastSuccess: number }[];
  readonly NewBuckets: string[][];
  readonly TriedBuckets: string[][];
}

const peersFile: Suite = {
  name: 'p2p/addrmgr/peers-file',
  async run({ check, json }) {
    for (const name of ['p2p/addr/peers-testnet-node.json', 'p2p/addrmgr/peers-with-tried.json']) {
      const original = json<FileShape>(name);
      const text = JSON.stringify(original);
      const pool = readPeersFile(text, new SeededRandom(1), 1n);
      await check(`${name} loads`, () => {
        strictEqual(pool.size, original.Addresses.length);
        strictEqual(pool.triedCount, original.TriedBuckets.flat().length);
        for (const { Addr } of original.Addresses) ok(pool.find(parseAddressKey(Addr)!), Addr);
      });
      await check(`${name} is written with the same content`, () => {
        const written = JSON.parse(writePeersFile(pool)) as FileShape;
        const plain = written.Addresses.map((entry) => ({ ...entry, Services: undefined }));
        const byKey = (a: { Addr: string }, b: { Addr: string }) => (a.Addr < b.Addr ? -1 : 1);
        deepStrictEqual(
          plain.sort(byKey),
          original.Addresses.map((entry) => ({ ...entry, Services: undefined })).sort(byKey),
        );
        deepStrictEqual(written.Key, original.Key);
        const sorted = (all: string[][]) => all.map((bucket) => [...bucket].sort());
        deepStrictEqual(sorted(written.NewBuckets), sorted(original.NewBuckets));
        deepStrictEqual(written.TriedBuckets, original.TriedBuckets);
      });
      await check(`${name}: every address stands where its hash says`, () => {
        for (const [index, bucket] of pool.triedBuckets.entries()) {
          for (const { address } of bucket) strictEqual(triedBucket(pool.key, address), index);
        }
        for (const [index, bucket] of pool.newBuckets.entries()) {
          for (const { address, source, refs } of bucket) {
            // Further references may come from other sources, which the file does not keep.
            if (refs === 1) strictEqual(newBucket(pool.key, address, source), index);
          }
        }
      });
    }
  },
};

type BanStep =
  | { readonly op: 'read'; readonly unix: number; readonly score: number }
  | {
      readonly op: 'increase';
      readonly unix: number;
      readonly score: number;
      readonly persistent: number;
      readonly transient: number;
    };

const banScore: Suite = {
  name: 'p2p/addrmgr/banscore',
  async run({ check, json }) {
    const { decay, sequences } = json<{
      decay: { factor: number; t: number }[];
      sequences: { steps: BanStep[] }[];
    }>('p2p/addrmgr/banscore.json');
    for (const { factor, t } of decay) {
      await check(`decay after ${t} s`, () => ok(Math.abs(decayFactor(t) - factor) <= 1e-12 * factor));
    }
    for (const [i, { steps }] of sequences.entries()) {
      await check(`sequence ${i}`, () => {
        let unix = 0;
        const score = new DynamicBanScore({ now: () => unix * 1000, monotonic: () => 0 });
        for (const step of steps) {
          unix = step.unix;
          const result = step.op === 'read' ? score.value : score.increase(step.persistent, step.transient);
          strictEqual(result, step.score, JSON.stringify(step));
        }
      });
    }
  },
};

/** Address manager and ban score, compared with what soterd's own code computed. */
export const addrmgrSuites: readonly Suite[] = [groups, reach, buckets, chance, peersFile, banScore];
