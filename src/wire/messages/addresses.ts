import { messageError, type WireError } from '../errors.ts';
import type { AddrCacheListsMessage, AddrCacheMessage, AddrMessage } from '../message.ts';
import { type NetAddress, netAddressFields, netAddressSize, readNetAddress, writeNetAddress } from '../net-address.ts';
import type { ByteReader } from '../reader.ts';
import type { ByteWriter } from '../writer.ts';
import { addressesHaveTime, type Codec, MAX_VARINT_SIZE, MULTIPLE_ADDRESS_VERSION, type WireContext } from './codec.ts';

/** Most addresses of one message. */
export const MAX_ADDRESSES = 1000;

function tooMany(func: string, count: number | bigint): WireError {
  return messageError(func, `too many addresses for message [count ${count}, max ${MAX_ADDRESSES}]`);
}

/** Reads a counted list of at most `max` addresses. */
function readList(reader: ByteReader, context: WireContext, name: string, max = MAX_ADDRESSES): NetAddress[] {
  const count = reader.count(max, (n) => tooMany(`${name}.SotoDecode`, n));
  const withTime = addressesHaveTime(context);
  reader.expect(count, ...netAddressFields(withTime));
  return Array.from({ length: count }, () => readNetAddress(reader, withTime));
}

function writeList(writer: ByteWriter, addresses: readonly NetAddress[], context: WireContext): void {
  const withTime = addressesHaveTime(context);
  writer.varint(addresses.length);
  for (const address of addresses) writeNetAddress(writer, address, withTime);
}

function writeSingleList(
  writer: ByteWriter,
  addresses: readonly NetAddress[],
  context: WireContext,
  name: string,
): void {
  const func = `${name}.SotoEncode`;
  const { protocolVersion } = context;
  if (protocolVersion < MULTIPLE_ADDRESS_VERSION && addresses.length > 1)
    throw messageError(
      func,
      `too many addresses for message of protocol version ${protocolVersion} [count ${addresses.length}, max 1]`,
    );
  if (addresses.length > MAX_ADDRESSES) throw tooMany(func, addresses.length);
  writeList(writer, addresses, context);
}

function singleListLimit(context: WireContext): number {
  const count = context.protocolVersion < MULTIPLE_ADDRESS_VERSION ? 1 : MAX_ADDRESSES;
  return MAX_VARINT_SIZE + count * netAddressSize(addressesHaveTime(context));
}

/** Addresses of other nodes. */
export const addrCodec: Codec<AddrMessage> = {
  name: 'MsgAddr',
  maxPayload: singleListLimit,
  read: (reader, context) => ({ command: 'addr', addresses: readList(reader, context, 'MsgAddr') }),
  write: (writer, { addresses }, context) => writeSingleList(writer, addresses, context, 'MsgAddr'),
};

/** The whole address cache: one list in generation 2, three in generation 4. The forms do not mix. */
export const addrCacheCodec: Codec<AddrCacheMessage | AddrCacheListsMessage> = {
  name: 'MsgAddrCache',
  maxPayload: (context) =>
    context.generation === 2
      ? singleListLimit(context)
      : 3 * MAX_VARINT_SIZE + MAX_ADDRESSES * netAddressSize(addressesHaveTime(context)),
  read(reader, context) {
    if (context.generation === 2) return { command: 'addrcache', addresses: readList(reader, context, 'MsgAddrCache') };
    const inbound = readList(reader, context, 'MsgAddrCache');
    const outbound = readList(reader, context, 'MsgAddrCache', MAX_ADDRESSES - inbound.length);
    const left = MAX_ADDRESSES - inbound.length - outbound.length;
    return { command: 'addrcache', inbound, outbound, known: readList(reader, context, 'MsgAddrCache', left) };
  },
  write(writer, message, context) {
    const lists = 'addresses' in message ? [message.addresses] : [message.inbound, message.outbound, message.known];
    if (context.generation === 2) {
      writeSingleList(writer, lists.flat(), context, 'MsgAddrCache');
      return;
    }
    const [inbound, outbound, known] = lists.length === 3 ? lists : [[], [], lists[0]];
    let total = 0;
    for (const list of [inbound, outbound, known]) {
      total += list.length;
      if (total > MAX_ADDRESSES) throw tooMany('MsgAddrCache.SotoEncode', list.length);
    }
    for (const list of [inbound, outbound, known]) writeList(writer, list, context);
  },
};
