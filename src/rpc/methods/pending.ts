import { RpcError, RpcErrorCode } from '../errors.ts';
import { JsonNumber, type JsonValue } from '../json/value.ts';
import { optional, required } from '../params/signature.ts';
import { bool, int, listOf, objectType, type ParamPlace, type ParamType, string, uint32 } from '../params/types.ts';
import { defineMethod, type Method } from './define.ts';

/** A limit in a template request: a boolean or an integer, never used. */
function templateLimit(name: string): ParamType<null> {
  return {
    typeName: 'interface {}',
    zero: null,
    kind: 'any',
    usage: () => name,
    showDefault: () => '',
    decode: (value: JsonValue, place: ParamPlace) => {
      const isInteger = value instanceof JsonNumber && Number.isInteger(value.value);
      if (typeof value !== 'boolean' && !isInteger)
        throw new RpcError(
          RpcErrorCode.invalidParams,
          `parameter #${place.index} '${place.name}' failed to unmarshal: the ${name} field must be unspecified, a boolean, or a 64-bit integer`,
        );
      return null;
    },
    fromArgument: (text) => text,
  };
}

const templateRequest = objectType('soterjson.templateRequest', {
  mode: string,
  capabilities: listOf(string),
  longpollid: string,
  sigoplimit: templateLimit('sigoplimit'),
  sizelimit: templateLimit('sizelimit'),
  maxversion: uint32,
  target: string,
  data: string,
  workid: string,
});

/** Methods whose part of the node is still to come: their names and parameters are known, nothing else. */
export const pendingMethods: readonly Method[] = [
  defineMethod({
    name: 'getblocktemplate',
    params: [
      optional(
        'request',
        templateRequest,
        'What is wanted.',
        undefined,
        '{"mode":"value","capabilities":["capability",...],"longpollid":"value","sigoplimit":sigoplimit,"sizelimit":sizelimit,"maxversion":n,"target":"value","data":"value","workid":"value"}',
      ),
    ],
  }),
  defineMethod({
    name: 'searchrawtransactions',
    params: [
      required('address', string, 'Address of inputs or outputs.'),
      optional('verbose', int, 'Other than 0: objects.', 1),
      optional('skip', int, 'How many to leave out first.', 0),
      optional('count', int, 'Most results.', 100),
      optional('vinextra', int, 'Other than 0: show the spent outputs.', 0),
      optional('reverse', bool, 'Newest first.', false),
      optional('filteraddrs', listOf(string), 'Only inputs and outputs with these addresses.'),
    ],
    limited: true,
  }),
];
