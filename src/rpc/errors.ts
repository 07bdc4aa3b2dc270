import type { JsonResult } from './json/encode.ts';

/** Error codes of the reference node; -32xxx are JSON-RPC's own, the others come from Bitcoin's interface. */
export const RpcErrorCode = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  misc: -1,
  type: -3,
  notFound: -5,
  invalidParameter: -8,
  notConnected: -9,
  downloading: -10,
  database: -20,
  decode: -22,
  nodeAlreadyAdded: -23,
  nodeNotAdded: -24,
  verify: -25,
  invalidIpOrSubnet: -30,
} as const;

/** A value of {@link RpcErrorCode}. */
export type RpcErrorCode = (typeof RpcErrorCode)[keyof typeof RpcErrorCode];

/** An error that the client sees: code, message, and for a few methods a result beside it. */
export class RpcError extends Error {
  override name = 'RpcError';
  readonly code: RpcErrorCode;
  /** Stands in the `result` member of the answer instead of null. */
  readonly result: JsonResult;

  constructor(code: RpcErrorCode, message: string, result: JsonResult = null) {
    super(message);
    this.code = code;
    this.result = result;
  }
}

/** The error of a parameter that should have been hexadecimal. */
export function hexError(text: string): RpcError {
  return new RpcError(RpcErrorCode.decode, `Argument must be hexadecimal string (not "${text}")`);
}

/** The message of a thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
