import { describe, expect, test } from 'vitest';
import { helpText } from '../help.ts';
import type { ResultSchema } from '../schema/result.ts';
import { rpcMethods } from './index.ts';

const built = [...rpcMethods.values()].filter((method) => method.status === 'built');

describe.each(built.map((method) => [method.name, method] as const))('%s', (_, method) => {
  test('says what it does, takes and returns', () => {
    expect(method.about).toMatch(/^[A-Z].*\.$/su);
    expect(method.result).toBeDefined();
    for (const param of method.params) expect(param.about, param.name).not.toBe('');
    expect(helpText(method).split('\n').length).toBeGreaterThan(5);
  });

  test('every number that measures something has its unit, and every name of a few letters its meaning', () => {
    for (const [name, schema] of members(method.result)) {
      if (/time|size$|bytes|fee$/u.test(name) && (schema.kind === 'integer' || schema.kind === 'number'))
        expect(`${schema.unit ?? ''}${schema.about}`, name).not.toBe('');
    }
  });

  test('optional parameters stand behind required ones', () => {
    const needs = method.params.map(({ required }) => required);
    expect(needs).toEqual([...needs].sort((a, b) => Number(b) - Number(a)));
  });
});

/** All members of all objects in a schema. */
function members(schema: ResultSchema | undefined): [string, ResultSchema][] {
  switch (schema?.kind) {
    case 'array':
      return members(schema.items);
    case 'map':
      return members(schema.values);
    case 'choice':
      return schema.cases.flatMap((form) => members(form.schema));
    case 'object':
      return Object.entries(schema.members).flatMap(([name, member]) => [[name, member], ...members(member)]);
    default:
      return [];
  }
}

test('help of a method, whole', () => {
  const method = rpcMethods.get('getblockheader');
  expect(method && helpText(method)).toMatchInlineSnapshot(`
    "getblockheader "hash" (verbose=true)

    The header of a block.

    Arguments:
    1. hash (string, required) Hash of a block.
    2. verbose (boolean, optional, default=true) An object; otherwise the 80 bytes of the header.

    Result (verbose=false):
    "hex"  (string) The 80 bytes of the header

    Result (verbose=true):
    {  (object)
      "hash": "given hash",  (string) As it was given
      "confirmations": n,  (numeric) Difference between the greatest height and that of the block, plus 1
      "height": n,  (numeric)
      "version": n,  (numeric)
      "versionHex": "hex",  (string)
      "merkleroot": "hash",  (string)
      "time": n,  (numeric, Unix seconds)
      "nonce": n,  (numeric)
      "bits": "hex",  (string) Compact target
      "difficulty": n,  (numeric)
      "previousblockhash": "hash",  (string) Digest of the tips it was built on; zeros for genesis
      "nextblockhashes": [  (array, optional) All blocks of the next height
        "hash",  (string)
        ...
      ]
    }"
  `);
});
