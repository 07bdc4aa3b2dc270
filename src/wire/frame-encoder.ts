import { sha256d } from '../util/hash.ts';
import { codecOf, payloadSizeHint, writePayload } from './codec.ts';
import { messageError } from './errors.ts';
import { COMMAND_SIZE, FRAME_HEADER_SIZE, MAX_PAYLOAD } from './frame-header.ts';
import type { Command, Message } from './message.ts';
import type { WireContext } from './messages/codec.ts';
import { ByteWriter } from './writer.ts';

const EMPTY_HEADER = new Uint8Array(FRAME_HEADER_SIZE);

/**
 * A complete frame: header and payload.
 * @throws {WireError} if the agreed protocol version lacks the message, or it breaks a count or size limit.
 */
export function encodeMessage(message: Message, context: WireContext): Uint8Array {
  const writer = new ByteWriter(FRAME_HEADER_SIZE + payloadSizeHint(message));
  writer.bytes(EMPTY_HEADER);
  writePayload(writer, message, context);
  const frame = writer.finish();
  fillHeader(frame, message.command, context);
  return frame;
}

/**
 * A complete frame around a payload that is encoded already, a stored block say.
 * @throws {WireError} if it breaks a size limit.
 */
export function encodeFrame(command: Command, payload: Uint8Array, context: WireContext): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_SIZE + payload.length);
  frame.set(payload, FRAME_HEADER_SIZE);
  fillHeader(frame, command, context);
  return frame;
}

function fillHeader(frame: Uint8Array, command: Command, context: WireContext): void {
  const payload = frame.subarray(FRAME_HEADER_SIZE);
  checkSize(payload.length, command, context);
  const writer = new ByteWriter(FRAME_HEADER_SIZE);
  writer.u32(context.magic);
  writer.bytes(Buffer.from(command.padEnd(COMMAND_SIZE, '\0'), 'latin1'));
  writer.u32(payload.length);
  writer.bytes(sha256d(payload).subarray(0, 4));
  frame.set(writer.finish());
}

function checkSize(size: number, command: Command, context: WireContext): void {
  const problem = `message payload is too large - encoded ${size} bytes, but maximum message payload `;
  if (size > MAX_PAYLOAD) throw messageError('WriteMessage', `${problem}is ${MAX_PAYLOAD} bytes`);
  const limit = codecOf(command)?.maxPayload(context) ?? 0;
  if (size > limit) throw messageError('WriteMessage', `${problem}size for messages of type [${command}] is ${limit}.`);
}
