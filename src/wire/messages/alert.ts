import { messageError } from '../errors.ts';
import type { AlertMessage } from '../message.ts';
import { MAX_VAR_LENGTH } from '../reader.ts';
import type { Codec } from './codec.ts';

/** Alerts of old nodes. The payload is kept as it is: nobody acts on it. */
export const alertCodec: Codec<AlertMessage> = {
  name: 'MsgAlert',
  maxPayload: () => MAX_VAR_LENGTH,
  read: (reader) => ({
    command: 'alert',
    payload: reader.varBytes(MAX_VAR_LENGTH, 'alert serialized payload'),
    signature: reader.varBytes(MAX_VAR_LENGTH, 'alert signature'),
  }),
  write(writer, { payload, signature }) {
    if (payload.length === 0) throw messageError('MsgAlert.SotoEncode', 'empty serialized payload');
    writer.varBytes(payload);
    writer.varBytes(signature);
  },
};
