import { EMPTY_BYTES } from '../util/bytes.ts';
import { type Hash, sha256d } from '../util/hash.ts';
import { ByteWriter, type Transaction } from '../wire/index.ts';

/** Bytes of an input without signature script: outpoint, zero script length, sequence. */
export const BLANK_INPUT_SIZE = 41;

/** Bytes of an outpoint: hash and index. */
export const OUTPOINT_SIZE = 36;

/**
 * Parts of a transaction that the signature hashes of its inputs have in common: the three hashes of BIP 143 and the
 * serialised inputs and outputs of the legacy algorithm. Each is made when it is first asked for. Make one for a
 * transaction, pass it to the checks of all its inputs, and forget it with the transaction.
 */
export class SigHashCache {
  readonly tx: Transaction;
  #outputs: Uint8Array | undefined;
  #blankInputs: Uint8Array | undefined;
  #blankInputsNoSequence: Uint8Array | undefined;
  #hashPrevouts: Hash | undefined;
  #hashSequence: Hash | undefined;
  #hashOutputs: Hash | undefined;

  constructor(tx: Transaction) {
    this.tx = tx;
  }

  /** All outputs as serialised in a transaction, without the count in front. */
  get outputs(): Uint8Array {
    this.#outputs ??= this.#writeOutputs();
    return this.#outputs;
  }

  /** All inputs with empty signature scripts, {@link BLANK_INPUT_SIZE} bytes each, without the count in front. */
  get blankInputs(): Uint8Array {
    this.#blankInputs ??= this.#writeInputs(true);
    return this.#blankInputs;
  }

  /** {@link blankInputs} with all sequence numbers zero. */
  get blankInputsNoSequence(): Uint8Array {
    this.#blankInputsNoSequence ??= this.#writeInputs(false);
    return this.#blankInputsNoSequence;
  }

  /** Double SHA-256 of all outpoints. */
  get hashPrevouts(): Hash {
    if (!this.#hashPrevouts) {
      const writer = new ByteWriter(this.tx.inputs.length * OUTPOINT_SIZE);
      for (const { prevout } of this.tx.inputs) {
        writer.hash(prevout.hash);
        writer.u32(prevout.index);
      }
      this.#hashPrevouts = sha256d(writer.finish());
    }
    return this.#hashPrevouts;
  }

  /** Double SHA-256 of all sequence numbers. */
  get hashSequence(): Hash {
    if (!this.#hashSequence) {
      const writer = new ByteWriter(this.tx.inputs.length * 4);
      for (const input of this.tx.inputs) writer.u32(input.sequence);
      this.#hashSequence = sha256d(writer.finish());
    }
    return this.#hashSequence;
  }

  /** Double SHA-256 of all outputs. */
  get hashOutputs(): Hash {
    this.#hashOutputs ??= sha256d(this.outputs);
    return this.#hashOutputs;
  }

  #writeOutputs(): Uint8Array {
    const { outputs } = this.tx;
    if (outputs.length === 0) return EMPTY_BYTES;
    let size = 0;
    for (const { pkScript } of outputs) size += 9 + pkScript.length;
    const writer = new ByteWriter(size);
    for (const { value, pkScript } of outputs) {
      writer.i64(value);
      writer.varBytes(pkScript);
    }
    return writer.finish();
  }

  #writeInputs(withSequence: boolean): Uint8Array {
    const writer = new ByteWriter(this.tx.inputs.length * BLANK_INPUT_SIZE);
    for (const { prevout, sequence } of this.tx.inputs) {
      writer.hash(prevout.hash);
      writer.u32(prevout.index);
      writer.u8(0);
      writer.u32(withSequence ? sequence : 0);
    }
    return writer.finish();
  }
}
