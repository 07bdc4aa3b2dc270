import { ZERO_HASH } from '../../util/hash.ts';
import type { FeeFilterMessage, PingPongMessage, RejectMessage } from '../message.ts';
import { MAX_VAR_LENGTH } from '../reader.ts';
import { type Codec, FEE_FILTER_VERSION, PING_NONCE_VERSION, REJECT_VERSION, type WireContext } from './codec.ts';

function hasNonce({ protocolVersion }: WireContext): boolean {
  return protocolVersion >= PING_NONCE_VERSION;
}

function nonceCodec<C extends PingPongMessage['command']>(
  command: C,
  name: string,
  since?: number,
): Codec<PingPongMessage<C>> {
  return {
    name,
    since,
    maxPayload: (context) => (hasNonce(context) ? 8 : 0),
    read: (reader, context) => ({ command, nonce: hasNonce(context) ? reader.u64() : 0n }),
    write(writer, { nonce }, context) {
      if (hasNonce(context)) writer.u64(nonce);
    },
  };
}

function namesHash(command: string): boolean {
  return command === 'block' || command === 'tx';
}

const rejectCodec: Codec<RejectMessage> = {
  name: 'MsgReject',
  since: REJECT_VERSION,
  maxPayload: ({ protocolVersion }) => (protocolVersion >= REJECT_VERSION ? MAX_VAR_LENGTH : 0),
  read(reader) {
    const rejectedCommand = reader.varString();
    const code = reader.u8();
    const reason = reader.varString();
    const message = { command: 'reject', rejectedCommand, code, reason } as const;
    return namesHash(rejectedCommand) ? { ...message, hash: reader.hash() } : message;
  },
  write(writer, { rejectedCommand, code, reason, hash }) {
    writer.varString(rejectedCommand);
    writer.u8(code);
    writer.varString(reason);
    if (namesHash(rejectedCommand)) writer.hash(hash ?? ZERO_HASH);
  },
};

const feeFilterCodec: Codec<FeeFilterMessage> = {
  name: 'MsgFeeFilter',
  since: FEE_FILTER_VERSION,
  maxPayload: () => 8,
  read: (reader) => ({ command: 'feefilter', minFee: reader.i64() }),
  write: (writer, { minFee }) => writer.i64(minFee),
};

/** Messages about the connection itself. */
export const connectionCodecs = {
  ping: nonceCodec('ping', 'MsgPing'),
  pong: nonceCodec('pong', 'MsgPong', PING_NONCE_VERSION),
  reject: rejectCodec,
  feefilter: feeFilterCodec,
};
