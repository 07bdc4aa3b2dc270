import type { JsonResult } from '../json/encode.ts';
import { type CallContext, defineMethod, type Method, type MethodDefinition } from '../methods/define.ts';
import type { AnyParam, ParamValues } from '../params/signature.ts';
import type { SocketSession } from './session.ts';

/** What {@link defineSocketMethod} takes. */
interface SocketMethodDefinition<Params extends readonly AnyParam[]>
  extends Omit<MethodDefinition<Params>, 'scope' | 'run' | 'refusal' | 'wallet'> {
  readonly run: (
    session: SocketSession,
    params: ParamValues<Params>,
    context: CallContext,
  ) => JsonResult | Promise<JsonResult>;
}

/** Completes the definition of a method for WebSocket clients; over HTTP its parameters are checked and it is not found. */
export function defineSocketMethod<const Params extends readonly AnyParam[] = readonly []>(
  definition: SocketMethodDefinition<Params>,
): Method {
  const { run, ...rest } = definition;
  return defineMethod<Params>({
    ...rest,
    scope: 'websocket',
    run: (context, params) => (context.session ? run(context.session, params, context) : undefined),
  });
}
