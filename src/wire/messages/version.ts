import { ZERO_HASH } from '../../util/hash.ts';
import { messageError } from '../errors.ts';
import type { VersionMessage } from '../message.ts';
import { type NetAddress, netAddressSize, readNetAddress, UNKNOWN_IP, writeNetAddress } from '../net-address.ts';
import type { ByteReader } from '../reader.ts';
import { encodeText } from '../text.ts';
import { addressesHaveTime, BLOOM_VERSION, type Codec, MAX_VARINT_SIZE } from './codec.ts';

/** Most bytes of a user agent. Known nodes can receive only 240 of them, because their payload limit is too small. */
export const MAX_USER_AGENT_SIZE = 256;

const NO_ADDRESS: NetAddress = { services: 0n, ip: UNKNOWN_IP, port: 0 };

/** @throws {WireError} if a user agent has more than 256 bytes. */
export function checkUserAgent(userAgent: string): void {
  const { length } = encodeText(userAgent);
  if (length > MAX_USER_AGENT_SIZE)
    throw messageError('MsgVersion', `user agent too long [len ${length}, max ${MAX_USER_AGENT_SIZE}]`);
}

function readUserAgent(reader: ByteReader): string {
  const userAgent = reader.varString();
  checkUserAgent(userAgent);
  return userAgent;
}

/** The handshake message. A reader takes a message cut at any field boundary behind the first address. */
export const versionCodec: Codec<VersionMessage> = {
  name: 'MsgVersion',
  // Counts its addresses with timestamps, which they do not have, and forgets the genesis hash: known nodes do so.
  maxPayload: (context) => 33 + 2 * netAddressSize(addressesHaveTime(context)) + MAX_VARINT_SIZE + MAX_USER_AGENT_SIZE,
  read(reader) {
    const optional = <T>(read: () => T, missing: T): T => (reader.remaining > 0 ? read() : missing);
    return {
      command: 'version',
      protocolVersion: reader.i32(),
      services: reader.u64(),
      timestamp: reader.i64(),
      receiver: readNetAddress(reader, false),
      sender: optional(() => readNetAddress(reader, false), NO_ADDRESS),
      nonce: optional(() => reader.u64(), 0n),
      userAgent: optional(() => readUserAgent(reader), ''),
      genesisHash: optional(() => reader.hash(), ZERO_HASH),
      lastBlock: optional(() => reader.i32(), 0),
      relay: optional(() => reader.bool(), true),
    };
  },
  write(writer, message, { protocolVersion }) {
    checkUserAgent(message.userAgent);
    writer.i32(message.protocolVersion);
    writer.u64(message.services);
    writer.i64(message.timestamp);
    writeNetAddress(writer, message.receiver, false);
    writeNetAddress(writer, message.sender, false);
    writer.u64(message.nonce);
    writer.varString(message.userAgent);
    writer.hash(message.genesisHash);
    writer.i32(message.lastBlock);
    if (protocolVersion >= BLOOM_VERSION) writer.bool(message.relay);
  },
};
