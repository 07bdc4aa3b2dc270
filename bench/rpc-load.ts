import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** How requests are carried. */
export type Transport = 'http' | 'websocket';

/** What a run of clients came to. */
export interface LoadResult {
  readonly requestsPerSecond: number;
  /** Milliseconds from sending to the whole answer. */
  readonly p50: number;
  readonly p99: number;
}

/** Which server, what to ask, and how. */
export interface LoadPlan {
  readonly port: number;
  readonly transport: Transport;
  /** JSON text of the request that every client sends again and again, one at a time. */
  readonly request: string;
  readonly clients: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

const AUTHORIZATION = `Basic ${Buffer.from('user:pass').toString('base64')}`;
const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH_NAME = Buffer.from('Content-Length: ');
const TEXT_FRAME = 0x81;
const MASKED = 0x80;
const MASK = Buffer.alloc(4);

/**
 * Measures how many requests a server answers. The clients share this process, so they do next to nothing: bytes made once, plain
 * sockets, one request under way for each, and answers that are only cut, not parsed.
 * @throws {Error} if the first answer of a client is no success.
 */
export async function measureLoad(plan: LoadPlan): Promise<LoadResult> {
  const clients = await Promise.all(Array.from({ length: plan.clients }, () => open(plan)));
  const latencies: number[] = [];
  let measuring = false;
  let running = true;
  const ended = clients.map(
    (client) =>
      new Promise<void>((resolve, reject) => {
        let sent = performance.now();
        client.socket.on('error', reject);
        client.socket.on('close', () => (running ? reject(new Error('the server hung up')) : resolve()));
        client.onAnswer = () => {
          const now = performance.now();
          if (measuring) latencies.push(now - sent);
          if (!running) {
            resolve();
            return;
          }
          sent = now;
          client.socket.write(client.request);
        };
        client.socket.write(client.request);
      }),
  );
  const failed = Promise.all(ended).then(() => undefined);
  await Promise.race([failed, sleep(plan.warmUpMs)]);
  measuring = true;
  const started = performance.now();
  await Promise.race([failed, sleep(plan.measureMs)]);
  const seconds = (performance.now() - started) / 1000;
  measuring = false;
  running = false;
  await failed;
  for (const { socket } of clients) socket.destroy();
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? 0;
  return { requestsPerSecond: latencies.length / seconds, p50: at(0.5), p99: at(0.99) };
}

/** One connection. */
interface Client {
  readonly socket: Socket;
  /** Bytes of the request. */
  readonly request: Buffer;
  /** Called at each whole answer. */
  onAnswer: () => void;
}

async function open(plan: LoadPlan): Promise<Client> {
  const socket = connect(plan.port, '127.0.0.1');
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  if (plan.transport === 'websocket') await upgrade(socket);
  const request = plan.transport === 'http' ? httpRequest(plan.request) : textFrame(plan.request);
  const size = plan.transport === 'http' ? httpSize : frameSize;
  const client: Client = { socket, request, onAnswer: () => undefined };
  const first = new Promise<void>((resolve, reject) => {
    let pending: Buffer = Buffer.alloc(0);
    let seen = false;
    socket.on('data', (chunk: Buffer) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      if (pending.length < size(pending)) return;
      const answer = pending;
      pending = Buffer.alloc(0);
      if (seen) {
        client.onAnswer();
        return;
      }
      seen = true;
      if (answer.includes('"error":null')) resolve();
      else reject(new Error(`no success: ${answer.toString('latin1')}`));
    });
    socket.once('close', () => reject(new Error('the server hung up')));
  });
  socket.write(request);
  await first;
  return client;
}

function httpRequest(body: string): Buffer {
  return Buffer.from(
    `POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${AUTHORIZATION}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** Bytes of an answer; infinite while that is not known. */
function httpSize(bytes: Buffer): number {
  const head = bytes.indexOf(HEAD_END);
  if (head < 0) return Number.POSITIVE_INFINITY;
  const name = bytes.indexOf(LENGTH_NAME);
  if (name < 0 || name > head) throw new Error(`an answer without length: ${bytes.toString('latin1')}`);
  let length = 0;
  for (let at = name + LENGTH_NAME.length; bytes[at] >= 0x30; at++) length = 10 * length + bytes[at] - 0x30;
  return head + HEAD_END.length + length;
}

function upgrade(socket: Socket): Promise<void> {
  const key = randomBytes(16).toString('base64');
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${AUTHORIZATION}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  return new Promise((resolve, reject) => {
    socket.once('data', (chunk: Buffer) =>
      chunk.includes('101 Switching Protocols') ? resolve() : reject(new Error(chunk.toString('latin1'))),
    );
  });
}

/** A text in one frame. The mask is zero: it protects proxies, of which there is none. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const length =
    payload.length < 126
      ? Buffer.from([TEXT_FRAME, MASKED | payload.length])
      : Buffer.from([TEXT_FRAME, MASKED | 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([length, MASK, payload]);
}

/** Bytes of a frame from the server; infinite while that is not known. */
function frameSize(bytes: Buffer): number {
  if (bytes.length < 2) return Number.POSITIVE_INFINITY;
  const short = bytes[1] & 0x7f;
  if (short < 126) return 2 + short;
  if (short === 126) return bytes.length < 4 ? Number.POSITIVE_INFINITY : 4 + bytes.readUInt16BE(2);
  return bytes.length < 10 ? Number.POSITIVE_INFINITY : 10 + Number(bytes.readBigUInt64BE(2));
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((wake) => setTimeout(wake, milliseconds));
}
