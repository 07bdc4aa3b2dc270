import { describe, expect, test } from 'vitest';
import { silentLogger } from '../util/log.ts';
import { MAX_BATCH_REQUESTS, RpcDispatcher } from './dispatcher.ts';
import { RpcError, RpcErrorCode } from './errors.ts';
import { defineMethod, type Method } from './methods/define.ts';
import { optional, required } from './params/signature.ts';
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
    name: 'pair',
    params: [required('first', string, ''), optional('second', string, '', 'none'), optional('third', string, '', '')],
    run: (_, values) => values.map((value) => value ?? null),
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

function setUp(quirks = false, more: readonly Method[] = []) {
  const errors: string[] = [];
  const dispatcher = new RpcDispatcher(
    { quirks },
    {
      methods: new Map([...methods, ...more].map((method) => [method.name, method])),
      ports: idlePorts(),
      logger: { ...silentLogger, error: (message) => errors.push(message) },
    },
  );
  const caller = { address: '127.0.0.1:1', signal: new AbortController().signal };
  const ask = (body: string, user: 'admin' | 'limited' = 'admin') => dispatcher.handle(body, user, caller);
  return { ask, errors, dispatcher };
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

describe('JSON-RPC 2.0', () => {
  const answerTo = async (body: unknown, user: 'admin' | 'limited' = 'admin') =>
    setUp().ask(typeof body === 'string' ? body : JSON.stringify(body), user);

  test('a result has no error beside it, and an error no result', async () => {
    expect(await answerTo({ jsonrpc: '2.0', id: 'a', method: 'echo', params: ['x'] })).toBe(
      '{"jsonrpc":"2.0","result":"x","id":"a"}',
    );
    expect(await answerTo({ jsonrpc: '2.0', id: 1, method: 'failing' })).toBe(
      '{"jsonrpc":"2.0","error":{"code":-32603,"message":"no luck"},"id":1}',
    );
    expect(await answerTo({ jsonrpc: '2.0', id: null, method: 'echo', params: ['x'] })).toBe(
      '{"jsonrpc":"2.0","result":"x","id":null}',
    );
  });

  test('parameters by name, in any order, with the declared defaults', async () => {
    const result = async (params: object) => {
      const { result, error } = JSON.parse((await answerTo({ jsonrpc: '2.0', id: 1, method: 'pair', params })) ?? '');
      return error ?? result;
    };
    expect(await result({ third: 'c', first: 'a' })).toEqual(['a', 'none', 'c']);
    expect(await result({ first: 'a', second: null })).toEqual(['a', null, '']);
    expect(await result({ second: 'b' })).toEqual({ code: -32602, message: "parameter 'first' is missing" });
    expect(await result({ first: 'a', fourth: 'd' })).toEqual({ code: -32602, message: "unknown parameter 'fourth'" });
    expect(await result({ first: 1 })).toMatchObject({ code: -32602 });
    // A 1.0 client means a list.
    expect(await answerTo({ jsonrpc: '1.0', id: 1, method: 'pair', params: { first: 'a' } })).toContain('-32700');
  });

  test('a request without id is carried out and gets no answer, whatever becomes of it', async () => {
    let calls = 0;
    const counting = defineMethod({ name: 'count', run: () => ++calls });
    const { ask } = setUp(false, [counting]);
    expect(await ask('{"jsonrpc":"2.0","method":"count"}')).toBeUndefined();
    expect(calls).toBe(1);
    expect(await ask('{"jsonrpc":"2.0","method":"nosuch"}')).toBeUndefined();
    expect(await ask('{"jsonrpc":"1.0","method":"count"}')).toContain('-32600');
    expect(calls).toBe(1);
  });

  test.each([
    [{ jsonrpc: '2.0', id: 1 }, 'method must be a string'],
    [{ jsonrpc: '2.0', id: 1, method: 5 }, 'method must be a string'],
    [{ jsonrpc: '2.0', id: 1, method: 'echo', params: 'x' }, 'params must be an array or an object'],
    [{ jsonrpc: '2.0', id: [], method: 'echo' }, 'the id must be'],
  ])('is no request: %j', async (request, message) => {
    const answer = JSON.parse((await answerTo(request)) ?? '');
    expect(answer).toMatchObject({ jsonrpc: '2.0', error: { code: -32600 }, id: null });
    expect(answer.error.message).toContain(message);
  });

  test('a batch: every member in order, notifications left out, each in its own version', async () => {
    const batch = [
      { jsonrpc: '2.0', id: 1, method: 'echo', params: ['a'] },
      { jsonrpc: '2.0', method: 'echo', params: ['b'] },
      5,
      { jsonrpc: '2.0', id: 2, method: 'nosuch' },
      { jsonrpc: '1.0', id: 3, method: 'echo', params: ['c'] },
      { jsonrpc: '2.0', id: 4, method: 'failing' },
    ];
    expect(await answerTo(batch)).toBe(
      `[${[
        '{"jsonrpc":"2.0","result":"a","id":1}',
        '{"result":null,"error":{"code":-32700,"message":"Failed to parse request: a request is an object, not number"},"id":null}',
        '{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":2}',
        '{"result":"c","error":null,"id":3}',
        '{"jsonrpc":"2.0","error":{"code":-32603,"message":"no luck"},"id":4}',
      ].join()}]`,
    );
    expect(await answerTo([{ jsonrpc: '2.0', method: 'echo', params: ['b'] }])).toBeUndefined();
  });

  test('a list without any 2.0 request is what it is for soterd 2.1.1: no request', async () => {
    for (const body of ['[]', '[1]', '[{"jsonrpc":"1.0","id":1,"method":"echo","params":["a"]}]'])
      expect(await answerTo(body)).toContain('"code":-32700');
  });

  test('a batch is bounded in number, and in what it may answer', async () => {
    const request = { jsonrpc: '2.0', id: 1, method: 'echo', params: ['a'] };
    const most = JSON.parse((await answerTo(Array(MAX_BATCH_REQUESTS).fill(request))) ?? '');
    expect(most).toHaveLength(MAX_BATCH_REQUESTS);
    expect(JSON.parse((await answerTo(Array(MAX_BATCH_REQUESTS + 1).fill(request))) ?? '')).toMatchObject({
      jsonrpc: '2.0',
      error: { code: -32600 },
    });
    const large = defineMethod({ name: 'large', run: () => 'x'.repeat(30 * 1024 * 1024) });
    const { ask } = setUp(false, [large]);
    const calls = Array.from({ length: 5 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'large' }));
    const answers = JSON.parse((await ask(JSON.stringify(calls))) ?? '') as { readonly error?: { code: number } }[];
    expect(answers.map(({ error }) => error?.code)).toEqual([undefined, undefined, undefined, -32603, -32603]);
  });

  test('nobody waits for the rest of a batch whose client has gone', async () => {
    const gone = new AbortController();
    let calls = 0;
    const leaving = defineMethod({
      name: 'leaving',
      run: () => {
        if (++calls === 2) gone.abort();
        return null;
      },
    });
    const { dispatcher } = setUp(false, [leaving]);
    const request = { jsonrpc: '2.0', id: 1, method: 'leaving' };
    const caller = { address: '127.0.0.1:1', signal: gone.signal };
    await dispatcher.handle(JSON.stringify(Array(5).fill(request)), 'admin', caller);
    expect(calls).toBe(2);
  });
});
