import { asBuffer } from '../util/bytes.ts';
import { codecOf } from './codec.ts';
import { messageError, type WireError } from './errors.ts';
import type { Codec, WireContext } from './messages/codec.ts';
import { ByteReader, MAX_VAR_LENGTH } from './reader.ts';

/** Bytes in front of every payload: magic 4, command 12, length 4, checksum 4. */
export const FRAME_HEADER_SIZE = 24;
/** Largest payload of any message: 32 MiB. */
export const MAX_PAYLOAD = MAX_VAR_LENGTH;
/** Bytes of the command field. */
export const COMMAND_SIZE = 12;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The fields of a frame header as they stand. */
export interface RawFrameHeader {
  readonly magic: number;
  /** Without trailing NULs. */
  readonly command: Uint8Array;
  /** Bytes of payload that follow, u32. */
  readonly length: number;
  /** First four bytes of the payload's double SHA-256. */
  readonly checksum: Uint8Array;
}

/** A frame header that passed all checks. */
export interface FrameHeader {
  readonly command: string;
  readonly codec: Codec;
  readonly length: number;
  readonly checksum: Uint8Array;
}

const netNames = new Map<number, string>([
  [0xd9b4bef9, 'MainNet'],
  [0xdab5bffa, 'TestNet'],
  [0x0709110b, 'TestNet1'],
  [0x12141c16, 'SimNet'],
]);

/** Name of a network by its magic number, as error texts print it (regtest is `TestNet`). */
export function magicToString(magic: number): string {
  return netNames.get(magic) ?? `Unknown SoterNet (${magic})`;
}

/** Splits 24 bytes into fields. The byte fields are copies: 24 bytes must not keep a whole buffer alive. */
export function readFrameHeader(bytes: Uint8Array): RawFrameHeader {
  const reader = new ByteReader(Uint8Array.from(bytes));
  const magic = reader.u32();
  const padded = reader.bytes(COMMAND_SIZE);
  const command = padded.subarray(0, padded.findLastIndex((byte) => byte !== 0) + 1);
  return { magic, command, length: reader.u32(), checksum: reader.bytes(4) };
}

/**
 * Checks a frame header in the order that peers can observe: length, network, command, limit of the command.
 * @param payloadLimit refuses payloads that the protocol would allow.
 * @throws {WireError}
 */
export function checkFrameHeader(header: RawFrameHeader, context: WireContext, payloadLimit: number): FrameHeader {
  const { magic, length, checksum } = header;
  if (length > MAX_PAYLOAD)
    throw readError(
      `message payload is too large - header indicates ${length} bytes, but max message payload is ${MAX_PAYLOAD} bytes.`,
    );
  if (magic !== context.magic) throw readError(`message from other network [${magicToString(magic)}]`);
  const command = commandText(header.command);
  const codec = codecOf(command);
  if (!codec) throw readError(`unhandled command [${command}]`);
  const limit = Math.min(codec.maxPayload(context), payloadLimit);
  if (length > limit)
    throw readError(
      `payload exceeds max length - header indicates ${length} bytes, but max payload size for messages of type ` +
        `[${command}] is ${limit}.`,
    );
  return { command, codec, length, checksum };
}

/** A typed error of the frame reader. */
export function readError(text: string): WireError {
  return messageError('ReadMessage', text);
}

function commandText(bytes: Uint8Array): string {
  const latin = asBuffer(bytes).toString('latin1');
  if (codecOf(latin)) return latin;
  try {
    return strict.decode(bytes);
  } catch {
    throw readError(`invalid command [${Array.from(bytes).join(' ')}]`);
  }
}
