import { RpcErrorCode } from './errors.ts';
import type { JsonResult } from './json/encode.ts';
import type { Method } from './methods/define.ts';
import { usageLine } from './params/signature.ts';
import { jsonSchemaOf } from './schema/json-schema.ts';

/** Version of the OpenRPC specification (https://spec.open-rpc.org) that the document follows. */
const OPENRPC_VERSION = '1.3.2';

/** Codes below JSON-RPC's own are of Bitcoin's interface; the names are those of docs/rpc.md. */
const ERROR_TEXTS: Readonly<Record<keyof typeof RpcErrorCode, string>> = {
  parse: 'The request is no JSON, or no request',
  invalidRequest: 'The envelope of the request is wrong',
  methodNotFound: 'Method not found',
  invalidParams: 'Wrong parameters, or not allowed for the limited user',
  internal: 'Failure inside the node',
  misc: 'Various',
  type: 'Wrong type of value',
  notFound: 'Not found',
  invalidParameter: 'Wrong value',
  notConnected: 'No peers',
  downloading: 'The node has not caught up yet',
  database: 'Failure of the database',
  decode: 'Data can not be read',
  nodeAlreadyAdded: 'Banned already',
  nodeNotAdded: 'Not an added node',
  verify: 'A proposed block could not be judged',
  invalidIpOrSubnet: 'Not an IP or network, or not banned',
};

/**
 * Describes all methods that can be called over HTTP as an OpenRPC document, for clients that are generated or that check what they
 * send.
 * @param version of the node.
 */
export function openRpcDocument(methods: ReadonlyMap<string, Method>, version: string): JsonResult {
  const listed = [...methods.values()]
    .filter(({ status, scope }) => status === 'built' && scope === 'http')
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    openrpc: OPENRPC_VERSION,
    info: {
      title: 'soterd',
      version,
      description:
        'JSON-RPC of a Soter node. Requests with "jsonrpc":"2.0" are answered in that form; all others in that of 1.0, and their parameters are a list.',
      license: { name: 'ISC' },
    },
    methods: listed.map(methodObject),
    components: {
      errors: Object.fromEntries(
        Object.entries(ERROR_TEXTS).map(([name, message]) => [
          name,
          { code: RpcErrorCode[name as keyof typeof RpcErrorCode], message },
        ]),
      ),
    },
  };
}

function methodObject(method: Method): JsonResult {
  const { name, about, params, result, limited, extension } = method;
  return {
    name,
    summary: about,
    description: usageLine(method),
    tags: [{ name: limited ? 'limited' : 'admin' }, ...(extension ? [{ name: 'extension' }] : [])],
    paramStructure: 'either',
    params: params.map((param) => ({
      name: param.name,
      description: param.about,
      required: param.required,
      schema: { ...param.type.schema, default: defaultOf(param.fallback) },
    })),
    result: { name: 'result', schema: result ? jsonSchemaOf(result) : {} },
  };
}

/** Defaults are simple values. */
function defaultOf(value: unknown): JsonResult | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}
