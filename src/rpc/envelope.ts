import { RpcError, RpcErrorCode } from './errors.ts';
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

/**
 * Versions of JSON-RPC. What a request calls itself decides the form of its answer; every name but `2.0` counts as 1.0, which
 * is what soterd 2.1.1 speaks.
 */
export type RpcVersion = '1.0' | '2.0';

/** The parts of a request after its envelope has been checked. */
export interface Request {
  readonly version: RpcVersion;
  /** JSON text of the id for the answer; undefined if the request has none. */
  readonly id: string | undefined;
  readonly method: string;
  readonly params: readonly JsonValue[];
  /** Parameters by name, instead of the list; 2.0 only. */
  readonly named: JsonObject | undefined;
}

const NO_PARAMS: readonly JsonValue[] = [];
const VERSION_2 = '2.0';
/** The id of an answer to what has none. */
const NO_ID = 'null';
const BAD_ID = 'Invalid request: the id must be a string or a number';

/** The error of a request whose id can not be sent back. */
export function badId(): RpcError {
  return new RpcError(RpcErrorCode.invalidRequest, BAD_ID);
}

/**
 * The JSON value in the text of a request.
 * @throws {RpcError} -32700
 */
export function parseBody(body: string): JsonValue {
  try {
    return parseJson(body);
  } catch (error) {
    if (error instanceof JsonParseError) throw parseError(error.message);
    throw error;
  }
}

/** Which version a request calls itself, in whatever state the rest of it is. */
export function versionOf(value: JsonValue): RpcVersion {
  return isJsonObject(value) && jsonMember(value, 'jsonrpc') === VERSION_2 ? '2.0' : '1.0';
}

/** True for a batch. Only 2.0 knows batches: a list without any such request is no request at all. */
export function isBatch(value: JsonValue): value is readonly JsonValue[] {
  return isJsonArray(value) && value.some((member) => versionOf(member) === '2.0');
}

/**
 * Reads the envelope of a request.
 * @throws {RpcError} -32700 if the value is no request (in 2.0: -32600), -32600 if it has an id of a wrong type.
 */
export function readRequest(value: JsonValue, quirks: boolean): Request {
  return versionOf(value) === '2.0' ? readVersion2(value) : readVersion1(value, quirks);
}

function readVersion1(value: JsonValue, quirks: boolean): Request {
  // The text null reads as a request without members.
  const members = value ?? new Map<string, JsonValue>();
  if (!isJsonObject(members)) throw parseError(`a request is an object, not ${jsonKind(members)}`);
  const version = stringMember(members, 'jsonrpc');
  const id = jsonMember(members, 'id') ?? null;
  return {
    version: '1.0',
    id: id !== null ? idText(id) : quirks && version === '' ? NO_ID : undefined,
    method: stringMember(members, 'method'),
    params: arrayMember(members, 'params'),
    named: undefined,
  };
}

/** Version 2.0 of the specification (https://www.jsonrpc.org/specification). */
function readVersion2(value: JsonValue): Request {
  const members: JsonObject = isJsonObject(value) ? value : new Map();
  const id = jsonMember(members, 'id');
  const method = jsonMember(members, 'method');
  const params = jsonMember(members, 'params') ?? NO_PARAMS;
  const idOrNothing = id === undefined ? undefined : id === null ? NO_ID : idText(id);
  if (typeof method !== 'string') throw invalidRequest('member method must be a string');
  const envelope = { version: '2.0', id: idOrNothing, method } as const;
  if (isJsonArray(params)) return { ...envelope, params, named: undefined };
  if (isJsonObject(params)) return { ...envelope, params: NO_PARAMS, named: params };
  throw invalidRequest('member params must be an array or an object');
}

/** The answer to a request that was carried out: one JSON object without a line end. */
export function resultAnswer(result: JsonResult, version: RpcVersion, id: string): string {
  return version === '2.0'
    ? `{"jsonrpc":"2.0","result":${encodeJson(result)},"id":${id}}`
    : `{"result":${encodeJson(result)},"error":null,"id":${id}}`;
}

/** The answer to a request that was not. 1.0 has a result beside the error. */
export function errorAnswer(error: RpcError, version: RpcVersion, id = NO_ID): string {
  const body = encodeJson({ code: error.code, message: error.message });
  return version === '2.0'
    ? `{"jsonrpc":"2.0","error":${body},"id":${id}}`
    : `{"result":${encodeJson(error.result)},"error":${body},"id":${id}}`;
}

/** A member that must be a string; empty if it is absent or null. */
function stringMember(request: JsonObject, name: string): string {
  const value = jsonMember(request, name) ?? '';
  if (typeof value !== 'string') throw parseError(`member ${name} must be a string, not ${jsonKind(value)}`);
  return value;
}

/** A member that must be an array; empty if it is absent or null. */
function arrayMember(request: JsonObject, name: string): readonly JsonValue[] {
  const value = jsonMember(request, name) ?? NO_PARAMS;
  if (!isJsonArray(value)) throw parseError(`member ${name} must be an array, not ${jsonKind(value)}`);
  return value;
}

/** Numbers make a round trip through a double; other types than strings and numbers can not be matched by any client. */
function idText(id: JsonValue): string {
  if (typeof id === 'string') return encodeJson(id);
  if (id instanceof JsonNumber && Number.isFinite(id.value)) return encodeJson(id.value);
  throw badId();
}

function parseError(reason: string): RpcError {
  return new RpcError(RpcErrorCode.parse, `Failed to parse request: ${reason}`);
}

function invalidRequest(reason: string): RpcError {
  return new RpcError(RpcErrorCode.invalidRequest, `Invalid request: ${reason}`);
}
