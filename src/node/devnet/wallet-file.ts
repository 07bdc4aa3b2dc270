import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { NetworkParams } from '../../params/index.ts';
import { decodeWif, encodeWif, isPrivateKey } from '../../script/index.ts';
import { TestKey } from './keys.ts';

/** The key that a demonstration node mines to. It is kept in a file of its own (WIF, one line), made at the first call. */
export function miningKey(path: string, params: NetworkParams): TestKey {
  if (!existsSync(path)) {
    const wif = encodeWif({ privateKey: newPrivateKey(), compressed: true, version: params.wifPrefix });
    writeFileSync(path, `${wif}\n`, { mode: 0o600 });
  }
  const { privateKey } = decodeWif(readFileSync(path, 'utf8').trim());
  return new TestKey(privateKey, params);
}

function newPrivateKey(): Uint8Array {
  for (;;) {
    const key = randomBytes(32);
    if (isPrivateKey(key)) return key;
  }
}
