import { createSocket, type Socket } from 'node:dgram';
import type { Gateway } from './nat.ts';

/** NAT-PMP (RFC 6886): the port of routers, and the pause before a request is repeated, milliseconds, which doubles each time. */
const USUAL = { port: 5351, firstPause: 250 };
const EXTERNAL_ADDRESS = 0;
const MAP_TCP = 2;
/** Added to the operation in answers. */
const ANSWER = 128;
/** Bytes of the answers. */
const ADDRESS_LENGTH = 12;
const MAPPING_LENGTH = 16;
const MOST_REQUESTS = 4;

const FAILURES = new Map([
  [1, 'unsupported version'],
  [2, 'not authorised'],
  [3, 'network failure'],
  [4, 'out of resources'],
  [5, 'unsupported operation'],
]);

/**
 * The router at this address, by NAT-PMP.
 * @param how otherwise than usual in tests.
 */
export function pmpGateway(address: string, how = USUAL): Gateway {
  const map = async (internal: number, seconds: number, signal: AbortSignal): Promise<number> => {
    const request = Buffer.alloc(12);
    request.writeUInt8(MAP_TCP, 1);
    request.writeUInt16BE(internal, 4);
    // A lease of no time ends the mapping; the external port must then be 0.
    request.writeUInt16BE(seconds === 0 ? 0 : internal, 6);
    request.writeUInt32BE(seconds, 8);
    const isOurs = (message: Buffer) => message.length >= MAPPING_LENGTH && message.readUInt16BE(8) === internal;
    const answer = await exchange(address, how, request, isOurs, signal);
    return answer.readUInt16BE(10);
  };
  return {
    name: `NAT-PMP router ${address}`,
    async externalAddress(signal) {
      const isWhole = ({ length }: Buffer) => length >= ADDRESS_LENGTH;
      const answer = await exchange(address, how, Uint8Array.of(0, EXTERNAL_ADDRESS), isWhole, signal);
      return answer.subarray(8, 12).join('.');
    },
    map,
    async unmap(internal, signal) {
      await map(internal, 0, signal);
    },
  };
}

/**
 * Sends a request until it is answered. Only the router's own packets arrive: the socket is connected to it.
 * @param isAnswer whether a message that reports success answers this request.
 */
function exchange(
  address: string,
  { port, firstPause }: typeof USUAL,
  request: Uint8Array,
  isAnswer: (message: Buffer) => boolean,
  signal: AbortSignal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const socket: Socket = createSocket('udp4');
    let timer: NodeJS.Timeout | undefined;
    let ended = false;
    const end = (error: Error | undefined, answer?: Buffer) => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.close();
      if (answer) resolve(answer);
      else reject(error ?? new Error('no answer'));
    };
    const abort = () => end(new Error('no answer in time'));
    signal.addEventListener('abort', abort, { once: true });
    socket.on('error', (error) => end(error));
    socket.on('message', (message) => {
      if (message.length < 4 || message[0] !== 0 || message[1] !== ANSWER + (request[1] ?? 0)) return;
      const status = message.readUInt16BE(2);
      if (status !== 0) end(new Error(FAILURES.get(status) ?? `error ${status}`));
      else if (isAnswer(message)) end(undefined, message);
    });
    socket.connect(port, address, () => {
      let requests = 0;
      const send = () => {
        if (ended) return;
        if (requests === MOST_REQUESTS) {
          end(new Error('no answer'));
          return;
        }
        socket.send(request);
        timer = setTimeout(send, firstPause * 2 ** requests++);
      };
      send();
    });
  });
}
