import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes } from '../util/bytes.ts';
import { hash160, sha256 } from '../util/hash.ts';
import { SeededRandom } from '../util/testing/seeded-random.ts';
import { ScriptBuilder } from './builder.ts';
import { publicKeyOf } from './ecdsa.ts';
import { NO_FLAGS, ScriptFlag } from './flags.ts';
import { spendsKeyHash } from './key-hash-spend.ts';
import { SignatureCache } from './signature-cache.ts';
import { signInput } from './signing.ts';
import { payToPubKeyHash } from './standard-scripts.ts';
import { AMOUNT, outcome, spending } from './testing.ts';

/** Changes nothing without segregated witness, but keeps the engine from the short way. */
const LONG_WAY = ScriptFlag.discourageUpgradableWitnessProgram;

const privateKey = sha256(Uint8Array.of(7));

function spend(compressed: boolean, hashType = 1) {
  const key = publicKeyOf(privateKey, compressed);
  const script = payToPubKeyHash(hash160(key));
  const signature = signInput({ tx: spending({}), inputIndex: 0, scriptCode: script, privateKey, hashType });
  return { key, script, signature, signatureScript: new ScriptBuilder().data(signature).data(key).build() };
}

function takesShortWay(prevScript: Uint8Array, signatureScript: Uint8Array, cache?: SignatureCache): boolean {
  const tx = spending({ signatureScript });
  return spendsKeyHash({ tx, inputIndex: 0, prevScript, amount: AMOUNT, flags: NO_FLAGS, cache });
}

test.each([
  [true, 1],
  [false, 1],
  [true, 0x83],
  [true, 2],
  [false, 0],
])('the usual spend takes the short way (compressed key: %s, hash type %i)', (compressed, hashType) => {
  const { script, signatureScript } = spend(compressed, hashType);
  expect(takesShortWay(script, signatureScript)).toBe(true);
  expect(outcome(script, { signatureScript }, LONG_WAY)).toEqual(['ok', '']);
});

test('whatever is changed, both ways have one outcome', () => {
  const { script, signatureScript } = spend(true);
  const change = fc.record({
    at: fc.nat(200),
    to: fc.nat(255),
    ofOutput: fc.boolean(),
    cut: fc.integer({ min: -3, max: 3 }),
  });
  let short = 0;
  fc.assert(
    fc.property(change, ({ at, to, ofOutput, cut }) => {
      const changed = (bytes: Uint8Array): Uint8Array => {
        const copy = Uint8Array.from(bytes);
        copy[at % copy.length] = to;
        return cut < 0 ? copy.slice(0, cut) : concatBytes(copy, new Uint8Array(cut > 1 ? cut - 1 : 0));
      };
      const prevScript = ofOutput ? changed(script) : script;
      const spent = { signatureScript: ofOutput ? signatureScript : changed(signatureScript) };
      if (takesShortWay(prevScript, spent.signatureScript)) short++;
      expect(outcome(prevScript, spent, NO_FLAGS)).toEqual(outcome(prevScript, spent, LONG_WAY));
    }),
    { numRuns: 1000 },
  );
  expect(short).toBeLessThan(100);
});

test('unusual forms go the long way and have their outcome there', () => {
  const { key, script, signature, signatureScript } = spend(true);
  const padded = new ScriptBuilder().data(Uint8Array.of(1)).data(signature).data(key).build();
  const long = Uint8Array.of(0x4c, signature.length, ...signatureScript.subarray(1));
  for (const [name, unusual] of Object.entries({ padded, long })) {
    expect([name, takesShortWay(script, unusual)]).toEqual([name, false]);
    expect([name, outcome(script, { signatureScript: unusual }, NO_FLAGS)]).toEqual([name, ['ok', '']]);
  }
  expect(takesShortWay(script, new Uint8Array())).toBe(false);
  expect(takesShortWay(Uint8Array.of(0x51), signatureScript)).toBe(false);
});

test('valid signatures are remembered, and what is remembered is believed', () => {
  const { script, signatureScript } = spend(true);
  const cache = new SignatureCache(10, new SeededRandom(1));
  expect(takesShortWay(script, signatureScript, cache)).toBe(true);
  expect(cache.size).toBe(1);
  expect(takesShortWay(script, signatureScript, cache)).toBe(true);
  expect(cache.size).toBe(1);
});
