import type { Hash } from '../../util/hash.ts';
import { ByteReader, ByteWriter } from '../../wire/index.ts';

/** Facts of the block connected last; RPC and templates call it the best block. */
export interface BestRecord {
  readonly id: number;
  /** Bytes of the witness form; weight as in BIP 141. */
  readonly size: number;
  readonly weight: number;
  readonly txCount: number;
  /** Transactions of all connected blocks, genesis included. */
  readonly totalTxs: number;
  /** Unix seconds. */
  readonly medianTime: number;
}

/**
 * The record that every commit writes last. What it counts must be found in the tables: otherwise the data is torn, or
 * somebody else wrote to it.
 */
export interface StateRecord {
  /** Commits since the database was made. */
  readonly commits: number;
  /** Blocks in the index, failed ones included. */
  readonly blocks: number;
  readonly orderLength: number;
  readonly orderHash: Hash;
  /** Rows of the table `outputs`. */
  readonly outputRows: number;
  /** Outputs in the stored set. */
  readonly storedOutputs: number;
  /** Hash over the stored set, see `set-hash.ts`. */
  readonly outputSetHash: Hash;
  readonly best: BestRecord;
}

/** Bytes of a record: the fields in the order of the interfaces; numbers as u64, hashes as 32 bytes. */
export function encodeState(state: StateRecord): Uint8Array {
  const writer = new ByteWriter(160);
  const number = (value: number): void => writer.u64(BigInt(value));
  number(state.commits);
  number(state.blocks);
  number(state.orderLength);
  writer.hash(state.orderHash);
  number(state.outputRows);
  number(state.storedOutputs);
  writer.hash(state.outputSetHash);
  const { id, size, weight, txCount, totalTxs, medianTime } = state.best;
  for (const value of [id, size, weight, txCount, totalTxs, medianTime]) number(value);
  return writer.finish();
}

/**
 * Decodes a record.
 * @throws {WireError} if the bytes end early.
 */
export function decodeState(bytes: Uint8Array): StateRecord {
  const reader = new ByteReader(bytes);
  const number = (): number => Number(reader.u64());
  const commits = number();
  const blocks = number();
  const orderLength = number();
  const orderHash = reader.hash();
  const outputRows = number();
  const storedOutputs = number();
  const outputSetHash = reader.hash();
  const best: BestRecord = {
    id: number(),
    size: number(),
    weight: number(),
    txCount: number(),
    totalTxs: number(),
    medianTime: number(),
  };
  return { commits, blocks, orderLength, orderHash, outputRows, storedOutputs, outputSetHash, best };
}
