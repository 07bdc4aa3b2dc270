import { WireError } from './errors.ts';
import type { Command, Message, MessageOf } from './message.ts';
import { addrCacheCodec, addrCodec } from './messages/addresses.ts';
import { alertCodec } from './messages/alert.ts';
import { blockCodec, headersCodec, txCodec } from './messages/blocks.ts';
import { bloomCodecs } from './messages/bloom.ts';
import { cfilterCodecs } from './messages/cfilters.ts';
import { type Codec, checkGate, type WireContext } from './messages/codec.ts';
import { connectionCodecs } from './messages/connection.ts';
import { emptyCodecs } from './messages/empty.ts';
import { inventoryCodecs } from './messages/inventory.ts';
import { versionCodec } from './messages/version.ts';
import { ByteReader } from './reader.ts';
import type { ByteWriter } from './writer.ts';

const codecs: { readonly [C in Command]: Codec<MessageOf<C>> } = {
  version: versionCodec,
  ...emptyCodecs,
  addr: addrCodec,
  addrcache: addrCacheCodec,
  ...inventoryCodecs,
  block: blockCodec,
  tx: txCodec,
  headers: headersCodec,
  ...connectionCodecs,
  ...bloomCodecs,
  ...cfilterCodecs,
  alert: alertCodec,
};

const byName = new Map<string, Codec>(Object.entries(codecs));

/** Every command of the protocol. Nodes disconnect from peers that send any other. */
export const COMMANDS: readonly string[] = [...byName.keys()];

/** The codec of a command; undefined if the protocol does not know it. */
export function codecOf(command: string): Codec | undefined {
  return byName.get(command);
}

/** Largest payload of a command in bytes; of an unknown one 0. */
export function maxPayload(command: string, context: WireContext): number {
  return byName.get(command)?.maxPayload(context) ?? 0;
}

/**
 * Decodes the payload of a known command. Bytes behind the message are ignored, as known nodes do.
 * @throws {WireError}
 */
export function decodePayload(command: string, payload: Uint8Array, context: WireContext): Message {
  const codec = byName.get(command);
  if (!codec) throw new WireError('message', `unhandled command [${command}]`, 'ReadMessage');
  checkGate(codec, command, 'SotoDecode', context);
  return codec.read(new ByteReader(payload), context);
}

/**
 * Appends the payload of a message.
 * @throws {WireError} if the protocol, or its agreed version, can not carry it.
 */
export function writePayload(writer: ByteWriter, message: Message, context: WireContext): void {
  const codec: Codec = codecs[message.command];
  checkGate(codec, message.command, 'SotoEncode', context);
  codec.write(writer, message, context);
}

/** Bytes to reserve for the payload of a message. */
export function payloadSizeHint(message: Message): number {
  const codec: Codec = codecs[message.command];
  return codec.sizeHint?.(message) ?? 128;
}
