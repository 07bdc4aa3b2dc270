import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostPort, ipFromString, ipToString } from './ip-text.ts';

describe('text of an IP', () => {
  test.each(['1.2.3.4', '::', '::1', '2001:db8::ff', 'fe80::1:2:3', '1:2:3:4:5:6:7:8', '1:0:0:2::3', '0:1::'])(
    '%s is its own canonical form',
    (text) => {
      const ip = ipFromString(text);
      expect(ip && ipToString(ip)).toBe(text);
    },
  );

  test.each([
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['0:0:1:0:0:0:0:0', '0:0:1::'],
  ])('%s reads as %s', (text, canonical) => {
    const ip = ipFromString(text);
    expect(ip && ipToString(ip)).toBe(canonical);
  });

  test.each([
    '',
    'localhost',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1:2:3:4:5:6:7',
    '1::2::3',
    '1:2:3:4:5:6:7::8',
    ':1',
    'g::',
    '::1%eth0',
    '1.2.3.4::',
  ])('"%s" is no IP', (text) => {
    expect(ipFromString(text)).toBeUndefined();
  });

  test('comes back for any 16 bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.nat(0xffff), (ip, zeros) => {
        for (let i = 0; i < 16; i++) if (zeros & (1 << i)) ip[i] = 0;
        expect(ipFromString(ipToString(ip))).toEqual(Uint8Array.from(ip));
      }),
    );
  });
});

test('host and port put IPv6 in brackets', () => {
  expect(hostPort(ipFromString('1.2.3.4') ?? new Uint8Array(16), 5)).toBe('1.2.3.4:5');
  expect(hostPort(new Uint8Array(16), 8333)).toBe('[::]:8333');
});
