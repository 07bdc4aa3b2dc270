import { RpcError, RpcErrorCode } from '../errors.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { ArgumentError, type ParamType } from './types.ts';

/** One parameter of a method. */
export interface Param<T, Required extends boolean = boolean> {
  readonly name: string;
  readonly type: ParamType<T>;
  /** One sentence for the help text. */
  readonly about: string;
  readonly required: Required;
  /** Declared default of an optional parameter: used when it is not given, but not when it is null. */
  readonly fallback: T | undefined;
  /** Form in the usage line where the type's own does not fit. */
  readonly usage: string | undefined;
}

/** A parameter of any type, as kept in a signature. */
export type AnyParam = Param<unknown>;

/** A parameter that must be given; null gives the zero value of its type. */
export function required<T>(name: string, type: ParamType<T>, about: string, usage?: string): Param<T, true> {
  return { name, type, about, required: true, fallback: undefined, usage };
}

/** A parameter that may be left out. Without a default the handler sees undefined. */
export function optional<T>(
  name: string,
  type: ParamType<T>,
  about: string,
  fallback?: T,
  usage?: string,
): Param<T, false> {
  return { name, type, about, required: false, fallback, usage };
}

/** The values of a list of parameters: T for required ones, T or undefined for optional ones. */
export type ParamValues<Params extends readonly AnyParam[]> = {
  readonly [Index in keyof Params]: Params[Index] extends Param<infer T, infer Required>
    ? Required extends true
      ? T
      : T | undefined
    : never;
};

/** Name and ordered parameters, required ones first. */
export interface Signature {
  readonly name: string;
  readonly params: readonly AnyParam[];
}

/** The usage line: name, required parameters, then the optional ones in one pair of parentheses. */
export function usageLine({ name, params }: Signature): string {
  const needed = params.filter((param) => param.required).map(paramUsage);
  const others = params.filter((param) => !param.required).map(paramUsage);
  return [name, ...needed, ...(others.length > 0 ? [`(${others.join(' ')})`] : [])].join(' ');
}

function paramUsage(param: AnyParam): string {
  if (param.usage !== undefined) return param.usage;
  return param.fallback === undefined
    ? param.type.usage(param.name)
    : `${param.name}=${param.type.showDefault(param.fallback)}`;
}

/** The error text of a wrong number of parameters, or undefined if `count` fits. */
export function countError({ params }: Signature, count: number): string | undefined {
  const needed = params.filter((param) => param.required).length;
  if (count >= needed && count <= params.length) return undefined;
  const expected = needed === params.length ? `${needed}` : `between ${needed} and ${params.length}`;
  return `wrong number of params (expected ${expected}, received ${count})`;
}

/**
 * Converts the parameters of a request.
 * @throws {RpcError} -32602 on a wrong count or type.
 */
export function decodeParams(signature: Signature, values: readonly (JsonValue | undefined)[]): readonly unknown[] {
  const wrongCount = countError(signature, values.length);
  if (wrongCount !== undefined) throw new RpcError(RpcErrorCode.invalidParams, wrongCount);
  return signature.params.map((param, position) => {
    const value = values[position];
    if (value === undefined) return param.fallback;
    if (value === null) return param.required ? param.type.zero : undefined;
    return param.type.decode(value, { index: position + 1, name: param.name });
  });
}

/**
 * Parameters given by name, in their order; undefined in the place of one that is not given.
 * @throws {RpcError} -32602 if a name is unknown or a required parameter is missing.
 */
export function namedParams({ params }: Signature, named: JsonObject): readonly (JsonValue | undefined)[] {
  const unknown = [...named.keys()].find((name) => !params.some((param) => param.name === name));
  if (unknown !== undefined) throw new RpcError(RpcErrorCode.invalidParams, `unknown parameter '${unknown}'`);
  const missing = params.find((param) => param.required && !named.has(param.name));
  if (missing) throw new RpcError(RpcErrorCode.invalidParams, `parameter '${missing.name}' is missing`);
  return params.map((param) => named.get(param.name));
}

/** Why command-line arguments do not fit a method: the reference tool's name for the kind of error. */
export class ArgumentsError extends Error {
  override name = 'ArgumentsError';
  readonly code: 'ErrNumParams' | 'ErrInvalidType';

  constructor(code: 'ErrNumParams' | 'ErrInvalidType', message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Converts command-line arguments to the parameters to be sent; those not given are left out.
 * @throws {ArgumentsError}
 */
export function paramsFromArguments(signature: Signature, texts: readonly string[]): readonly JsonValue[] {
  const wrongCount = countError(signature, texts.length);
  if (wrongCount !== undefined) throw new ArgumentsError('ErrNumParams', wrongCount);
  return texts.map((text, position) => {
    const param = signature.params[position]!;
    try {
      return param.type.fromArgument(text, { index: position + 1, name: param.name });
    } catch (error) {
      if (error instanceof ArgumentError) throw new ArgumentsError('ErrInvalidType', error.message);
      throw error;
    }
  });
}
