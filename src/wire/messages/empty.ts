import type { EmptyCommand, EmptyMessage } from '../message.ts';
import { BLOOM_VERSION, type Codec, MEMPOOL_VERSION, SEND_HEADERS_VERSION } from './codec.ts';

function emptyCodec<C extends EmptyCommand>(command: C, name: string, since?: number): Codec<EmptyMessage<C>> {
  return { name, since, maxPayload: () => 0, read: () => ({ command }), write: () => undefined };
}

/** Messages without a payload. */
export const emptyCodecs = {
  verack: emptyCodec('verack', 'MsgVerAck'),
  getaddr: emptyCodec('getaddr', 'MsgGetAddr'),
  getaddrcache: emptyCodec('getaddrcache', 'MsgGetAddrCache'),
  mempool: emptyCodec('mempool', 'MsgMemPool', MEMPOOL_VERSION),
  filterclear: emptyCodec('filterclear', 'MsgFilterClear', BLOOM_VERSION),
  sendheaders: emptyCodec('sendheaders', 'MsgSendHeaders', SEND_HEADERS_VERSION),
};
