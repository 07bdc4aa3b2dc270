import { type Hash, hashKey } from '../util/hash.ts';
import type { ByteReader } from './reader.ts';
import type { ByteWriter } from './writer.ts';

/** What an inventory vector names. Peers may send other values; they decode and mean nothing. */
export const InvType = {
  error: 0,
  tx: 1,
  block: 2,
  filteredBlock: 3,
  witnessTx: 0x40000001,
  witnessBlock: 0x40000002,
  filteredWitnessBlock: 0x40000003,
} as const;

/** Bit of an inventory type that asks for the witness form (BIP 144). */
export const INV_WITNESS_FLAG = 0x40000000;
/** Height of transactions, and of blocks whose height the sender does not know. */
export const UNKNOWN_HEIGHT = -1;
/** Most inventory vectors that a list may announce. */
export const MAX_INVENTORY = 50_000;
/** Most inventory vectors that fit under the payload limit of known nodes. Never send more. */
export const MAX_INVENTORY_SENT = 45_000;

/** Names a block or transaction. The protocol carries a height with it, so an entry has 40 bytes, not Bitcoin's 36. */
export interface InvVector {
  /** u32, see {@link InvType}. */
  readonly type: number;
  readonly hash: Hash;
  /** i32: DAG height as the sender sees it, a hint; {@link UNKNOWN_HEIGHT} otherwise. */
  readonly height: number;
}

const names = new Map<number, string>([
  [InvType.error, 'ERROR'],
  [InvType.tx, 'MSG_TX'],
  [InvType.block, 'MSG_BLOCK'],
  [InvType.filteredBlock, 'MSG_FILTERED_BLOCK'],
  [InvType.witnessTx, 'MSG_WITNESS_TX'],
  [InvType.witnessBlock, 'MSG_WITNESS_BLOCK'],
  [InvType.filteredWitnessBlock, 'MSG_FILTERED_WITNESS_BLOCK'],
]);

/** Name of an inventory type for logs. */
export function invTypeToString(type: number): string {
  return names.get(type) ?? `Unknown InvType (${type})`;
}

/** Key of an inventory vector for Map and Set: type and hash. The height is a hint of the sender and no part of it. */
export function inventoryKey({ type, hash }: InvVector): string {
  return `${type}:${hashKey(hash)}`;
}

/** Decodes one inventory vector; the hash is a view. */
export function readInventory(reader: ByteReader): InvVector {
  return { type: reader.u32(), hash: reader.hash(), height: reader.i32() };
}

/** Appends one inventory vector. */
export function writeInventory(writer: ByteWriter, { type, hash, height }: InvVector): void {
  writer.u32(type);
  writer.hash(hash);
  writer.i32(height);
}
