import type { Address, AddressNet } from '../script/index.ts';
import { type Hash, hashKey } from '../util/hash.ts';
import type { OutPoint, Transaction } from '../wire/index.ts';
import { AddressKeys, addressKey, keyText } from './address-key.ts';

/** The memory pool as far as its addresses are looked for. */
export interface AddressedPool {
  /** A transaction of the pool. */
  transaction(txid: Hash): Transaction | undefined;
}

/** Which transactions of the memory pool pay to an address or spend from it. In memory only; follows the pool. */
export class PoolAddresses {
  readonly #net: AddressNet;
  readonly #pool: AddressedPool;
  /** Script of an output of a block. */
  readonly #scriptOf: (outpoint: OutPoint) => Uint8Array | undefined;
  readonly #byAddress = new Map<string, Map<string, Hash>>();
  readonly #byTransaction = new Map<string, readonly string[]>();

  constructor(net: AddressNet, pool: AddressedPool, scriptOf: (outpoint: OutPoint) => Uint8Array | undefined) {
    this.#net = net;
    this.#pool = pool;
    this.#scriptOf = scriptOf;
  }

  /** A transaction has entered the pool. */
  add(tx: Transaction): void {
    const keys = new AddressKeys(this.#net);
    for (const { prevout } of tx.inputs) {
      const script = this.#pool.transaction(prevout.hash)?.outputs[prevout.index]?.pkScript ?? this.#scriptOf(prevout);
      if (script) keys.addScript(script);
    }
    for (const { pkScript } of tx.outputs) keys.addScript(pkScript);
    const texts: string[] = [];
    for (const [text] of keys.entries()) {
      texts.push(text);
      const transactions = this.#byAddress.get(text) ?? new Map<string, Hash>();
      transactions.set(hashKey(tx.txid), tx.txid);
      this.#byAddress.set(text, transactions);
    }
    this.#byTransaction.set(hashKey(tx.txid), texts);
  }

  /** It has left. */
  remove(txid: Hash): void {
    const key = hashKey(txid);
    for (const text of this.#byTransaction.get(key) ?? []) {
      const transactions = this.#byAddress.get(text);
      transactions?.delete(key);
      if (transactions?.size === 0) this.#byAddress.delete(text);
    }
    this.#byTransaction.delete(key);
  }

  /** Transactions of the pool with this address, as they entered. */
  find(address: Address): Transaction[] {
    const txids = this.#byAddress.get(keyText(addressKey(address)))?.values() ?? [];
    return [...txids].flatMap((txid) => this.#pool.transaction(txid) ?? []);
  }
}
