import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkParams } from '../../params/index.ts';
import { HdKey } from '../../script/index.ts';
import { TestKey } from './keys.ts';
import { miningKey } from './wallet-file.ts';

/** A key and what the user calls it. */
export interface NamedKey {
  readonly name: string;
  readonly key: TestKey;
}

/** Content of the file of keys: the seed they are derived from (BIP 32, path m/i), hexadecimal, and how many there are. */
const FORMAT = /^([0-9a-f]{64}) (\d+)\n$/u;
const FILE = 'test-keys';
const SEED_SIZE = 32;
const MAX_KEYS = 1000;

/** The file of keys can not be used; the message is one clear line. */
export class KeyRingError extends Error {
  override name = 'KeyRingError';
}

/**
 * The keys of a devnet: one of each node, which gets what it mines, and those that were made for trying payments. They are
 * kept unencrypted in the folder of the devnet: for test networks only.
 */
export function loadKeys(folder: string, params: NetworkParams): NamedKey[] {
  return [...nodeKeys(folder, params), ...userKeys(folder, params)];
}

/** Makes more keys and returns them. */
export function makeKeys(folder: string, params: NetworkParams, count: number): NamedKey[] {
  const { seed, used } = readFile(folder) ?? { seed: randomBytes(SEED_SIZE), used: 0 };
  if (used + count > MAX_KEYS) throw new KeyRingError(`there can be at most ${MAX_KEYS} keys`);
  writeFileSync(join(folder, FILE), `${Buffer.from(seed).toString('hex')} ${used + count}\n`, { mode: 0o600 });
  return userKeys(folder, params).slice(used);
}

function nodeKeys(folder: string, params: NetworkParams): NamedKey[] {
  const nodes = readdirSync(folder).filter((name) => /^node\d+$/u.test(name));
  nodes.sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)));
  return nodes.flatMap((name) => {
    const path = join(folder, name, 'mining-key');
    return existsSync(path) ? [{ name, key: miningKey(path, params) }] : [];
  });
}

function userKeys(folder: string, params: NetworkParams): NamedKey[] {
  const file = readFile(folder);
  if (!file) return [];
  const master = HdKey.fromSeed(file.seed);
  return Array.from({ length: file.used }, (_, index) => {
    const { privateKey } = master.child(index);
    if (!privateKey) throw new KeyRingError('a derived key lacks its private part');
    return { name: `key${index + 1}`, key: new TestKey(privateKey, params) };
  });
}

function readFile(folder: string): { readonly seed: Uint8Array; readonly used: number } | undefined {
  const path = join(folder, FILE);
  if (!existsSync(path)) return undefined;
  const [, seed, used] = FORMAT.exec(readFileSync(path, 'utf8')) ?? [];
  if (seed === undefined || used === undefined) throw new KeyRingError(`${path} is damaged; remove it`);
  return { seed: Buffer.from(seed, 'hex'), used: Number(used) };
}
