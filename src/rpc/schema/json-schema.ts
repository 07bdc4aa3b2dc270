import type { JsonResult } from '../json/encode.ts';
import type { ResultSchema } from './result.ts';

/** A JSON Schema (draft 7). */
export type JsonSchema = { readonly [name: string]: JsonResult | undefined };

const HASH_PATTERN = '^[0-9a-f]{64}$';
const HEX_PATTERN = '^([0-9a-f]{2})*$';

/** The schema of a result as JSON Schema. Units stand in the description. */
export function jsonSchemaOf(schema: ResultSchema): JsonSchema {
  const description = descriptionOf(schema);
  switch (schema.kind) {
    case 'array':
      return { type: 'array', items: jsonSchemaOf(schema.items), description };
    case 'map':
      return { type: 'object', additionalProperties: jsonSchemaOf(schema.values), description };
    case 'choice':
      return { anyOf: schema.cases.map(({ when, schema: form }) => ({ ...jsonSchemaOf(form), title: when })) };
    case 'object': {
      const members = Object.entries(schema.members);
      return {
        type: 'object',
        properties: Object.fromEntries(members.map(([name, member]) => [name, jsonSchemaOf(member)])),
        required: members.filter(([, member]) => !member.optional).map(([name]) => name),
        description,
      };
    }
    case 'string': {
      const pattern = schema.form === 'hash' ? HASH_PATTERN : schema.form === 'hex' ? HEX_PATTERN : undefined;
      return { type: 'string', pattern, enum: schema.values, description };
    }
    default:
      return { type: schema.kind, description };
  }
}

function descriptionOf(schema: ResultSchema): string | undefined {
  const unit = 'unit' in schema && schema.unit !== undefined ? `(${schema.unit})` : '';
  const keys = schema.kind === 'map' ? `by ${schema.keys}` : '';
  return [schema.about, keys, unit].filter((part) => part !== '').join(' ') || undefined;
}
