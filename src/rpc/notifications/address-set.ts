import { type Address, encodeAddress } from '../../script/index.ts';
import { asBuffer } from '../../util/bytes.ts';
import { hash160 } from '../../util/hash.ts';

/**
 * Addresses that a client looks for. An output that pays to a public key itself matches that key and the address of its hash;
 * one that pays to the hash does not match the key. Addresses of other networks with the same hash match.
 */
export class AddressSet {
  readonly #keyHashes = new Set<string>();
  readonly #scriptHashes = new Set<string>();
  readonly #keys = new Set<string>();
  readonly #witness = new Set<string>();

  get size(): number {
    return this.#keyHashes.size + this.#scriptHashes.size + this.#keys.size + this.#witness.size;
  }

  add(address: Address): void {
    const { type, payload } = address;
    if (type === 'pubkeyhash') this.#keyHashes.add(bytesKey(payload));
    else if (type === 'scripthash') this.#scriptHashes.add(bytesKey(payload));
    else if (type === 'pubkey') this.#keys.add(bytesKey(payload));
    else this.#witness.add(encodeAddress(address));
  }

  /** Whether an address found in an output is looked for. */
  has(address: Address): boolean {
    const { type, payload } = address;
    if (type === 'pubkeyhash') return this.#keyHashes.has(bytesKey(payload));
    if (type === 'scripthash') return this.#scriptHashes.has(bytesKey(payload));
    if (type !== 'pubkey') return this.#witness.size > 0 && this.#witness.has(encodeAddress(address));
    return this.#keys.has(bytesKey(payload)) || this.#keyHashes.has(bytesKey(hash160(payload)));
  }
}

function bytesKey(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('latin1');
}
