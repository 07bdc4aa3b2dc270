import { payToPubKeyHash, payToWitness, publicKeyOf, ScriptBuilder, signInput } from '../src/script/index.ts';
import { hash160, sha256 } from '../src/util/hash.ts';
import type { OutPoint, Transaction } from '../src/wire/index.ts';
import { finalInput, transactionOf } from '../src/wire/testing/transactions.ts';

/** The two common kinds of payment. */
export type PaymentKind = 'p2pkh' | 'p2wpkh';

const NOTHING = new Uint8Array(0);
const privateKey = sha256(Uint8Array.of(7));
const publicKey = publicKeyOf(privateKey);
const keyHash = hash160(publicKey);

/** The script of an output that {@link payment} can spend. */
export function scriptOf(kind: PaymentKind): Uint8Array {
  return kind === 'p2pkh' ? payToPubKeyHash(keyHash) : payToWitness(keyHash);
}

/** A signed payment with one input and two outputs. @param value of the spent output; both in nanoSoter. */
export function payment(kind: PaymentKind, prevout: OutPoint, value: bigint, fee: bigint): Transaction {
  const pkScript = scriptOf(kind);
  const half = (value - fee) / 2n;
  const outputs = [half, value - fee - half].map((each) => ({ value: each, pkScript }));
  const make = (signatureScript: Uint8Array, witness: readonly Uint8Array[]): Transaction =>
    transactionOf([finalInput(prevout, signatureScript, witness)], outputs);
  const tx = make(NOTHING, []);
  if (kind === 'p2pkh') {
    const signature = signInput({ tx, inputIndex: 0, scriptCode: pkScript, privateKey });
    return make(new ScriptBuilder().data(signature).data(publicKey).build(), []);
  }
  const scriptCode = payToPubKeyHash(keyHash);
  return make(NOTHING, [signInput({ tx, inputIndex: 0, scriptCode, privateKey, amount: value }), publicKey]);
}
