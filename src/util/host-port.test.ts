import { describe, expect, test } from 'vitest';
import { HostPortError, joinHostPort, splitHostPort, withDefaultPort } from './host-port.ts';

describe('splitHostPort', () => {
  test.each([
    ['127.0.0.1:80', '127.0.0.1', '80'],
    ['[::1]:80', '::1', '80'],
    [':18555', '', '18555'],
    ['host:', 'host', ''],
    ['[fe80::1%eth0]:1', 'fe80::1%eth0', '1'],
  ])('%s', (address, host, port) => {
    expect(splitHostPort(address)).toEqual({ host, port });
  });

  test.each([
    ['abc', 'address abc: missing port in address'],
    ['[::1]', 'address [::1]: missing port in address'],
    ['::1', 'address ::1: too many colons in address'],
    ['[::1', "address [::1: missing ']' in address"],
    ['[::1]x:1', 'address [::1]x:1: missing port in address'],
    ['[::1]:1:2', 'address [::1]:1:2: too many colons in address'],
    ['[[::1:x]:18556', "address [[::1:x]:18556: unexpected '[' in address"],
    ['a]:1', "address a]:1: unexpected ']' in address"],
    ['a[:1', "address a[:1: unexpected '[' in address"],
  ])('%s is refused', (address, message) => {
    expect(() => splitHostPort(address)).toThrow(new HostPortError(address, message.split(': ').slice(1).join(': ')));
  });
});

test('a default port is appended only where one is missing', () => {
  expect(withDefaultPort('host', 1)).toBe('host:1');
  expect(withDefaultPort('host:2', 1)).toBe('host:2');
  expect(withDefaultPort('::1', 1)).toBe('[::1]:1');
  expect(withDefaultPort('[::1]', 1)).toBe('[::1]:1');
  expect(withDefaultPort('[::1]:2', 1)).toBe('[::1]:2');
  expect(withDefaultPort('[::1:x', '18556')).toBe('[[::1:x]:18556');
  expect(joinHostPort('::1', 5)).toBe('[::1]:5');
});
