import { LOG_IN_METHOD } from '../dispatcher.ts';
import { parseBody, readRequest, resultAnswer } from '../envelope.ts';
import { RpcError } from '../errors.ts';

/** What a request to log in says. */
export interface LogInRequest {
  /** The answer if that is right. */
  readonly answer: string;
  readonly user: string;
  readonly password: string;
}

/** Reads a request to log in; undefined if the text is anything else. */
export function readLogIn(text: string): LogInRequest | undefined {
  try {
    const { version, id, method, params } = readRequest(parseBody(text), false);
    const [user, password, ...more] = params;
    if (method !== LOG_IN_METHOD || id === undefined || more.length > 0) return undefined;
    if (typeof user !== 'string' || typeof password !== 'string') return undefined;
    return { answer: resultAnswer(null, version, id), user, password };
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}
