import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { NetworkParams } from '../../params/index.ts';
import {
  type Address,
  decodeWif,
  encodeWif,
  isPrivateKey,
  pubKeyHashAddress,
  publicKeyOf,
} from '../../script/index.ts';
import { hash160 } from '../../util/hash.ts';

/**
 * The address that a demonstration node mines to. Its private key is kept in a file of its own (WIF, one line), made at the first
 * call, so that the coins can be spent.
 */
export function miningAddress(path: string, params: NetworkParams): Address {
  if (!existsSync(path)) {
    const wif = encodeWif({ privateKey: newPrivateKey(), compressed: true, version: params.wifPrefix });
    writeFileSync(path, `${wif}\n`, { mode: 0o600 });
  }
  const { privateKey } = decodeWif(readFileSync(path, 'utf8').trim());
  return pubKeyHashAddress(hash160(publicKeyOf(privateKey)), params);
}

function newPrivateKey(): Uint8Array {
  for (;;) {
    const key = randomBytes(32);
    if (isPrivateKey(key)) return key;
  }
}
