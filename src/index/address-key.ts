import { type Address, type AddressNet, addressesOf } from '../script/index.ts';
import { hash160 } from '../util/hash.ts';

/** Bytes of the key of an address: its kind and a hash of 20 bytes. */
export const ADDRESS_KEY_SIZE = 21;

/** Kinds of addresses in keys. A public key and its hash are one. */
const KINDS: Readonly<Record<Address['type'], number>> = {
  pubkey: 0,
  pubkeyhash: 0,
  scripthash: 1,
  witness_v0_keyhash: 2,
  witness_v0_scripthash: 3,
};
const HASH_SIZE = 20;

/** The key of an address, whatever network it was written for. */
export function addressKey({ type, payload }: Address): Uint8Array {
  const key = Buffer.allocUnsafe(ADDRESS_KEY_SIZE);
  key[0] = KINDS[type];
  key.set(type === 'pubkey' || payload.length !== HASH_SIZE ? hash160(payload) : payload, 1);
  return key;
}

/** Collects the keys of the addresses in scripts, each once. */
export class AddressKeys {
  readonly #net: AddressNet;
  readonly #keys = new Map<string, Uint8Array>();

  constructor(net: AddressNet) {
    this.#net = net;
  }

  addScript(pkScript: Uint8Array): void {
    for (const address of addressesOf(pkScript, this.#net).addresses) {
      const key = addressKey(address);
      this.#keys.set(keyText(key), key);
    }
  }

  /** The keys and what they are as text. */
  entries(): Iterable<[string, Uint8Array]> {
    return this.#keys;
  }
}

/** A key as a text to find it by in memory. */
export function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}
