import { type Hash, hashKey, isZeroHash, sha256d } from '../util/hash.ts';
import { messageError } from './errors.ts';
import { outpointKey } from './outpoint-key.ts';
import { ByteReader, viewOf } from './reader.ts';
import { readInputs, readOutputs, readWitnesses } from './transaction-parts.ts';
import { ByteWriter, varintSize } from './writer.ts';

/** Index of the null outpoint that a coinbase spends. */
export const NULL_INDEX = 0xffffffff;

/** Names one output of a transaction. */
export interface OutPoint {
  /** Id of the transaction, wire order. */
  readonly hash: Hash;
  /** u32. */
  readonly index: number;
}

/** A transaction input. */
export interface TxInput {
  readonly prevout: OutPoint;
  readonly signatureScript: Uint8Array;
  /** u32, see BIP 68. */
  readonly sequence: number;
  /** Witness stack (BIP 141), bottom first; empty if there is none. */
  readonly witness: readonly Uint8Array[];
}

/** A transaction output. */
export interface TxOutput {
  /** nanoSoter; the wire carries any i64. */
  readonly value: bigint;
  readonly pkScript: Uint8Array;
}

/** The fields of a transaction. */
export interface TransactionFields {
  /** i32. */
  readonly version: number;
  readonly inputs: readonly TxInput[];
  readonly outputs: readonly TxOutput[];
  /** u32, block height or unix seconds. */
  readonly lockTime: number;
}

/** `witness` is the form of BIP 144, `base` leaves the witness data out. */
export type TxEncoding = 'base' | 'witness';

/** How a transaction parsed from bytes treats what follows it. */
export interface FromBytesOptions {
  /** Accept and ignore bytes behind the decoded value. */
  readonly allowTrailing?: boolean;
}

/** Memory of the parts of a decoded transaction besides their bytes: objects, views, ids and keys; measured, bytes. */
const Memory = { transaction: 700, input: 390, output: 160, witnessItem: 100 } as const;

/**
 * An immutable transaction. Ids and sizes are computed at most once. Scripts, hashes and witness items of a decoded
 * transaction are views into the bytes it came from: {@link detach} what shall outlive them.
 */
export class Transaction implements TransactionFields {
  readonly version: number;
  readonly inputs: readonly TxInput[];
  readonly outputs: readonly TxOutput[];
  readonly lockTime: number;
  /** True if some input has a witness item. */
  readonly hasWitness: boolean;
  /** Where the canonical witness form stands, if it was received: cheaper than a view a transaction. */
  #source: Uint8Array | undefined;
  #start = 0;
  #length = 0;
  #txid: Hash | undefined;
  #wtxid: Hash | undefined;
  #idKey: string | undefined;
  #inputKeys: readonly string[] | undefined;
  #strippedSize: number | undefined;
  #witnessSize: number | undefined;

  constructor(fields: TransactionFields) {
    this.version = fields.version;
    this.inputs = fields.inputs;
    this.outputs = fields.outputs;
    this.lockTime = fields.lockTime;
    this.hasWitness = fields.inputs.some((input) => input.witness.length > 0);
  }

  /**
   * Decodes one transaction. In `base` there is no marker logic; in `witness` an input count of zero is taken for the
   * marker of BIP 144. A witness form whose stacks are all empty is accepted and encodes shorter again.
   * @throws {WireError}
   */
  static read(reader: ByteReader, encoding: TxEncoding): Transaction {
    const start = reader.offset;
    const version = reader.i32();
    let count = reader.varint();
    const marked = count === 0 && encoding === 'witness';
    if (marked) {
      const flag = reader.u8();
      if (flag !== 1)
        throw messageError('MsgTx.SotoDecode', `witness tx but flag byte is ${flag.toString(16).padStart(2, '0')}`);
      count = reader.varint();
    }
    let inputs = readInputs(reader, count);
    const outputs = readOutputs(reader);
    if (marked) inputs = readWitnesses(reader, inputs);
    const transaction = new Transaction({ version, inputs, outputs, lockTime: reader.u32() });
    if (transaction.hasWitness === marked) {
      transaction.#source = reader.source;
      transaction.#start = start;
      transaction.#length = reader.offset - start;
    }
    return transaction;
  }

  /**
   * Decodes a transaction that fills `bytes`.
   * @throws {WireError} also for bytes left over, unless they are allowed.
   */
  static fromBytes(bytes: Uint8Array, encoding: TxEncoding = 'witness', options: FromBytesOptions = {}): Transaction {
    const reader = new ByteReader(bytes);
    const transaction = Transaction.read(reader, encoding);
    if (reader.remaining > 0 && !options.allowTrailing)
      throw messageError('Transaction.fromBytes', `${reader.remaining} bytes follow the transaction`);
    return transaction;
  }

  /** Double SHA-256 of the base form. */
  get txid(): Hash {
    this.#txid ??= sha256d(this.toBytes('base'));
    return this.#txid;
  }

  /** Double SHA-256 of the witness form; equal to the txid without witness data. */
  get wtxid(): Hash {
    if (!this.hasWitness) return this.txid;
    this.#wtxid ??= sha256d(this.toBytes('witness'));
    return this.#wtxid;
  }

  /** `hashKey` of the {@link txid}. */
  get idKey(): string {
    this.#idKey ??= hashKey(this.txid);
    return this.#idKey;
  }

  /** `outpointKey` of what each input spends, in order. */
  get inputKeys(): readonly string[] {
    this.#inputKeys ??= this.inputs.map(({ prevout }) => outpointKey(prevout.hash, prevout.index));
    return this.#inputKeys;
  }

  /** Exactly one input, and that spends the null outpoint. */
  get isCoinbase(): boolean {
    if (this.inputs.length !== 1) return false;
    const { prevout } = this.inputs[0];
    return prevout.index === NULL_INDEX && isZeroHash(prevout.hash);
  }

  /** Bytes of the witness form. */
  get size(): number {
    return this.#source ? this.#length : this.strippedSize + this.#witnessBytes();
  }

  /** Bytes of the base form. */
  get strippedSize(): number {
    this.#strippedSize ??= this.#source ? this.#length - this.#witnessBytes() : baseSize(this);
    return this.#strippedSize;
  }

  /** Three times the stripped size plus the size (BIP 141). */
  get weight(): number {
    return 3 * this.strippedSize + this.size;
  }

  /** A quarter of the weight, rounded up. */
  get virtualSize(): number {
    return Math.ceil(this.weight / 4);
  }

  /**
   * Memory of the decoded transaction, bytes, as measured with everything computed that is computed once. With many
   * small parts it is nearly twenty times the size, so what is kept decoded must be limited by this.
   */
  get memory(): number {
    const items = this.hasWitness ? this.inputs.reduce((sum, { witness }) => sum + witness.length, 0) : 0;
    return (
      Memory.transaction +
      this.size +
      Memory.input * this.inputs.length +
      Memory.output * this.outputs.length +
      Memory.witnessItem * items
    );
  }

  /** Bytes that marker, flag and witness stacks add to the base form. */
  #witnessBytes(): number {
    if (!this.hasWitness) return 0;
    if (this.#witnessSize === undefined) {
      let size = 2;
      for (const { witness } of this.inputs) {
        size += varintSize(witness.length);
        for (const item of witness) size += varintSize(item.length) + item.length;
      }
      this.#witnessSize = size;
    }
    return this.#witnessSize;
  }

  /** Appends the canonical bytes in the given form; `witness` has a marker only if there is witness data. */
  write(writer: ByteWriter, encoding: TxEncoding): void {
    const witness = encoding === 'witness' && this.hasWitness;
    if (this.#source && witness === this.hasWitness) {
      writer.bytes(viewOf(this.#source, this.#start, this.#length));
      return;
    }
    writer.i32(this.version);
    if (witness) writer.u16(0x0100);
    writer.varint(this.inputs.length);
    for (const { prevout, signatureScript, sequence } of this.inputs) {
      writer.hash(prevout.hash);
      writer.u32(prevout.index);
      writer.varBytes(signatureScript);
      writer.u32(sequence);
    }
    writer.varint(this.outputs.length);
    for (const { value, pkScript } of this.outputs) {
      writer.i64(value);
      writer.varBytes(pkScript);
    }
    if (witness) {
      for (const input of this.inputs) {
        writer.varint(input.witness.length);
        for (const item of input.witness) writer.varBytes(item);
      }
    }
    writer.u32(this.lockTime);
  }

  /** The canonical bytes. Treat them as read-only: they may be a view into a received message. */
  toBytes(encoding: TxEncoding = 'witness'): Uint8Array {
    if (this.#source && (encoding === 'witness' || !this.hasWitness))
      return viewOf(this.#source, this.#start, this.#length);
    const writer = new ByteWriter(encoding === 'witness' ? this.size : this.strippedSize);
    this.write(writer, encoding);
    return writer.finish();
  }

  /** The same transaction on memory of its own, ids kept. */
  detach(): Transaction {
    const encoding = this.hasWitness ? 'witness' : 'base';
    const copy = Transaction.read(new ByteReader(Uint8Array.from(this.toBytes(encoding))), encoding);
    copy.#txid = this.#txid;
    copy.#wtxid = this.#wtxid;
    return copy;
  }
}

function baseSize({ inputs, outputs }: TransactionFields): number {
  let size = 8 + varintSize(inputs.length) + varintSize(outputs.length);
  for (const { signatureScript } of inputs) size += 40 + varintSize(signatureScript.length) + signatureScript.length;
  for (const { pkScript } of outputs) size += 8 + varintSize(pkScript.length) + pkScript.length;
  return size;
}
