import type { ResultSchema } from '../schema/result.ts';

/**
 * Compares a parsed answer with the schema of its method.
 * @returns the first difference: where, and what is wrong there; undefined if there is none.
 */
export function resultMismatch(schema: ResultSchema, value: unknown, path = 'result'): string | undefined {
  switch (schema.kind) {
    case 'null':
      return value === null ? undefined : `${path} is not null`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `${path} is not a boolean`;
    case 'integer':
      return Number.isInteger(value) ? undefined : `${path} is not a whole number`;
    case 'number':
      return typeof value === 'number' ? undefined : `${path} is not a number`;
    case 'string':
      return stringMismatch(schema, value, path);
    case 'array':
      return Array.isArray(value)
        ? first(value, (item, place) => resultMismatch(schema.items, item, `${path}[${place}]`))
        : `${path} is not an array`;
    case 'map':
      return isObject(value)
        ? first(Object.entries(value), ([name, member]) => resultMismatch(schema.values, member, `${path}.${name}`))
        : `${path} is not an object`;
    case 'choice': {
      const problems = schema.cases.map((form) => resultMismatch(form.schema, value, path));
      return problems.includes(undefined) ? undefined : problems.join(', and ');
    }
    case 'object':
      return isObject(value) ? membersMismatch(schema.members, value, path) : `${path} is not an object`;
  }
}

function stringMismatch(schema: Extract<ResultSchema, { form?: string }>, value: unknown, path: string) {
  if (typeof value !== 'string') return `${path} is not a string`;
  if (schema.values && !schema.values.includes(value)) return `${path} is none of ${schema.values.join(' ')}`;
  if (schema.form === 'hash' && !/^[0-9a-f]{64}$/u.test(value)) return `${path} is no hash`;
  if (schema.form === 'hex' && !/^(?:[0-9a-f]{2})*$/u.test(value)) return `${path} is not hexadecimal`;
  return undefined;
}

/** Every member must be described, and stand in the described order. */
function membersMismatch(
  members: { readonly [name: string]: ResultSchema },
  value: Readonly<Record<string, unknown>>,
  path: string,
): string | undefined {
  const order = Object.keys(members);
  const names = Object.keys(value);
  const unknown = names.find((name) => !order.includes(name));
  if (unknown !== undefined) return `${path}.${unknown} is not described`;
  const missing = order.find((name) => !members[name]!.optional && !names.includes(name));
  if (missing !== undefined) return `${path}.${missing} is missing`;
  const sorted = order.filter((name) => names.includes(name));
  if (sorted.join() !== names.join()) return `${path} has its members in another order: ${names.join()}`;
  return first(names, (name) => resultMismatch(members[name]!, value[name], `${path}.${name}`));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function first<T>(items: readonly T[], find: (item: T, place: number) => string | undefined): string | undefined {
  for (const [place, item] of items.entries()) {
    const found = find(item, place);
    if (found !== undefined) return found;
  }
  return undefined;
}
