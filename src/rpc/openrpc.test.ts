import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { expect, test } from 'vitest';
import { rpcMethods } from './methods/index.ts';
import { openRpcDocument } from './openrpc.ts';

/** The package gives its schema a name that its types do not know. */
const { openrpcDocument: metaSchema } = createRequire(import.meta.url)('@open-rpc/meta-schema') as {
  readonly openrpcDocument: Readonly<Record<string, unknown>>;
};

/** The document as a client sees it. */
const document = JSON.parse(JSON.stringify(openRpcDocument(rpcMethods, '2.1.1'))) as {
  readonly methods: readonly {
    readonly name: string;
    readonly params: readonly { readonly name: string; readonly schema: object }[];
    readonly result: { readonly schema: object };
  }[];
};

test('is an OpenRPC document', () => {
  // What the meta schema takes from that of JSON Schema; the next test compiles every schema.
  const jsonSchema = {
    type: ['object', 'boolean'],
    definitions: { JSONSchemaObject: { properties: { $ref: { type: 'string' } } } },
  };
  // It is referred to by two names.
  const schemas = ['https://meta.json-schema.tools', 'https://meta.json-schema.tools/'].map(($id) => ({
    $id,
    ...jsonSchema,
  }));
  const ajv = new Ajv({ strict: false, formats: { uri: true }, schemas });
  const { $schema: _, ...schema } = metaSchema;
  const isValid = ajv.compile(schema);
  expect(isValid(document), JSON.stringify(isValid.errors)).toBe(true);
});

test('has a schema that can be used for every parameter and result', () => {
  const ajv = new Ajv({ strict: false });
  for (const { name, params, result } of document.methods) {
    expect(() => ajv.compile(result.schema), name).not.toThrow();
    for (const param of params) expect(() => ajv.compile(param.schema), `${name} ${param.name}`).not.toThrow();
  }
});

test('describes every method that can be called over HTTP, once, with its units', () => {
  const names = document.methods.map(({ name }) => name);
  const callable = [...rpcMethods.values()].filter(({ status, scope }) => status === 'built' && scope === 'http');
  expect(names).toEqual(callable.map(({ name }) => name).sort());
  expect(document.methods.find(({ name }) => name === 'getmempoolinfo')).toMatchObject({
    paramStructure: 'either',
    result: {
      schema: { properties: { bytes: { type: 'integer', description: '(bytes)' } }, required: ['size', 'bytes'] },
    },
  });
  expect(document.methods.find(({ name }) => name === 'getblock')?.params[1]).toMatchObject({
    name: 'verbose',
    required: false,
    schema: { type: 'boolean', default: true },
  });
});
