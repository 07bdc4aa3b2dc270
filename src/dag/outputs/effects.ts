import { ByteReader, ByteWriter } from '../../wire/index.ts';
import { type OutputRecord, ReplayState, readOutput, writeOutput } from './output-record.ts';

/**
 * What the replay made of a transaction at its place of the order: `skipped`, its inputs were not there or not enough,
 * nothing
 * happened; `applied`, its inputs are spent and its outputs exist; `ignored`, it lost a double spend or builds on a
 * loser,
 * and its outputs are marked so.
 */
export const TxEffect = { skipped: 0, applied: 1, ignored: 2 } as const;
export type TxEffect = (typeof TxEffect)[keyof typeof TxEffect];

/**
 * An output that was there before its transaction made it (again): overwritten by an applied transaction, left alone by
 * an ignored one.
 */
export interface Existing {
  readonly transaction: number;
  readonly output: number;
  readonly before: Pick<OutputRecord, 'state' | 'entry'>;
}

/** What one block did to the outputs: enough to undo it, given its transactions. */
export interface BlockEffects {
  /** One entry for each transaction of the block. */
  readonly transactions: readonly TxEffect[];
  /** In the order of the transactions; almost always empty. */
  readonly existing: readonly Existing[];
}

/**
 * Bytes of a row of the table `effects`: 32 bytes hash of the order up to here (see {@link chainOrderHash}), varint
 * number of transactions, two bits for each (low bits first), varint number of existing outputs, and for each: varint
 * transaction, varint output, u8 state and, unless absent, the output as in the table `outputs`.
 */
export function encodeEffects(orderHash: Uint8Array, { transactions, existing }: BlockEffects): Uint8Array {
  const writer = new ByteWriter(40 + (transactions.length >> 2));
  writer.hash(orderHash);
  writer.varint(transactions.length);
  for (let i = 0; i < transactions.length; i += 4) {
    let byte = 0;
    for (let j = 0; j < 4; j++) byte |= (transactions[i + j] ?? 0) << (2 * j);
    writer.u8(byte);
  }
  writer.varint(existing.length);
  for (const { transaction, output, before } of existing) {
    writer.varint(transaction);
    writer.varint(output);
    writer.u8(before.state);
    if (before.entry) writeOutput(writer, before.entry);
  }
  return writer.finish();
}

/**
 * Decodes a row.
 * @throws {WireError} if the bytes end early.
 */
export function decodeEffects(bytes: Uint8Array): { orderHash: Uint8Array; effects: BlockEffects } {
  const reader = new ByteReader(bytes);
  const orderHash = reader.hash();
  const transactions: TxEffect[] = new Array(Number(reader.varint())).fill(TxEffect.skipped);
  let byte = 0;
  for (let i = 0; i < transactions.length; i++) {
    if (i % 4 === 0) byte = reader.u8();
    transactions[i] = ((byte >> (2 * (i % 4))) & 3) as TxEffect;
  }
  const existing: Existing[] = [];
  for (let left = Number(reader.varint()); left > 0; left--) {
    const transaction = Number(reader.varint());
    const output = Number(reader.varint());
    const state = reader.u8() as ReplayState;
    const entry = state === ReplayState.absent ? undefined : readOutput(reader);
    existing.push({ transaction, output, before: { state, entry } });
  }
  return { orderHash, effects: { transactions, existing } };
}
