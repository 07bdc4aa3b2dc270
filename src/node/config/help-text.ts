import { formatDuration } from './duration-text.ts';
import type { OptionDefinition } from './option.ts';

/** Column at which explanations begin. */
const TEXT_COLUMN = 32;
const WIDTH = 110;

/** What precedes the options in a help text. */
export interface HelpHeading {
  /** E.g. `soterd [options]`. */
  readonly usage: string;
  readonly about: readonly string[];
}

/** A help text: usage, then the options by group, each with its default. */
export function helpText(heading: HelpHeading, table: { readonly [name: string]: OptionDefinition }): string {
  const options = Object.values(table);
  const groups = [...new Set(options.map(({ group }) => group))];
  const sections = groups.map((name) => {
    const members = options.filter(({ group }) => group === name);
    return `${name}:\n${members.map(describe).join('')}`;
  });
  const help = `Help:\n${entry('  -h, --help', 'Show this text and exit')}`;
  const about = heading.about.map((line) => `${line}\n`).join('');
  return [`Usage:\n  ${heading.usage}\n`, about, ...sections, help].join('\n');
}

function describe(option: OptionDefinition): string {
  const names = `  ${option.short === undefined ? '    ' : `-${option.short}, `}--${option.name}`;
  const form = option.kind === 'bool' ? names : `${names}=`;
  const shown = defaultText(option);
  const more = option.kind === 'list' ? ' (may be repeated)' : '';
  return entry(form, `${option.about}${more}${shown === '' ? '' : ` [${shown}]`}`);
}

function defaultText({ fallback }: OptionDefinition): string {
  if (typeof fallback === 'bigint') return formatDuration(fallback);
  if (typeof fallback === 'number') return String(fallback);
  return typeof fallback === 'string' ? fallback : '';
}

/** One option with its explanation, wrapped. */
function entry(form: string, text: string): string {
  const lines: string[] = [];
  let line = form.length < TEXT_COLUMN - 1 ? form.padEnd(TEXT_COLUMN) : `${form}\n${' '.repeat(TEXT_COLUMN)}`;
  let column = TEXT_COLUMN;
  for (const word of text.split(' ')) {
    if (column > TEXT_COLUMN && column + word.length > WIDTH) {
      lines.push(line.trimEnd());
      line = ' '.repeat(TEXT_COLUMN);
      column = TEXT_COLUMN;
    }
    line += `${word} `;
    column += word.length + 1;
  }
  lines.push(line.trimEnd());
  return `${lines.join('\n')}\n`;
}
