import type { Logger } from '../util/log.ts';
import {
  badId,
  errorAnswer,
  isBatch,
  parseBody,
  type Request,
  readRequest,
  resultAnswer,
  versionOf,
} from './envelope.ts';
import { messageOf, RpcError, RpcErrorCode } from './errors.ts';
import type { JsonResult } from './json/encode.ts';
import type { JsonValue } from './json/value.ts';
import type { CallContext, Caller, Method } from './methods/define.ts';
import { namedParams } from './params/signature.ts';
import type { RpcPorts } from './ports.ts';
import type { SocketSession } from './websocket/session.ts';

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

/** Requests of one batch. */
export const MAX_BATCH_REQUESTS = 1000;
/** Characters of the answers to one batch; requests that come later get an error. */
export const MAX_BATCH_ANSWER = 64 * 1024 * 1024;
/** The method with which a WebSocket client logs in. */
export const LOG_IN_METHOD = 'authenticate';

/** The text of an answer; undefined for none. */
export type Answer = string | undefined;

/** Where a request came from. */
type CalledBy = Pick<CallContext, 'caller' | 'session'>;

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

  /**
   * Answers one request, or a batch of them. The answer has no line end; there is none for what consists of notifications.
   * Comes at once, and not as a promise, from methods that have nothing to wait for. Never throws or rejects.
   */
  handle(body: string, user: RpcUser, caller: Caller): Answer | Promise<Answer> {
    return this.#answerText(body, user, { caller });
  }

  /**
   * Answers one request of a WebSocket client, or a batch of them. Other than over HTTP a request of version 1.0 without id is not
   * carried out and gets no answer, and one that logs in again ends the connection.
   */
  handleMessage(body: string, user: RpcUser, caller: Caller, session: SocketSession): Answer | Promise<Answer> {
    return this.#answerText(body, user, { caller, session });
  }

  #answerText(body: string, user: RpcUser, by: CalledBy): Answer | Promise<Answer> {
    let value: JsonValue;
    try {
      value = parseBody(body);
    } catch (error) {
      if (error instanceof RpcError) return errorAnswer(error, '1.0');
      throw error;
    }
    return isBatch(value) ? this.#answerBatch(value, user, by) : this.#answerOne(value, user, by);
  }

  /** Answers the requests one after the other; between them other work runs. */
  async #answerBatch(members: readonly JsonValue[], user: RpcUser, by: CalledBy): Promise<Answer> {
    if (members.length > MAX_BATCH_REQUESTS)
      return errorAnswer(
        new RpcError(
          RpcErrorCode.invalidRequest,
          `Invalid request: a batch holds at most ${MAX_BATCH_REQUESTS} requests`,
        ),
        '2.0',
      );
    const answers: string[] = [];
    let size = 0;
    for (const member of members) {
      if (by.caller.signal.aborted) return undefined;
      const answer = await this.#answerOne(member, user, by, size > MAX_BATCH_ANSWER);
      if (answer !== undefined) {
        answers.push(answer);
        size += answer.length;
      }
      await this.#deps.ports.pause();
    }
    return answers.length === 0 ? undefined : `[${answers.join(',')}]`;
  }

  /** @param isFull an answer has no room any more, so the method is not run. */
  #answerOne(value: JsonValue, user: RpcUser, by: CalledBy, isFull = false): Answer | Promise<Answer> {
    let request: Request;
    try {
      request = readRequest(value, this.#quirks);
    } catch (error) {
      if (error instanceof RpcError) return errorAnswer(error, versionOf(value));
      throw error;
    }
    const { version, id, method } = request;
    if (id === undefined && version === '1.0') return by.session ? undefined : errorAnswer(badId(), version);
    if (by.session && method === LOG_IN_METHOD) {
      by.session.hangUp('it logs in again');
      return undefined;
    }
    if (isFull && id !== undefined)
      return errorAnswer(new RpcError(RpcErrorCode.internal, 'the answers of this batch are too large'), version, id);
    return this.#answer(request, user, by);
  }

  #answer(request: Request, user: RpcUser, by: CalledBy): Answer | Promise<Answer> {
    const { version, id } = request;
    const failed = (error: unknown) => {
      const problem = this.#asRpcError(error, request.method);
      return id === undefined ? undefined : errorAnswer(problem, version, id);
    };
    const done = (result: JsonResult | undefined) => {
      if (result === undefined) return failed(notFound());
      return id === undefined ? undefined : resultAnswer(result, version, id);
    };
    try {
      const result = this.#run(request, user, by);
      return result instanceof Promise ? result.then(done).catch(failed) : done(result);
    } catch (error) {
      return failed(error);
    }
  }

  /** @throws {RpcError} */
  #run(request: Request, user: RpcUser, by: CalledBy): JsonResult | undefined | Promise<JsonResult | undefined> {
    const { methods, ports } = this.#deps;
    const method = methods.get(request.method);
    if (user === 'limited' && !method?.limited) {
      // Over a WebSocket permission is a question only for what could be called.
      if (by.session && !method) throw notFound();
      if (by.session) method?.check(paramsOf(request, method));
      throw new RpcError(RpcErrorCode.invalidParams, 'limited user not authorized for this method');
    }
    if (!method) throw notFound();
    return method.call({ ports, methods, ...by }, paramsOf(request, method));
  }

  #asRpcError(error: unknown, method: string): RpcError {
    if (error instanceof RpcError) return error;
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#deps.logger.error(`RPC method ${method} failed: ${detail}`);
    return new RpcError(RpcErrorCode.internal, messageOf(error));
  }
}

/** The parameters in their order; undefined in the place of one that is not given. */
function paramsOf({ params, named }: Request, method: Method): readonly (JsonValue | undefined)[] {
  return named ? namedParams(method, named) : params;
}

function notFound(): RpcError {
  return new RpcError(RpcErrorCode.methodNotFound, 'Method not found');
}
