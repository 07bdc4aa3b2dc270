import type { Logger } from '../util/log.ts';
import { messageOf, RpcError, RpcErrorCode } from './errors.ts';
import { encodeJson, type JsonResult } from './json/encode.ts';
import { JsonParseError, parseJson } from './json/parse.ts';
import {
  isJsonArray,
  isJsonObject,
  JsonNumber,
  type JsonObject,
  type JsonValue,
  jsonKind,
  jsonMember,
} from './json/value.ts';
import type { CallContext, Caller, Method } from './methods/define.ts';
import type { RpcPorts } from './ports.ts';

/** Whose credentials a request carries. */
export type RpcUser = 'admin' | 'limited';

/** What {@link RpcDispatcher} needs. */
export interface DispatcherDeps {
  readonly methods: ReadonlyMap<string, Method>;
  readonly ports: RpcPorts;
  readonly logger: Logger;
}

/** How a dispatcher treats requests. */
export interface DispatcherOptions {
  /** Answer requests without id if they have no `jsonrpc` member either, as bitcoind does. */
  readonly quirks: boolean;
}

/** The parts of a request after its envelope has been checked. */
interface Request {
  /** JSON text of the id for the answer. */
  readonly id: string;
  readonly method: string;
  readonly params: readonly JsonValue[];
}

const BAD_ID = 'Invalid request: the id must be a string or a number';

/**
 * Turns the text of a request into the text of its answer: envelope, permission, method, parameters, handler. The rules
 * are in docs/rpc.md. Knows nothing of the transport.
 */
export class RpcDispatcher {
  readonly #deps: DispatcherDeps;
  readonly #quirks: boolean;

  constructor(options: DispatcherOptions, deps: DispatcherDeps) {
    this.#deps = deps;
    this.#quirks = options.quirks;
  }

  /** Answers one request. The answer is one JSON object without a line end. Never rejects. */
  async handle(body: string, user: RpcUser, caller: Caller): Promise<string> {
    let request: Request;
    try {
      request = readRequest(body, this.#quirks);
    } catch (error) {
      if (error instanceof RpcError) return errorAnswer(error, 'null');
      throw error;
    }
    try {
      const result = await this.#run(request, user, caller);
      return `{"result":${encodeJson(result)},"error":null,"id":${request.id}}`;
    } catch (error) {
      return errorAnswer(this.#asRpcError(error, request.method), request.id);
    }
  }

  async #run({ method: name, params }: Request, user: RpcUser, caller: Caller): Promise<JsonResult> {
    const { methods, ports } = this.#deps;
    const method = methods.get(name);
    if (user === 'limited' && !method?.limited)
      throw new RpcError(RpcErrorCode.invalidParams, 'limited user not authorized for this method');
    if (!method) throw new RpcError(RpcErrorCode.methodNotFound, 'Method not found');
    const context: CallContext = { ports, caller, methods };
    const result = await method.call(context, params);
    if (result === undefined) throw new RpcError(RpcErrorCode.methodNotFound, 'Method not found');
    return result;
  }

  #asRpcError(error: unknown, method: string): RpcError {
    if (error instanceof RpcError) return error;
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#deps.logger.error(`RPC method ${method} failed: ${detail}`);
    return new RpcError(RpcErrorCode.internal, messageOf(error));
  }
}

function errorAnswer(error: RpcError, id: string): string {
  const body = encodeJson({ code: error.code, message: error.message });
  return `{"result":${encodeJson(error.result)},"error":${body},"id":${id}}`;
}

/** @throws {RpcError} -32700 if the text is no request, -32600 if it has no usable id. */
function readRequest(body: string, quirks: boolean): Request {
  const value = parseBody(body);
  if (!isJsonObject(value)) throw parseError(`a request is an object, not ${jsonKind(value)}`);
  const version = stringMember(value, 'jsonrpc');
  const id = jsonMember(value, 'id') ?? null;
  return {
    id: id === null && quirks && version === '' ? 'null' : idText(id),
    method: stringMember(value, 'method'),
    params: arrayMember(value, 'params'),
  };
}

function parseBody(body: string): JsonValue {
  try {
    // The text null reads as a request without members.
    return parseJson(body) ?? new Map();
  } catch (error) {
    if (error instanceof JsonParseError) throw parseError(error.message);
    throw error;
  }
}

/** A member that must be a string; empty if it is absent or null. */
function stringMember(request: JsonObject, name: string): string {
  const value = jsonMember(request, name) ?? '';
  if (typeof value !== 'string') throw parseError(`member ${name} must be a string, not ${jsonKind(value)}`);
  return value;
}

/** A member that must be an array; empty if it is absent or null. */
function arrayMember(request: JsonObject, name: string): readonly JsonValue[] {
  const value = jsonMember(request, name) ?? [];
  if (!isJsonArray(value)) throw parseError(`member ${name} must be an array, not ${jsonKind(value)}`);
  return value;
}

/** Numbers make a round trip through a double; other types than strings and numbers can not be matched by any client. */
function idText(id: JsonValue): string {
  if (typeof id === 'string') return encodeJson(id);
  if (id instanceof JsonNumber && Number.isFinite(id.value)) return encodeJson(id.value);
  throw new RpcError(RpcErrorCode.invalidRequest, BAD_ID);
}

function parseError(reason: string): RpcError {
  return new RpcError(RpcErrorCode.parse, `Failed to parse request: ${reason}`);
}
