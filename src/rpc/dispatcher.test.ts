import { describe, expect, test } from 'vitest';
import { silentLogger } from '../util/log.ts';
import { RpcDispatcher } from './dispatcher.ts';
import { RpcError, RpcErrorCode } from './errors.ts';
import { defineMethod, type Method } from './methods/define.ts';
import { required } from './params/signature.ts';
import { string } from './params/types.ts';
import { idlePorts } from './testing/idle-ports.ts';

const methods: readonly Method[] = [
  defineMethod({
    name: 'echo',
    limited: true,
    params: [required('text', string, '')],
    run: (_, [text]) => text,
  }),
  defineMethod({
    name: 'broken',
    run: () => {
      throw new TypeError('a programming error');
    },
  }),
  defineMethod({
    name: 'failing',
    run: async () => {
      throw new RpcError(RpcErrorCode.internal, 'no luck', -1);
    },
  }),
  defineMethod({ name: 'reserved' }),
  defineMethod({ name: 'refused', refusal: 'not here' }),
];

function setUp(quirks = false) {
  const errors: string[] = [];
  const dispatcher = new RpcDispatcher(
    { quirks },
    {
      methods: new Map(methods.map((method) => [method.name, method])),
      ports: idlePorts(),
      logger: { ...silentLogger, error: (message) => errors.push(message) },
    },
  );
  const caller = { address: '127.0.0.1:1', signal: new AbortController().signal };
  const ask = (body: string, user: 'admin' | 'limited' = 'admin') => dispatcher.handle(body, user, caller);
  return { ask, errors };
}

describe('RpcDispatcher', () => {
  test('answers with result, error and id in this order', async () => {
    const { ask } = setUp();
    expect(await ask('{"id":"<x>","method":"echo","params":["a"]}')).toBe(
      '{"result":"a","error":null,"id":"\\u003cx\\u003e"}',
    );
    expect(await ask('{"id":1.0,"method":"failing"}')).toBe(
      '{"result":-1,"error":{"code":-32603,"message":"no luck"},"id":1}',
    );
  });

  test('a programming error is the answer and is logged with its place', async () => {
    const { ask, errors } = setUp();
    expect(await ask('{"id":1,"method":"broken"}')).toContain('{"code":-32603,"message":"a programming error"}');
    expect(errors[0]).toMatch(/^RPC method broken failed: TypeError: a programming error\n/u);
  });

  test('reserved names are not found and refused ones refused, after the parameter check', async () => {
    const { ask } = setUp();
    expect(await ask('{"id":1,"method":"reserved","params":[1]}')).toContain('"code":-32602');
    expect(await ask('{"id":1,"method":"reserved"}')).toContain('{"code":-32601,"message":"Method not found"}');
    expect(await ask('{"id":1,"method":"refused"}')).toContain('{"code":-1,"message":"not here"}');
    expect(await ask('{"id":1,"method":"constructor"}')).toContain('"code":-32601');
  });

  test('the limited user learns nothing about what it may not call', async () => {
    const { ask } = setUp();
    const refusal = '{"code":-32602,"message":"limited user not authorized for this method"}';
    expect(await ask('{"id":1,"method":"failing"}', 'limited')).toContain(refusal);
    expect(await ask('{"id":1,"method":"nosuch"}', 'limited')).toContain(refusal);
    expect(await ask('{"id":1,"method":"echo","params":["a"]}', 'limited')).toContain('"result":"a"');
  });

  test.each(['{}', 'null', '{"id":null,"method":"echo","params":["a"]}', '{"id":true}', '{"id":[1]}', '{"id":1e999}'])(
    'without usable id: %s',
    async (body) => {
      expect(await setUp().ask(body)).toMatch(/^\{"result":null,"error":\{"code":-32600,.*\},"id":null\}$/u);
    },
  );

  test('quirks: no id and no version, or an empty one', async () => {
    const { ask } = setUp(true);
    expect(await ask('{"method":"echo","params":["a"]}')).toBe('{"result":"a","error":null,"id":null}');
    expect(await ask('{"jsonrpc":"","method":"echo","params":["a"]}')).toContain('"result":"a"');
    expect(await ask('{"jsonrpc":"1.0","method":"echo","params":["a"]}')).toContain('"code":-32600');
  });

  test.each([
    '',
    '[]',
    '1',
    '"x"',
    '{"id":1,"jsonrpc":2.0}',
    '{"id":1,"method":5}',
    '{"id":1,"params":{}}',
    '{"id":1,"params":"x"}',
  ])('is no request: %s', async (body) => {
    expect(await setUp().ask(body)).toMatch(
      /^\{"result":null,"error":\{"code":-32700,"message":"Failed to parse request: .*"\},"id":null\}$/u,
    );
  });
});
