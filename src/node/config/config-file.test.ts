import { describe, expect, test } from 'vitest';
import { ConfigFileError, readConfigFile } from './config-file.ts';
import { OptionSet } from './option-set.ts';
import { SOTERD_OPTIONS } from './soterd-options.ts';

function read(text: string) {
  const set = new OptionSet(SOTERD_OPTIONS);
  readConfigFile(text, 'f', set);
  return set.values();
}

describe('readConfigFile', () => {
  test('comments, heading, blanks, case of keys, quotes, booleans, lists', () => {
    const values = read(
      [
        '; comment',
        '# comment',
        '',
        '[application OPTIONS]',
        '  SimNet = 1 ',
        'norpc=',
        'notls=false',
        'listen=a:1',
        'listen = b:2',
        'datadir = "a b"',
        'rpcpass=a=b;c',
        'banduration=1h',
      ].join('\r\n'),
    );
    expect(values).toMatchObject({
      simnet: true,
      norpc: true,
      notls: false,
      listen: ['a:1', 'b:2'],
      datadir: 'a b',
      rpcpass: 'a=b;c',
      banduration: 3_600_000_000_000n,
    });
  });

  test.each([
    ['simnet=1\ngarbage', 'f:2: malformed key=value (garbage)'],
    ['foo=1', 'f:1: unknown option: foo'],
    ['constructor=1', 'f:1: unknown option: constructor'],
    ['maxpeers=x', 'f:1: strconv.ParseInt: parsing "x": invalid syntax'],
    ['simnet=maybe', 'f:1: strconv.ParseBool: parsing "maybe": invalid syntax'],
    ['datadir="a', 'f:1: invalid syntax'],
    ['[a', 'f:1: malformed section header'],
    ['[ ]', 'f:1: empty section name'],
    ['[Other]\nsimnet=1', "could not find option group `Other'"],
    // The form of the whole file is checked before any value.
    ['foo=1\ngarbage', 'f:2: malformed key=value (garbage)'],
  ])('%j', (text, message) => {
    expect(() => read(text)).toThrow(new ConfigFileError(message));
  });
});
