import { describe, expect, test } from 'vitest';
import { Authenticator } from './auth.ts';
import { cleanPath, splitTarget } from './paths.ts';

test.each([
  ['/', '/'],
  ['//', '/'],
  ['/a/../b', '/b'],
  ['/a/./b/', '/a/b/'],
  ['/..', '/'],
  ['/a//b', '/a/b'],
  ['/ws/', '/ws/'],
  ['/wallet/x', '/wallet/x'],
])('the clean form of %s is %s', (path, clean) => {
  expect(cleanPath(path)).toBe(clean);
});

test('a request target is path and query', () => {
  expect(splitTarget('/a?b=/../c')).toEqual({ path: '/a', query: '?b=/../c' });
  expect(splitTarget('*')).toEqual({ path: '/', query: '' });
});

describe('Authenticator', () => {
  const header = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;

  test('knows the admin and the limited user, exactly', () => {
    const authenticator = new Authenticator({ user: 'user', password: 'pass' }, { user: 'lim', password: 'limpass' });
    expect(authenticator.check(header('user:pass'))).toBe('admin');
    expect(authenticator.check(header('lim:limpass'))).toBe('limited');
    expect(authenticator.check(header('user:Pass'))).toBeUndefined();
    expect(authenticator.check(header('user:pass').replace('Basic', 'basic'))).toBeUndefined();
    expect(authenticator.check(`${header('user:pass')} `)).toBeUndefined();
    expect(authenticator.check(undefined)).toBeUndefined();
  });

  test('an incomplete pair admits nobody', () => {
    const none = { user: '', password: '' };
    expect(new Authenticator(none, none).enabled).toBe(false);
    const half = new Authenticator({ user: 'user', password: '' }, { user: '', password: 'pass' });
    expect(half.enabled).toBe(false);
    expect(half.check(header('user:'))).toBeUndefined();
    expect(half.check(header(':pass'))).toBeUndefined();
    expect(half.check(header(':'))).toBeUndefined();
  });
});
