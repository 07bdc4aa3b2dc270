import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ipFromString } from '../wire/index.ts';
import { AddressBudget } from './address-budget.ts';
import { addressKey, groupKey, ipOfHost, parseAddressKey } from './address-key.ts';
import { newBucket, triedBucket } from './placement.ts';

const ip = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc
    .uint8Array({ minLength: 4, maxLength: 4 })
    .map((v4) => Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...v4])),
  fc
    .uint8Array({ minLength: 10, maxLength: 10 })
    .map((id) => Uint8Array.from([0xfd, 0x87, 0xd8, 0x7e, 0xeb, 0x43, ...id])),
);

test('every address can be read back from its text', () => {
  fc.assert(
    fc.property(ip, fc.integer({ min: 0, max: 65535 }), (bytes, port) => {
      expect(parseAddressKey(addressKey({ ip: bytes, port }))).toEqual({ ip: bytes, port });
    }),
  );
});

test('what is no address is not taken for one', () => {
  for (const text of [
    '',
    ':',
    '1.2.3.4',
    '1.2.3.4:',
    ':5',
    '1.2.3.4:65536',
    '::1:5',
    '[::1]',
    'host:5',
    '[1.2.3.4:5',
    '1.2.3:4',
  ]) {
    expect(parseAddressKey(text), text).toBeUndefined();
  }
  expect(ipOfHost('01sqaaaaaaaaaaab.onion')).toBeUndefined();
  fc.assert(fc.property(fc.string(), (text) => void parseAddressKey(text)));
});

test('groups and buckets are total functions within bounds', () => {
  const key = new Uint8Array(32).fill(3);
  fc.assert(
    fc.property(ip, ip, (a, b) => {
      expect(groupKey(a)).not.toBe('');
      const fresh = newBucket(key, { ip: a }, { ip: b });
      const tried = triedBucket(key, { ip: a, port: 1 });
      expect(fresh >= 0 && fresh < 1024 && tried >= 0 && tried < 64).toBe(true);
    }),
  );
});

test.each([
  ['127.0.0.1', 'local'],
  ['0.1.2.3', 'local'],
  ['::1', 'local'],
  ['192.168.1.1', 'unroutable'],
  ['::', 'unroutable'],
  ['173.194.115.66', '173.194.0.0'],
  ['::ffff:173.194.115.66', '173.194.0.0'],
  ['64:ff9b::adc2:7342', '173.194.0.0'],
  ['::ffff:0:adc2:7342', '173.194.0.0'],
  ['2002:adc2:7342::1', '173.194.0.0'],
  ['2001:0:1:2:3:4:523d:8cbd', '173.194.0.0'],
  ['fd87:d87e:eb43:1d25::1', 'tor:13'],
  ['2a00:1450:1:2::3', '2a00:1450::'],
  ['2001:470:1f10:a1::2', '2001:470:1000::'],
  ['224.0.0.251', '224.0.0.0'],
])('the group of %s is %s', (text, group) => {
  expect(groupKey(ipFromString(text)!)).toBe(group);
});

test('a peer may tell 1000 addresses at once and one every ten seconds, more when asked', () => {
  let seconds = 0;
  const budget = new AddressBudget({ now: () => 0, monotonic: () => seconds * 1000 });
  expect(budget.take(400)).toBe(400);
  expect(budget.take(4000)).toBe(600);
  expect(budget.take(1)).toBe(0);
  seconds += 100;
  expect(budget.take(50)).toBe(10);
  budget.grant(1000);
  expect(budget.take(5000)).toBe(1000);
  seconds += 1e7;
  expect(budget.take(5000)).toBe(1000);
});
