import { describe, expect, test } from 'vitest';
import { Block } from '../wire/index.ts';
import { faultOf, isDuplicate, isVerdict, refusalOf } from './rejects.ts';
import { FakeDag, FakeRuleError, makeBlock, withFalseBody } from './testing/fake-dag.ts';

const rule = (code: string) => new FakeRuleError(code, 'text');
const block = makeBlock([new FakeDag().genesis]);

describe('refusalOf', () => {
  test.each([
    [rule('ErrDuplicateBlock'), 0x12, 'text'],
    [rule('ErrBadMerkleRoot'), 0x10, 'text'],
    [rule('ErrForkTooOld'), 0x43, 'text'],
    [rule('ErrBlockVersionTooOld'), 0x11, 'text'],
    [new Error('boom'), 0x10, 'rejected: boom'],
    [Object.assign(new Error('fee'), { rejectCode: 0x42 }), 0x42, 'fee'],
  ])('%s', (error, code, reason) => {
    expect(refusalOf(error)).toEqual({ code, reason });
  });
});

describe('faultOf', () => {
  test('what the header proves holds for every block of that hash', () => {
    expect(faultOf(rule('ErrHighHash'), block)).toEqual({ provenByHash: true, points: 50 });
  });

  test('faults of the transactions count for the hash only if the header commits to them', () => {
    expect(faultOf(rule('ErrBadCoinbaseScriptLen'), block).provenByHash).toBe(true);
    expect(faultOf(rule('ErrBadCoinbaseScriptLen'), withFalseBody(block)).provenByHash).toBe(false);
    const { header, parentsVersion, parents, transactions } = block;
    const doubled = new Block({ header, parentsVersion, parents, transactions: [...transactions, ...transactions] });
    expect(faultOf(rule('ErrMultipleCoinbases'), doubled).provenByHash).toBe(false);
  });

  test('bytes around a good hash are blamed on their sender only', () => {
    expect(faultOf(rule('ErrBadMerkleRoot'), block)).toEqual({ provenByHash: false, points: 50 });
    expect(faultOf(new Error('assertion failed'), block)).toEqual({ provenByHash: false, points: 10 });
  });

  test('what depends on time or the order of arrival blames nobody', () => {
    for (const code of ['ErrTimeTooNew', 'ErrTimeTooOld', 'ErrMissingTxOut', 'ErrInvalidAncestorBlock']) {
      expect(faultOf(rule(code), block)).toEqual({ provenByHash: false, points: 0 });
    }
  });
});

test('a full disk is no verdict', () => {
  expect(isVerdict(rule('ErrTimeTooOld'))).toBe(true);
  expect(isVerdict(Object.assign(new Error('x'), { name: 'AssertError' }))).toBe(true);
  expect(isVerdict(Object.assign(new Error('disk full'), { name: 'StoreError', code: 'full' }))).toBe(false);
  expect(isDuplicate(rule('ErrDuplicateBlock'))).toBe(true);
  expect(isDuplicate(new Error('x'))).toBe(false);
});
