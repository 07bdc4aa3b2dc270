import { Block } from '../block.ts';
import { messageError, type WireError } from '../errors.ts';
import { BlockHeader, HEADER_SIZE } from '../header.ts';
import type { BlockMessage, HeadersMessage, TxMessage } from '../message.ts';
import { Transaction } from '../transaction.ts';
import { type Codec, MAX_VARINT_SIZE } from './codec.ts';

/** Largest payload of `block`, `tx` and `merkleblock`. */
export const MAX_BLOCK_PAYLOAD = 4_000_000;
/** Most headers of one message. */
export const MAX_HEADERS = 2000;

/** A block in the agreed form. */
export const blockCodec: Codec<BlockMessage> = {
  name: 'MsgBlock',
  maxPayload: () => MAX_BLOCK_PAYLOAD,
  read: (reader, { generation, encoding }) => ({ command: 'block', block: Block.read(reader, generation, encoding) }),
  write: (writer, { block }, { encoding }) => block.write(writer, encoding),
  sizeHint: ({ block }) => block.size,
};

/** A transaction in the agreed form. */
export const txCodec: Codec<TxMessage> = {
  name: 'MsgTx',
  maxPayload: () => MAX_BLOCK_PAYLOAD,
  read: (reader, { encoding }) => ({ command: 'tx', tx: Transaction.read(reader, encoding) }),
  write: (writer, { tx }, { encoding }) => tx.write(writer, encoding),
  sizeHint: ({ tx }) => tx.size,
};

function tooManyHeaders(direction: string, count: number | bigint): WireError {
  return messageError(
    `MsgHeaders.${direction}`,
    `too many block headers for message [count ${count}, max ${MAX_HEADERS}]`,
  );
}

/** Headers, each followed by a transaction count that must be 0. */
export const headersCodec: Codec<HeadersMessage> = {
  name: 'MsgHeaders',
  maxPayload: () => MAX_VARINT_SIZE + MAX_HEADERS * (HEADER_SIZE + 1),
  read(reader) {
    const count = reader.count(MAX_HEADERS, (n) => tooManyHeaders('SotoDecode', n));
    const headers: BlockHeader[] = [];
    for (let i = 0; i < count; i++) {
      headers.push(BlockHeader.read(reader));
      reader.count(0, (n) =>
        messageError('MsgHeaders.SotoDecode', `block headers may not contain transactions [count ${n}]`),
      );
    }
    return { command: 'headers', headers };
  },
  write(writer, { headers }) {
    if (headers.length > MAX_HEADERS) throw tooManyHeaders('SotoEncode', headers.length);
    writer.varint(headers.length);
    for (const header of headers) {
      writer.bytes(header.toBytes());
      writer.varint(0);
    }
  },
  sizeHint: ({ headers }) => MAX_VARINT_SIZE + headers.length * (HEADER_SIZE + 1),
};
