import { messageError, type WireError } from './errors.ts';
import { type ByteReader, MAX_VAR_LENGTH } from './reader.ts';
import type { TxInput, TxOutput } from './transaction.ts';

/** Most inputs that a transaction may announce. */
const MAX_INPUTS = 818_401;
/** Most outputs that a transaction may announce. */
const MAX_OUTPUTS = 3_728_271;
/** Most items of one witness stack. */
const MAX_WITNESS_ITEMS = 500_000;
/** Most bytes of one witness item. */
const MAX_WITNESS_ITEM_SIZE = 11_000;
const NO_WITNESS: readonly Uint8Array[] = [];

// The lists below grow as elements are decoded, never by the announced count: every element takes bytes from the
// payload, so a false count costs no more memory than the bytes that really came.

/** Reads inputs without their witness stacks; `count` is the announced number. */
export function readInputs(reader: ByteReader, count: number | bigint): TxInput[] {
  if (count > MAX_INPUTS) throw tooMany('input transactions', count, MAX_INPUTS);
  const inputs: TxInput[] = [];
  for (let i = 0; i < count; i++) {
    inputs.push({
      prevout: { hash: reader.hash(), index: reader.u32() },
      signatureScript: readScript(reader, MAX_VAR_LENGTH, 'transaction input signature script'),
      sequence: reader.u32(),
      witness: NO_WITNESS,
    });
  }
  return inputs;
}

/** Reads the output count and the outputs. */
export function readOutputs(reader: ByteReader): TxOutput[] {
  const count = reader.count(MAX_OUTPUTS, (n) => tooMany('output transactions', n, MAX_OUTPUTS));
  const outputs: TxOutput[] = [];
  for (let i = 0; i < count; i++)
    outputs.push({
      value: reader.i64(),
      pkScript: readScript(reader, MAX_VAR_LENGTH, 'transaction output public key script'),
    });
  return outputs;
}

/** Reads one witness stack for every input and returns the inputs with them. */
export function readWitnesses(reader: ByteReader, inputs: readonly TxInput[]): TxInput[] {
  return inputs.map((input) => {
    const count = reader.count(MAX_WITNESS_ITEMS, (n) => tooMany('witness items', n, MAX_WITNESS_ITEMS));
    if (count === 0) return input;
    const witness: Uint8Array[] = [];
    for (let i = 0; i < count; i++) witness.push(readScript(reader, MAX_WITNESS_ITEM_SIZE, 'script witness item'));
    return { ...input, witness };
  });
}

function readScript(reader: ByteReader, max: number, field: string): Uint8Array {
  return reader.bytes(
    reader.count(max, (count) =>
      messageError('readScript', `${field} is larger than the max allowed size [count ${count}, max ${max}]`),
    ),
  );
}

function tooMany(what: string, count: number | bigint, max: number): WireError {
  return messageError('MsgTx.SotoDecode', `too many ${what} to fit into max message size [count ${count}, max ${max}]`);
}
