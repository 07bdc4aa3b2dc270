import { describe, expect, test } from 'vitest';
import { CommandLineError, readCommandLine } from './command-line.ts';
import type { OptionDefinition } from './option.ts';
import { OptionSet } from './option-set.ts';

const define = <const Kind extends OptionDefinition['kind']>(
  name: string,
  kind: Kind,
  fallback: OptionDefinition<Kind>['fallback'],
  rest: Partial<OptionDefinition> = {},
) => ({ name, kind, fallback, group: '', about: '', ...rest });

const TABLE = {
  version: define('version', 'bool', false, { short: 'V' }),
  quiet: define('quiet', 'bool', false, { short: 'q' }),
  filters: define('filters', 'bool', true, { switchable: true }),
  datadir: define('datadir', 'string', '', { short: 'b' }),
  peers: define('peers', 'int', 125, { short: 'p' }),
  listen: define('listen', 'list', []),
  wait: define('wait', 'duration', 0n),
};

function read(args: readonly string[], doubleDash = true) {
  const set = new OptionSet(TABLE);
  const line = readCommandLine(args, set, { doubleDash });
  return { ...line, values: set.values() };
}

describe('readCommandLine', () => {
  test.each([
    [['--datadir=x']],
    [['--datadir', 'x']],
    [['-b', 'x']],
    [['-bx']],
    [['-b=x']],
    [['-qb', 'x']],
    [['--datadir="x"']],
  ])('%j sets a text', (args) => {
    expect(read(args).values.datadir).toBe('x');
  });

  test('keeps what follows an option apart from it', () => {
    expect(read(['--datadir=a=b', 'one', '-', '--quiet', 'two', '--', '--version'])).toEqual({
      positionals: ['one', '-', 'two', '--version'],
      help: false,
      values: expect.objectContaining({ datadir: 'a=b', quiet: true, version: false }),
    });
  });

  test('lists grow, single values are replaced, negative numbers are values', () => {
    const { values } = read(['--listen=a', '--listen', 'b', '--peers=1', '-p', '-5', '--wait', '-1s']);
    expect(values).toMatchObject({ listen: ['a', 'b'], peers: -5, wait: -1_000_000_000n });
  });

  test('a boolean that is on by default can be switched off', () => {
    expect(read(['--filters=false']).values.filters).toBe(false);
    expect(read(['--filters']).values.filters).toBe(true);
  });

  test('help ends reading', () => {
    expect(read(['-h', '--bogus']).help).toBe(true);
    expect(read(['--quiet', '--help']).help).toBe(true);
  });

  test('without the double dash rule it is an argument like others', () => {
    expect(read(['--', '--version'], false).values.version).toBe(true);
  });

  test.each([
    [['--bogus'], "unknown flag `bogus'"],
    [['-x'], "unknown flag `x'"],
    [['-qx'], "unknown flag `x'"],
    [['--quiet=1'], "bool flag `-q, --quiet' cannot have an argument"],
    [['--datadir'], "expected argument for flag `-b, --datadir'"],
    [['-bq', '-b'], "expected argument for flag `-b, --datadir'"],
    [['--datadir', '--quiet'], "expected argument for flag `-b, --datadir', but got option `--quiet'"],
    [['--listen', '-5'], "expected argument for flag `--listen', but got option `-5'"],
    [['--datadir', '--'], "expected argument for flag `-b, --datadir', but got double dash `--'"],
    [['--datadir="x'], "invalid argument for flag `-b, --datadir' (expected string): invalid syntax"],
    [
      ['--peers=x'],
      'invalid argument for flag `-p, --peers\' (expected int): strconv.ParseInt: parsing "x": invalid syntax',
    ],
    [
      ['--peers=9223372036854775808'],
      'invalid argument for flag `-p, --peers\' (expected int): strconv.ParseInt: parsing "9223372036854775808": value out of range',
    ],
    [['--wait=5'], 'invalid argument for flag `--wait\' (expected time.Duration): time: missing unit in duration "5"'],
  ])('%j', (args, message) => {
    expect(() => read(args)).toThrow(new CommandLineError(message));
  });
});
