import { unquote } from '../../util/go-quote.ts';
import { KIND_NAMES, type OptionDefinition, optionLabel } from './option.ts';
import type { OptionSet } from './option-set.ts';

/** A command line that can not be read. The message is the reference node's. */
export class CommandLineError extends Error {
  override name = 'CommandLineError';
}

/** What is left when the options are taken out. */
export interface CommandLine {
  /** Arguments that are no options, in order. */
  readonly positionals: readonly string[];
  /** True if help was asked for; nothing after that was read. */
  readonly help: boolean;
}

/** Details in which two tools differ. */
interface Rules {
  /** Whether `--` ends the options; otherwise it is an ordinary argument. */
  readonly doubleDash: boolean;
}

/**
 * Reads a command line into a set of options. The grammar is that of the reference node's tools, and their exact error
 * texts are part of the interface (that is why `node:util` parseArgs does not serve): `--name=value`, `--name value`,
 * `-x value`, `-xvalue`, `-x=value`, several one-letter booleans together; booleans take no value; a value that begins
 * like an option must be given with `=`, except negative numbers for numbers.
 * @throws {CommandLineError} at the first mistake; options before it have been set.
 */
export function readCommandLine(
  args: readonly string[],
  options: OptionSet<{ readonly [name: string]: OptionDefinition }>,
  rules: Rules = { doubleDash: true },
): CommandLine {
  const positionals: string[] = [];
  let at = 0;

  /** Sets an option; returns false if it is the request for help. */
  const apply = (definition: OptionDefinition, inline: string | undefined, mayTakeNext: boolean): void => {
    const label = optionLabel(definition);
    if (definition.kind === 'bool') {
      if (inline !== undefined && !definition.switchable)
        throw new CommandLineError(`bool flag \`${label}' cannot have an argument`);
      convert(options, definition, inline);
      return;
    }
    let text = inline;
    if (text === undefined) {
      if (!mayTakeNext || at >= args.length) throw new CommandLineError(`expected argument for flag \`${label}'`);
      text = args[at++];
      if (looksLikeOption(text) && !(isSigned(definition) && /^-\d/u.test(text)))
        throw new CommandLineError(`expected argument for flag \`${label}', but got option \`${text}'`);
      if (rules.doubleDash && text === '--')
        throw new CommandLineError(`expected argument for flag \`${label}', but got double dash \`--'`);
    }
    convert(options, definition, text);
  };

  while (at < args.length) {
    const arg = args[at++];
    if (rules.doubleDash && arg === '--') {
      positionals.push(...args.slice(at));
      break;
    }
    if (!looksLikeOption(arg)) {
      positionals.push(arg);
      continue;
    }
    const isLong = arg.startsWith('--');
    const body = arg.slice(isLong ? 2 : 1);
    const equals = body.indexOf('=');
    const name = equals < 0 ? body : body.slice(0, equals);
    const inline = equals < 0 ? undefined : body.slice(equals + 1);
    if (isLong) {
      if (name === 'help') return { positionals, help: true };
      const definition = options.byName(name);
      if (!definition) throw unknownFlag(name);
      apply(definition, inline, true);
      continue;
    }
    const letters = [...name];
    const [first, ...others] = letters;
    const leading = first === undefined ? undefined : options.byShort(first);
    if (inline === undefined && leading && leading.kind !== 'bool' && others.length > 0) {
      apply(leading, others.join(''), false);
      continue;
    }
    for (const [position, letter] of letters.entries()) {
      if (letter === 'h') return { positionals, help: true };
      const definition = options.byShort(letter);
      if (!definition) throw unknownFlag(letter);
      apply(definition, position === 0 ? inline : undefined, position === letters.length - 1);
    }
  }
  return { positionals, help: false };
}

function unknownFlag(name: string): CommandLineError {
  return new CommandLineError(`unknown flag \`${name}'`);
}

/** `-x…` and `--x…`, but not `-`, `--` and `---x`. */
function looksLikeOption(arg: string): boolean {
  return /^--?[^-]/u.test(arg);
}

function isSigned({ kind }: OptionDefinition): boolean {
  return kind === 'int' || kind === 'float64' || kind === 'duration';
}

function convert(
  options: OptionSet<{ readonly [name: string]: OptionDefinition }>,
  definition: OptionDefinition,
  text: string | undefined,
): void {
  const fail = (reason: string) =>
    new CommandLineError(
      `invalid argument for flag \`${optionLabel(definition)}' (expected ${KIND_NAMES[definition.kind]}): ${reason}`,
    );
  const plain = text?.startsWith('"') ? unquote(text) : text;
  if (text !== undefined && plain === undefined) throw fail('invalid syntax');
  try {
    options.set(definition, plain);
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error));
  }
}
