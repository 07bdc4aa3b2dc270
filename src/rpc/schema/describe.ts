import type { ResultSchema, ScalarSchema } from './result.ts';

const KIND_NAMES: Readonly<Record<ResultSchema['kind'], string>> = {
  null: 'null',
  boolean: 'boolean',
  string: 'string',
  integer: 'numeric',
  number: 'numeric',
  array: 'array',
  object: 'object',
  map: 'object',
  choice: '',
};

/**
 * A result for people, as it looks in JSON with what each value means behind it. Several forms stand one after the other,
 * each under its condition.
 */
export function describeResult(schema: ResultSchema): readonly string[] {
  if (schema.kind !== 'choice') return ['Result:', ...valueLines(schema, '', '', '')];
  return schema.cases.flatMap(({ when, schema: form }, number) => [
    ...(number > 0 ? [''] : []),
    `Result (${when}):`,
    ...valueLines(form, '', '', ''),
  ]);
}

/** The lines of one value. `lead` stands before it (a member's name), `tail` behind it (a comma). */
function valueLines(schema: ResultSchema, indent: string, lead: string, tail: string): string[] {
  const note = noteOf(schema);
  const inner = `${indent}  `;
  switch (schema.kind) {
    case 'object': {
      const members = Object.entries(schema.members);
      const lines = members.flatMap(([name, member], place) =>
        valueLines(member, inner, `"${name}": `, place < members.length - 1 ? ',' : ''),
      );
      return [`${indent}${lead}{${note}`, ...lines, `${indent}}${tail}`];
    }
    case 'map':
      return [
        `${indent}${lead}{${note}`,
        ...valueLines(schema.values, inner, `"${schema.keys}": `, ','),
        `${inner}...`,
        `${indent}}${tail}`,
      ];
    case 'array':
      return [
        `${indent}${lead}[${note}`,
        ...valueLines(schema.items, inner, '', ','),
        `${inner}...`,
        `${indent}]${tail}`,
      ];
    case 'choice':
      return schema.cases.flatMap(({ when, schema: form }, number) =>
        valueLines(
          { ...form, about: [form.about, `(${when})`].filter((part) => part !== '').join(' ') },
          indent,
          number === 0 ? lead : `${' '.repeat(Math.max(0, lead.length - 3))}or `,
          number === schema.cases.length - 1 ? tail : '',
        ),
      );
    default:
      return [`${indent}${lead}${scalarForm(schema)}${tail}${note}`];
  }
}

function scalarForm({ kind, form = 'text', values }: ScalarSchema): string {
  if (kind === 'null') return 'null';
  if (kind === 'boolean') return 'true|false';
  if (kind !== 'string') return 'n';
  return `"${values?.join('|') ?? form}"`;
}

/** Kind, unit and meaning. */
function noteOf(schema: ResultSchema): string {
  if (schema.kind === 'choice') return '';
  const unit = 'unit' in schema ? schema.unit : undefined;
  const facts = [KIND_NAMES[schema.kind], unit, schema.optional && 'optional'].filter(Boolean).join(', ');
  return `  (${facts})${schema.about === '' ? '' : ` ${schema.about}`}`;
}
