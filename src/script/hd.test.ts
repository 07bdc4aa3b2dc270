import { describe, expect, test } from 'vitest';
import { networkParams } from '../params/index.ts';
import { hexToBytes } from '../util/bytes.ts';
import { HARDENED, HdKey } from './hd.ts';

const mainnet = networkParams('mainnet');

describe('extended keys', () => {
  // Test vector 1 of BIP 32: chain m/0H/1/2H.
  const master = HdKey.fromSeed(hexToBytes('000102030405060708090a0b0c0d0e0f'));
  const child = master.child(HARDENED).child(1);

  test('BIP 32, private and public', () => {
    expect(child.toText(mainnet)).toBe(
      'xprv9wTYmMFdV23N2TdNG573QoEsfRrWKQgWeibmLntzniatZvR9BmLnvSxqu53Kw1UmYPxLgboyZQaXwTCg8MSY3H2EU4pWcQDnRnrVA1xe8fs',
    );
    expect(child.neuter().toText(mainnet)).toBe(
      'xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHKkNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ',
    );
    expect(child.child(HARDENED + 2).depth).toBe(3);
  });

  test('public children are the children of the public key', () => {
    expect(child.neuter().child(5).toText(mainnet)).toBe(child.child(5).neuter().toText(mainnet));
    expect(() => child.neuter().child(HARDENED)).toThrow(RangeError);
  });

  test('seeds have 16 to 64 bytes', () => {
    expect(() => HdKey.fromSeed(new Uint8Array(15))).toThrow(RangeError);
    expect(() => HdKey.fromSeed(new Uint8Array(65))).toThrow(RangeError);
  });

  test('a path ends at depth 255', () => {
    let key = master.neuter();
    for (let i = 0; i < 255; i++) key = key.child(0);
    expect(() => key.child(0)).toThrow('255');
  });
});
