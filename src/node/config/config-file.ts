import { unquote } from '../../util/go-quote.ts';
import type { OptionDefinition } from './option.ts';
import type { OptionSet } from './option-set.ts';

/** A configuration file that can not be read. The message names file and line. */
export class ConfigFileError extends Error {
  override name = 'ConfigFileError';
}

/** One `key=value` of a file. */
interface Entry {
  readonly line: number;
  readonly key: string;
  readonly value: string;
}

/** The only section, whose heading may be left out. */
const SECTION = 'application options';

/**
 * Reads the text of a configuration file into a set of options: `key=value` lines, `;` and `#` comments, an optional
 * `[Application Options]` heading. Keys are long option names in any case; repeated keys build lists; an empty value
 * switches a boolean on; values may be quoted. The whole text is checked for its form before anything is set.
 * @param fileName only for messages.
 * @throws {ConfigFileError}
 */
export function readConfigFile(
  text: string,
  fileName: string,
  options: OptionSet<{ readonly [name: string]: OptionDefinition }>,
): void {
  const fail = (line: number, reason: string) => new ConfigFileError(`${fileName}:${line}: ${reason}`);
  for (const { line, key, value } of parseEntries(text, fail)) {
    const definition = options.byKey(key);
    if (!definition) throw fail(line, `unknown option: ${key}`);
    try {
      options.set(definition, definition.kind === 'bool' && value === '' ? undefined : value, `${fileName}:${line}`);
    } catch (error) {
      throw fail(line, error instanceof Error ? error.message : String(error));
    }
  }
}

/** A line in which a password may stand is shown up to its first word. */
function withoutSecret(line: string): string {
  return /pass/iu.test(line) ? line.replace(/^(\S+).*$/su, '$1 ...') : line;
}

function parseEntries(text: string, fail: (line: number, reason: string) => ConfigFileError): Entry[] {
  const entries: Entry[] = [];
  const strange: string[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const number = index + 1;
    const line = raw.trim();
    if (line === '' || line.startsWith(';') || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      if (!line.endsWith(']')) throw fail(number, 'malformed section header');
      const name = line.slice(1, -1).trim();
      if (name === '') throw fail(number, 'empty section name');
      if (name.toLowerCase() !== SECTION) strange.push(name);
      continue;
    }
    const equals = line.indexOf('=');
    if (equals < 0) throw fail(number, `malformed key=value (${withoutSecret(line)})`);
    const value = line.slice(equals + 1).trim();
    const plain = value.startsWith('"') ? unquote(value) : value;
    if (plain === undefined) throw fail(number, 'invalid syntax');
    entries.push({ line: number, key: line.slice(0, equals).trim(), value: plain });
  }
  if (strange.length > 0) throw new ConfigFileError(`could not find option group \`${strange[0]}'`);
  return entries;
}
