import { describe, expect, test } from 'vitest';
import { RpcError } from '../errors.ts';
import { compactJson } from '../json/encode.ts';
import { parseJson } from '../json/parse.ts';
import { isJsonArray } from '../json/value.ts';
import { decodeParams, optional, paramsFromArguments, required, type Signature, usageLine } from './signature.ts';
import { bool, float64, int64, listOf, mapOf, objectType, string, uint32 } from './types.ts';

const input = objectType('soterjson.TransactionInput', { txid: string, vout: uint32 });
const signature: Signature = {
  name: 'sample',
  params: [
    required('hash', string, ''),
    required('inputs', listOf(input), ''),
    optional('verbose', bool, '', true),
    optional('count', int64, '', -1),
    optional('note', string, ''),
  ],
};

function decode(text: string): unknown {
  const values = parseJson(text);
  if (!isJsonArray(values)) throw new Error('not an array');
  return decodeParams(signature, values);
}

function problem(text: string): string {
  try {
    decode(text);
  } catch (error) {
    if (error instanceof RpcError) return `${error.code} ${error.message}`;
  }
  return 'none';
}

test('the usage line follows from the parameters', () => {
  expect(usageLine(signature)).toBe('sample "hash" [{"txid":"value","vout":n},...] (verbose=true count=-1 "note")');
  expect(usageLine({ name: 'none', params: [] })).toBe('none');
  expect(usageLine({ name: 'm', params: [required('keys', listOf(string), '')] })).toBe('m ["key",...]');
  expect(usageLine({ name: 'm', params: [optional('flags', string, '', 'ALL')] })).toBe('m (flags="ALL")');
});

describe('decodeParams', () => {
  test('defaults apply to what is not given, not to null', () => {
    expect(decode('["a",[]]')).toEqual(['a', [], true, -1, undefined]);
    expect(decode('["a",[],null,null,null]')).toEqual(['a', [], undefined, undefined, undefined]);
    expect(decode('[null,null]')).toEqual(['', [], true, -1, undefined]);
    expect(decode('["a",[{"VOUT":7},null],false]')).toEqual([
      'a',
      [
        { txid: '', vout: 7 },
        { txid: '', vout: 0 },
      ],
      false,
      -1,
      undefined,
    ]);
  });

  test.each([
    ['[]', '-32602 wrong number of params (expected between 2 and 5, received 0)'],
    ['[1,[]]', "-32602 parameter #1 'hash' must be type string (got number)"],
    ['["a",{}]', "-32602 parameter #2 'inputs' must be type []soterjson.TransactionInput (got object)"],
    ['["a",["x"]]', "-32602 parameter #2 'inputs' must be type soterjson.TransactionInput (got string)"],
    ['["a",[{"vout":-1}]]', "-32602 parameter #2 'inputs' must be type uint32 (got number -1)"],
    ['["a",[],1]', "-32602 parameter #3 'verbose' must be type bool (got number)"],
    ['["a",[],true,1.5]', "-32602 parameter #4 'count' must be type int64 (got number 1.5)"],
    ['["a",[],true,1.0]', "-32602 parameter #4 'count' must be type int64 (got number 1.0)"],
    [
      '["a",[],true,9223372036854775808]',
      "-32602 parameter #4 'count' must be type int64 (got number 9223372036854775808)",
    ],
    ['["a",[],true,"1"]', "-32602 parameter #4 'count' must be type int64 (got string)"],
  ])('%s', (text, expected) => {
    expect(problem(text)).toBe(expected);
  });
});

describe('paramsFromArguments', () => {
  const method: Signature = {
    name: 'sample',
    params: [
      required('hash', string, ''),
      optional('verbose', bool, ''),
      optional('count', uint32, ''),
      optional('amounts', mapOf(float64, '{"address":amount,...}'), ''),
      optional('fee', float64, ''),
    ],
  };

  test('converts by type and leaves out what is not given', () => {
    expect(compactJson(paramsFromArguments(method, ['1', 'T', '0x10', '{"a":1.50}', '1e-7']))).toBe(
      '["1",true,16,{"a":1.50},1e-7]',
    );
    expect(compactJson(paramsFromArguments(method, ['x']))).toBe('["x"]');
  });

  test.each([
    [['a', 'maybe'], "parameter #2 'verbose' must parse to a bool"],
    [['a', '1', '1.5'], "parameter #3 'count' must parse to a uint32"],
    [['a', '1', '4294967296'], "parameter #3 'count' overflows destination type uint32"],
    [['a', '1', '1', '['], "parameter #4 'amounts' must be valid JSON which unsmarshals to a map[string]float64"],
    [['a', '1', '1', '[]'], "parameter #4 'amounts' must be valid JSON which unsmarshals to a map[string]float64"],
    [['a', '1', '1', '{}', 'x'], "parameter #5 'fee' must parse to a float64"],
    [[], 'wrong number of params (expected between 1 and 5, received 0)'],
  ])('%j', (texts, message) => {
    expect(() => paramsFromArguments(method, texts)).toThrow(message);
  });
});
