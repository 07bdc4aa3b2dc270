import {
  payToPubKey,
  payToPubKeyHash,
  payToWitness,
  publicKeyOf,
  ScriptBuilder,
  signInput,
} from '../../src/script/index.ts';
import { hash160 } from '../../src/util/hash.ts';
import type { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import type { OutPoint, Transaction, TxInput } from '../../src/wire/index.ts';
import { finalInput, transactionOf } from '../../src/wire/testing/transactions.ts';

/** Ways in which an output can be locked. Blocks check the signatures of the first two only, see docs/protocol.md. */
export const LOCKS = ['keyHash', 'key', 'witnessKeyHash'] as const;
export type Lock = (typeof LOCKS)[number];

/** An output of the wallet. */
export interface Coin {
  readonly outpoint: OutPoint;
  /** nanoSoter. */
  readonly value: bigint;
  readonly lock: Lock;
  /** Number of the key. */
  readonly key: number;
}

interface Key {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  /** HASH160 of the public key. */
  readonly hash: Uint8Array;
}

/** A few keys from a seed, and transactions signed with them. */
export class TestWallet {
  readonly #keys: Key[] = [];

  constructor(random: SeededRandom, keys = 4) {
    for (let i = 0; i < keys; i++) {
      // Setting the top bit to 0 keeps the number below the order of the curve.
      const privateKey = random.bytes(32);
      privateKey[0] &= 0x7f;
      privateKey[31] |= 1;
      const publicKey = publicKeyOf(privateKey);
      this.#keys.push({ privateKey, publicKey, hash: hash160(publicKey) });
    }
  }

  get keyCount(): number {
    return this.#keys.length;
  }

  /** Output script to one of the keys. */
  script(lock: Lock, key: number): Uint8Array {
    const { publicKey, hash } = this.#keys[key];
    if (lock === 'key') return payToPubKey(publicKey);
    return lock === 'keyHash' ? payToPubKeyHash(hash) : payToWitness(hash);
  }

  /**
   * A signed transaction that spends coins of this wallet.
   * @param outputs what it pays, each to a key of this wallet; values in nanoSoter.
   * @param tag makes otherwise equal transactions differ.
   */
  spend(coins: readonly Coin[], outputs: readonly Omit<Coin, 'outpoint'>[], tag = 0): Transaction {
    const paid = outputs.map(({ value, lock, key }) => ({ value, pkScript: this.script(lock, key) }));
    const bare = coins.map(({ outpoint }) => finalInput(outpoint));
    const tx = transactionOf(bare, paid, tag);
    const inputs = bare.map((input, inputIndex) => ({ ...input, ...this.#unlock(tx, inputIndex, coins[inputIndex]) }));
    return transactionOf(inputs, paid, tag);
  }

  #unlock(tx: Transaction, inputIndex: number, coin: Coin): Partial<TxInput> {
    const { privateKey, publicKey, hash } = this.#keys[coin.key];
    if (coin.lock === 'witnessKeyHash') {
      const scriptCode = payToPubKeyHash(hash);
      const signature = signInput({ tx, inputIndex, scriptCode, privateKey, amount: coin.value });
      return { witness: [signature, publicKey] };
    }
    const scriptCode = this.script(coin.lock, coin.key);
    const signature = signInput({ tx, inputIndex, scriptCode, privateKey });
    const script = new ScriptBuilder().data(signature);
    return { signatureScript: (coin.lock === 'key' ? script : script.data(publicKey)).build() };
  }
}
