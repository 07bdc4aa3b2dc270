/** JSON-RPC: transport, authentication, methods. See docs/rpc.md. */
export type * from './event-ports.ts';
export { compactJson, prettyJson } from './json/encode.ts';
export { JsonParseError, parseJson } from './json/parse.ts';
export { isJsonArray, isJsonObject, JsonNumber, type JsonObject, type JsonValue, jsonMember } from './json/value.ts';
export type { Method, MethodScope } from './methods/define.ts';
export { rpcMethods } from './methods/index.ts';
export { ArgumentsError, paramsFromArguments, usageLine } from './params/signature.ts';
export type * from './ports.ts';
export { methodReference } from './reference.ts';
export { RpcServer, type RpcServerDeps, type RpcServerOptions } from './server.ts';
export type * from './transaction-ports.ts';
export type { Credentials } from './transport/auth.ts';
export type { TlsIdentity } from './transport/listener.ts';
