/** What the schema of a value of any kind says. */
interface Described {
  /** One phrase; empty where the member's name says all. */
  readonly about: string;
  /** The member is left out where there is nothing to say. */
  readonly optional?: true;
}

/** One value: a number, a text, a truth value or null. */
export interface ScalarSchema extends Described {
  readonly kind: 'null' | 'boolean' | 'string' | 'integer' | 'number';
  /** What a number counts or measures: `seconds`, `bytes`, `coins`. */
  readonly unit?: string;
  /** How a text is shown in examples: `hash`, `hex`, `ip:port`. */
  readonly form?: string;
  /** All texts that can occur, where they are few. */
  readonly values?: readonly string[];
}

/** A list. */
export interface ListSchema extends Described {
  readonly kind: 'array';
  readonly items: ResultSchema;
}

/** An object with known members, in the order in which they are sent. */
export interface RecordSchema extends Described {
  readonly kind: 'object';
  readonly members: { readonly [name: string]: ResultSchema };
}

/** An object whose member names are data. */
export interface MappingSchema extends Described {
  readonly kind: 'map';
  /** What the names are. */
  readonly keys: string;
  readonly values: ResultSchema;
}

/** One of several forms. */
export interface ChoiceSchema extends Described {
  readonly kind: 'choice';
  readonly cases: readonly { readonly when: string; readonly schema: ResultSchema }[];
}

/**
 * What a method returns: kinds, names, units and meaning of every value. Help texts, docs/rpc.md and the OpenRPC document are
 * made from it, and the tests compare it with what methods really answer.
 */
export type ResultSchema = ScalarSchema | ListSchema | RecordSchema | MappingSchema | ChoiceSchema;

/** null. */
export function nothing(about = ''): ScalarSchema {
  return { kind: 'null', about };
}

/** true or false. */
export function flag(about = ''): ScalarSchema {
  return { kind: 'boolean', about };
}

/** A text; `form` is how it is shown in examples. */
export function text(about = '', form = 'text'): ScalarSchema {
  return { kind: 'string', about, form };
}

/** One of a few texts. */
export function oneOf(values: readonly string[], about = ''): ScalarSchema {
  return { kind: 'string', about, values };
}

/** A hash: 64 hexadecimal digits in display order. */
export function hash(about = ''): ScalarSchema {
  return { kind: 'string', about, form: 'hash' };
}

/** Bytes as hexadecimal text. */
export function hex(about = ''): ScalarSchema {
  return { kind: 'string', about, form: 'hex' };
}

/** A whole number. */
export function whole(about = '', unit?: string): ScalarSchema {
  return { kind: 'integer', about, ...(unit !== undefined && { unit }) };
}

/** Any number. */
export function decimal(about = '', unit?: string): ScalarSchema {
  return { kind: 'number', about, ...(unit !== undefined && { unit }) };
}

/** A list. */
export function list(items: ResultSchema, about = ''): ListSchema {
  return { kind: 'array', about, items };
}

/** An object with these members. */
export function record(members: RecordSchema['members'], about = ''): RecordSchema {
  return { kind: 'object', about, members };
}

/** An object whose member names are data, for instance ids; `keys` says which. */
export function mapping(keys: string, values: ResultSchema, about = ''): MappingSchema {
  return { kind: 'map', about, keys, values };
}

/** One of several forms, each with the condition under which it is the answer. */
export function choice(...cases: readonly (readonly [when: string, schema: ResultSchema])[]): ChoiceSchema {
  return { kind: 'choice', about: '', cases: cases.map(([when, schema]) => ({ when, schema })) };
}

/** A member that can be missing. */
export function maybe<Schema extends ResultSchema>(schema: Schema): Schema & { readonly optional: true } {
  return { ...schema, optional: true };
}
