import type { NetworkParams } from '../../params/index.ts';
import {
  type Address,
  encodeAddress,
  payToAddress,
  pubKeyHashAddress,
  publicKeyOf,
  ScriptBuilder,
  signInput,
} from '../../script/index.ts';
import { hash160 } from '../../util/hash.ts';
import { type OutPoint, Transaction, type TxOutput } from '../../wire/index.ts';

const FINAL_SEQUENCE = 0xffffffff;

/** An output that a key can spend. */
export interface Coin {
  readonly outpoint: OutPoint;
  /** NanoSoter. */
  readonly value: bigint;
}

/** A private key of a test network with what follows from it: its pay-to-pubkey-hash script and address. */
export class TestKey {
  readonly address: Address;
  readonly pkScript: Uint8Array;
  readonly #privateKey: Uint8Array;
  readonly #publicKey: Uint8Array;

  /** @param privateKey 32 bytes. */
  constructor(privateKey: Uint8Array, params: NetworkParams) {
    this.#privateKey = privateKey;
    this.#publicKey = publicKeyOf(privateKey);
    const address = pubKeyHashAddress(hash160(this.#publicKey), params);
    this.address = address;
    this.pkScript = payToAddress(address);
  }

  /** The address as text. */
  get addressText(): string {
    return encodeAddress(this.address);
  }

  /** A signed transaction that spends coins of this key. What the outputs do not take is the fee. */
  pay(coins: readonly Coin[], outputs: readonly TxOutput[]): Transaction {
    const inputs = coins.map(({ outpoint }) => ({
      prevout: outpoint,
      signatureScript: new Uint8Array(0),
      sequence: FINAL_SEQUENCE,
      witness: [],
    }));
    const tx = new Transaction({ version: 1, inputs, outputs, lockTime: 0 });
    return new Transaction({
      version: 1,
      inputs: inputs.map((input, inputIndex) => ({ ...input, signatureScript: this.#sign(tx, inputIndex) })),
      outputs,
      lockTime: 0,
    });
  }

  #sign(tx: Transaction, inputIndex: number): Uint8Array {
    const signature = signInput({ tx, inputIndex, scriptCode: this.pkScript, privateKey: this.#privateKey });
    return new ScriptBuilder().data(signature).data(this.#publicKey).build();
  }
}
