import { match, strictEqual } from 'node:assert';
import type { RpcPorts } from '../../src/rpc/index.ts';
import { type ReceivedMessage, SocketUser } from '../../src/rpc/testing/socket-user.ts';
import { callRpc } from './rpc-client.ts';
import { ADMIN, LIMITED, type RpcNode, startRpcNode } from './rpc-node.ts';
import type { Suite, SuiteContext } from './suite.ts';

const FILE = 'rpc/websocket.json';

/** A step of a recorded connection. */
interface Step {
  readonly dir: 'send' | 'recv' | 'nothing' | 'closed' | 'event';
  /** Of `send`: a request or the text itself; of `recv`: what came. */
  readonly message?: unknown;
  /** What came, exactly. */
  readonly text?: string;
  /** Of `event`: what was done over HTTP, in words. */
  readonly what?: string;
  readonly code?: number | null;
  readonly usageOnly?: boolean;
  readonly volatile?: readonly string[];
}

interface Transcript {
  readonly name: string;
  readonly description: string;
  readonly handshakeStatusLine: string;
  readonly log: readonly Step[];
}

/** Blocks and transactions of the recordings by name. */
interface Fixture {
  readonly blocks: readonly { readonly name: string; readonly hex: string }[];
  readonly transactions: { readonly [name: string]: { readonly hex: string } };
}

/** What recorded nodes held at the beginning, beyond the blocks 1 to 130. */
const PRELUDES: { readonly [name: string]: readonly string[] } = {
  rescan: ['submitblock 131'],
  'notifyreceived and notifyspent: registration': ['submitblock 131', 'sendrawtransaction tx3'],
};
const FIRST_BLOCKS = 130;
/** Recorded on a node that holds genesis only. */
const FRESH = new Set(['rpcmaxwebsockets exceeded', 'stop over websocket']);
/** Text after this comes from a library of the recorded node. */
const PARSE_ERROR = 'Failed to parse request: ';

function credentialsOf(name: string): string | null {
  if (name === 'http basic auth wrong') return 'user:wrong';
  if (name === 'http basic auth limited') return LIMITED;
  return /^(?:authenticate|limited user|first message|unauthenticated)/u.test(name) ? null : ADMIN;
}

/** Plays recorded connections on new nodes. */
class Player {
  readonly #context: SuiteContext;
  readonly #fixture: Fixture;

  constructor(context: SuiteContext, fixture: Fixture) {
    this.#context = context;
    this.#fixture = fixture;
  }

  async play(transcript: Transcript): Promise<void> {
    const { name, log, handshakeStatusLine } = transcript;
    const node = await this.#startNode(transcript);
    const others = name === 'rpcmaxwebsockets exceeded' ? [await SocketUser.open(node.port, ADMIN)] : [];
    try {
      const user = await SocketUser.connect(node.port, credentialsOf(name));
      const status = typeof user === 'number' ? user : 101;
      await this.#context.check(`${name}: handshake`, () => match(handshakeStatusLine, new RegExp(` ${status} `, 'u')));
      if (typeof user === 'number') return;
      others.push(user);
      for (const [place, step] of log.entries()) await this.#step(node, user, transcript, place, step);
      if (!log.some(({ dir }) => dir === 'closed')) {
        await user.settle();
        await this.#context.check(`${name}: nothing else`, () =>
          strictEqual(user.answers.size + user.notifications.size, 0),
        );
      }
    } finally {
      for (const each of others) each.close();
      await node.stop();
    }
  }

  async #startNode({ name }: Transcript): Promise<RpcNode> {
    let stop: (() => Promise<void>) | undefined;
    const control: RpcPorts['control'] = { uptime: () => 0, requestShutdown: () => void stop?.() };
    const maxWebSockets = name === 'rpcmaxwebsockets exceeded' ? 1 : 25;
    const node = await startRpcNode({ control }, { maxWebSockets });
    stop = () => node.stop();
    if (FRESH.has(name)) return node;
    for (let block = 1; block <= FIRST_BLOCKS; block++) await this.#do(node, `submitblock ${block}`);
    for (const what of PRELUDES[name] ?? []) await this.#do(node, what);
    return node;
  }

  /** Does what is told in words like `submitblock forkA[1] (…)`. */
  async #do(node: RpcNode, what: string): Promise<void> {
    const { blocks, transactions } = this.#fixture;
    const [, method, named] = /^(submitblock|sendrawtransaction) (\S+)/u.exec(what) ?? [];
    if (method === undefined) return;
    const name = named === 'duplicate' ? '131' : named.replace(/[[\]]/gu, '');
    const hex = method === 'submitblock' ? blocks.find((block) => block.name === name)?.hex : transactions[name]?.hex;
    if (hex === undefined) throw new Error(`${what}: not in the fixture`);
    await callRpc(node.port, ADMIN, method, [hex]);
  }

  async #step(node: RpcNode, user: SocketUser, { name, log }: Transcript, place: number, step: Step): Promise<void> {
    const context = this.#context;
    const title = `${name}: step ${place}, ${step.what ?? step.dir}`;
    switch (step.dir) {
      case 'send':
        // Once a frame of the protocol itself stands among the messages; its answer is the next step.
        if (log[place + 1]?.what?.includes('ping frame')) return;
        return this.#send(user, step.message, name === 'binary frame and ping' && place === 0);
      case 'event':
        if (step.what?.includes('ping frame')) return context.check(title, () => user.settle());
        return this.#do(node, step.what ?? '');
      case 'closed':
        return this.#checkClosed(user, title, name);
      case 'nothing':
        return this.#checkNothing(user, title, log[place - 1]);
      case 'recv':
        return this.#checkReceived(user, title, step);
    }
  }

  #send(user: SocketUser, message: unknown, binary: boolean): void {
    user.socket.send(typeof message === 'string' ? message : JSON.stringify(message), { binary });
  }

  async #checkClosed(user: SocketUser, title: string, name: string): Promise<void> {
    const { code } = await user.closed;
    if (name === 'stop over websocket') this.#context.deviation(title, 'a close frame says that the node goes away');
    else await this.#context.check(title, () => strictEqual(code, null));
  }

  async #checkNothing(user: SocketUser, title: string, sent: Step | undefined): Promise<void> {
    if (String(sent?.message).includes('"id":true')) {
      this.#context.deviation(title, 'an id of a wrong type is answered with an error');
      strictEqual((await user.answers.take())?.text.includes('-32600'), true);
      return;
    }
    await user.settle();
    await this.#context.check(title, () => strictEqual(user.answers.size + user.notifications.size, 0));
  }

  /** The order of an answer among notifications is open, so each kind is taken by itself. */
  async #checkReceived(user: SocketUser, title: string, step: Step): Promise<void> {
    const expected = step.message as Readonly<Record<string, unknown>>;
    const isNotification = 'method' in expected;
    const received = await (isNotification ? user.notifications : user.answers).take();
    const { result } = expected;
    if (received && typeof result === 'string' && result.startsWith('addnode ')) {
      await this.#checkMethodList(title, result, received);
      return;
    }
    await this.#context.check(title, () => {
      if (!received) throw new Error('the connection was closed');
      compareMessage(step, expected, received);
    });
  }

  async #checkMethodList(title: string, expected: string, received: ReceivedMessage): Promise<void> {
    const lines = expected.split('\n');
    const names = new Set(lines.map(nameOf));
    const actual = String(received.value.result).split('\n');
    const ours = actual.map(nameOf).filter((name) => !names.has(name));
    this.#context.deviation(title, `help is listed once, and ${ours.join(' ')} as well`);
    await this.#context.check(title, () =>
      strictEqual(actual.filter((line) => names.has(nameOf(line))).join('\n'), [...new Set(lines)].join('\n')),
    );
  }
}

function nameOf(usage: string): string {
  return usage.split(' ')[0];
}

function compareMessage(step: Step, expected: Readonly<Record<string, unknown>>, received: ReceivedMessage): void {
  if (step.usageOnly) {
    strictEqual(String(received.value.result).split('\n')[0], expected.result);
  } else if (step.volatile) {
    match(received.text, /^\{"result":\{"sessionid":\d+\},"error":null,"id":\d+\}$/u);
  } else if (JSON.stringify(expected).includes(PARSE_ERROR)) {
    match(
      received.text,
      new RegExp(`^\\{"result":null,"error":\\{"code":-32700,"message":"${PARSE_ERROR}.*"id":null\\}$`, 'u'),
    );
  } else {
    strictEqual(received.text, step.text ?? JSON.stringify(expected));
  }
}

/** Comparison of the WebSocket interface with recorded nodes. */
export const webSocketSuites: readonly Suite[] = [
  {
    name: 'websocket',
    async run(context) {
      const { transcripts } = context.json<{ readonly transcripts: readonly Transcript[] }>(FILE);
      const player = new Player(context, context.json<Fixture>('rpc/fixture.json.gz'));
      for (const transcript of transcripts) await player.play(transcript);
    },
  },
];
