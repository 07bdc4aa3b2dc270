import { messageError, type WireError } from '../errors.ts';
import { MAX_INVENTORY, readInventory, writeInventory } from '../inventory.ts';
import type { InventoryMessage, LocatorMessage } from '../message.ts';
import type { Codec } from './codec.ts';

const INVENTORY_SIZE = 40;
/** Known nodes compute it for Bitcoin's 36-byte entries, so 45000 of the 50000 countable entries fit. */
const MAX_INVENTORY_PAYLOAD = 9 + MAX_INVENTORY * 36;
const MAX_LOCATOR_HEIGHTS = 1;
const MAX_LOCATOR_PAYLOAD = 49;

function inventoryCodec<C extends InventoryMessage['command']>(command: C, name: string): Codec<InventoryMessage<C>> {
  const tooMany = (direction: string, count: number | bigint): WireError =>
    messageError(`${name}.${direction}`, `too many invvect in message [${count}]`);
  return {
    name,
    maxPayload: () => MAX_INVENTORY_PAYLOAD,
    read(reader) {
      const count = reader.count(MAX_INVENTORY, (n) => tooMany('SotoDecode', n));
      reader.expect(count, 4, 32, 4);
      return { command, inventory: Array.from({ length: count }, () => readInventory(reader)) };
    },
    write(writer, { inventory }) {
      if (inventory.length > MAX_INVENTORY) throw tooMany('SotoEncode', inventory.length);
      writer.varint(inventory.length);
      for (const vector of inventory) writeInventory(writer, vector);
    },
    sizeHint: ({ inventory }) => 9 + inventory.length * INVENTORY_SIZE,
  };
}

/** @param unit what the decoder's error calls the entries; the two messages differ there in known nodes. */
function locatorCodec<C extends LocatorMessage['command']>(
  command: C,
  name: string,
  unit: 'heights' | 'hashes',
): Codec<LocatorMessage<C>> {
  const tooMany = (direction: string, entries: string, count: number | bigint): WireError =>
    messageError(
      `${name}.${direction}`,
      `too many block locator ${entries} for message [count ${count}, max ${MAX_LOCATOR_HEIGHTS}]`,
    );
  return {
    name,
    maxPayload: () => MAX_LOCATOR_PAYLOAD,
    read(reader) {
      const protocolVersion = reader.u32();
      const count = reader.count(MAX_LOCATOR_HEIGHTS, (n) => tooMany('SotoDecode', unit, n));
      const locatorHeights = Array.from({ length: count }, () => reader.i32());
      return { command, protocolVersion, locatorHeights, stopHash: reader.hash() };
    },
    write(writer, { protocolVersion, locatorHeights, stopHash }) {
      if (locatorHeights.length > MAX_LOCATOR_HEIGHTS) throw tooMany('SotoEncode', 'hashes', locatorHeights.length);
      writer.u32(protocolVersion);
      writer.varint(locatorHeights.length);
      for (const height of locatorHeights) writer.i32(height);
      writer.hash(stopHash);
    },
  };
}

/** Lists of inventory, and the requests that are answered by them. */
export const inventoryCodecs = {
  inv: inventoryCodec('inv', 'MsgInv'),
  getdata: inventoryCodec('getdata', 'MsgGetData'),
  notfound: inventoryCodec('notfound', 'MsgNotFound'),
  getblocks: locatorCodec('getblocks', 'MsgGetBlocks', 'heights'),
  getheaders: locatorCodec('getheaders', 'MsgGetHeaders', 'hashes'),
};
