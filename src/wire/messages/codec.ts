import type { Generation } from '../block.ts';
import { messageError } from '../errors.ts';
import type { Command, Message } from '../message.ts';
import type { ByteReader } from '../reader.ts';
import type { TxEncoding } from '../transaction.ts';
import type { ByteWriter } from '../writer.ts';

/** What both sides of a connection have agreed on. */
export interface WireContext {
  /** Magic number of the network, u32. */
  magic: number;
  /** Negotiated protocol version. */
  protocolVersion: number;
  /** Form of transactions in `tx` and `block`. */
  encoding: TxEncoding;
  generation: Generation;
}

/** How one message type is read and written. Methods, so that a codec of one message is a codec of all. */
export interface Codec<M extends { readonly command: Command } = Message> {
  /** Name of the type in error texts, e.g. `MsgPing`. */
  readonly name: string;
  /** First protocol version that has the message; every version if absent. */
  readonly since?: number;
  /** Largest payload in bytes. */
  maxPayload(context: WireContext): number;
  /** Decodes a payload; bytes left over are the caller's business. */
  read(reader: ByteReader, context: WireContext): M;
  /** Appends the payload. */
  write(writer: ByteWriter, message: M, context: WireContext): void;
  /** Expected size of the payload, so that large ones are written without copying. */
  sizeHint?(message: M): number;
}

/** Most bytes of a varint, as payload limits count it. */
export const MAX_VARINT_SIZE = 9;

/** First protocol version whose addresses carry a timestamp. */
const ADDRESS_TIME_VERSION = 31_402;
/** First protocol version with more than one address a message. */
export const MULTIPLE_ADDRESS_VERSION = 209;
/** First protocol version whose pings carry a nonce (BIP 31 says "above 60000"). */
export const PING_NONCE_VERSION = 60_001;
/** First protocol version with the `mempool` message (BIP 35). */
export const MEMPOOL_VERSION = 60_002;
/** First protocol version with bloom filters (BIP 37). */
export const BLOOM_VERSION = 70_001;
/** First protocol version with the `reject` message (BIP 61). */
export const REJECT_VERSION = 70_002;
/** First protocol version with the `sendheaders` message (BIP 130). */
export const SEND_HEADERS_VERSION = 70_012;
/** First protocol version with the `feefilter` message (BIP 133). */
export const FEE_FILTER_VERSION = 70_013;

/** True if addresses in `addr` and `addrcache` carry a timestamp. */
export function addressesHaveTime({ protocolVersion }: WireContext): boolean {
  return protocolVersion >= ADDRESS_TIME_VERSION;
}

/** Fails if the message does not exist in the agreed protocol version. */
export function checkGate(
  codec: Codec,
  command: string,
  direction: 'SotoDecode' | 'SotoEncode',
  { protocolVersion }: WireContext,
): void {
  if (codec.since === undefined || protocolVersion >= codec.since) return;
  throw messageError(
    `${codec.name}.${direction}`,
    `${command} message invalid for protocol version ${protocolVersion}`,
  );
}
