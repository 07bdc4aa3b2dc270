import { RpcError, RpcErrorCode } from '../errors.ts';
import type { JsonResult } from '../json/encode.ts';
import type { JsonValue } from '../json/value.ts';
import { type AnyParam, decodeParams, type ParamValues, type Signature } from '../params/signature.ts';
import type { RpcPorts } from '../ports.ts';
import type { ResultSchema } from '../schema/result.ts';
import type { SocketSession } from '../websocket/session.ts';

/** Who sends a call, as far as a handler may care. */
export interface Caller {
  /** Remote address, `ip:port`. */
  readonly address: string;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/** What a handler works with. */
export interface CallContext {
  readonly ports: RpcPorts;
  readonly caller: Caller;
  /** The client, if it calls over a WebSocket. */
  readonly session?: SocketSession;
  /** All methods, for `help`. */
  readonly methods: ReadonlyMap<string, Method>;
}

/** How a method can be called. */
export type MethodScope = 'http' | 'websocket' | 'notification';

/** A method of the interface: everything about it, from which validation, help and soterctl's arguments follow. */
export interface Method extends Signature {
  /** True if the limited user may call it. */
  readonly limited: boolean;
  /** Over which transport it is known; notifications are names that only the server sends. */
  readonly scope: MethodScope;
  /** Listed by soterctl as a command for a wallet server. */
  readonly wallet: boolean;
  /** Soterd 2.1.1 does not have it. */
  readonly extension: boolean;
  /** What the method does, for `help`. */
  readonly about: string;
  /** What it returns; absent only where it never returns anything. */
  readonly result: ResultSchema | undefined;
  /**
   * What becomes of a call once its parameters have been checked: `built` runs a handler, `refused` is answered with a
   * fixed error, `reserved` is not found.
   */
  readonly status: 'built' | 'refused' | 'reserved';
  /**
   * Checks the parameters.
   * @throws {RpcError} -32602 if their number or types are wrong.
   */
  check(params: readonly (JsonValue | undefined)[]): void;
  /** Checks the parameters (undefined: not given) and runs the handler. Undefined stands for "not found". */
  call(
    context: CallContext,
    params: readonly (JsonValue | undefined)[],
  ): JsonResult | undefined | Promise<JsonResult | undefined>;
}

/** What {@link defineMethod} takes; see {@link Method}. */
export interface MethodDefinition<Params extends readonly AnyParam[]> {
  readonly name: string;
  readonly params?: Params;
  readonly limited?: boolean;
  readonly scope?: MethodScope;
  readonly wallet?: boolean;
  readonly extension?: boolean;
  readonly about?: string;
  readonly result?: ResultSchema;
  /** The fixed error of a method that this node never carries out. */
  readonly refusal?: string;
  /** Undefined stands for "not found". */
  readonly run?: (context: CallContext, params: ParamValues<Params>) => JsonResult | undefined | Promise<JsonResult>;
}

/** Completes a definition. The types of the handler's parameters follow from `params`. */
export function defineMethod<const Params extends readonly AnyParam[] = readonly []>(
  definition: MethodDefinition<Params>,
): Method {
  const { name, refusal, run } = definition;
  const signature: Signature = { name, params: definition.params ?? [] };
  return {
    ...signature,
    limited: definition.limited ?? false,
    scope: definition.scope ?? 'http',
    wallet: definition.wallet ?? false,
    extension: definition.extension ?? false,
    about: definition.about ?? '',
    result: definition.result,
    status: run ? 'built' : refusal === undefined ? 'reserved' : 'refused',
    check(params) {
      decodeParams(signature, params);
    },
    call(context, params) {
      // decodeParams converts by the very list that ParamValues is computed from.
      const values = decodeParams(signature, params) as ParamValues<Params>;
      if (refusal !== undefined) throw new RpcError(RpcErrorCode.misc, refusal);
      return run?.(context, values);
    },
  };
}
