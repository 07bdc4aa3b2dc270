import { expect, test } from 'vitest';
import { parseUserAgent, userAgent, userAgentCommentProblem, userAgentLengthProblem } from './user-agent.ts';

test('names the soterd version that peers of the generation expect', () => {
  expect(userAgent(2)).toBe('/soterwire:0.6.0/soterd:2.1.1/');
  expect(userAgent(4, ['a', 'b'])).toBe('/soterwire:0.6.0/soterd:4.2.0(a; b)/');
  expect(parseUserAgent(userAgent(4, ['x'])).get('soterd')).toBe('4.2.0');
});

test('is at most 256 bytes', () => {
  expect(() => userAgent(2, ['c'.repeat(300)])).toThrow('MsgVersion: user agent too long [len 332, max 256]');
});

test('comments may fill what nodes can receive, counted in bytes', () => {
  expect(userAgentLengthProblem(2, ['c'.repeat(208)])).toBeUndefined();
  expect(userAgentLengthProblem(2, ['c'.repeat(207), ''])).toMatch(/241 bytes long/u);
  expect(userAgentLengthProblem(2, ['ü'.repeat(105)])).toMatch(/242 bytes long/u);
});

test('comments must not look like structure', () => {
  expect(userAgentCommentProblem(['fine', 'also fine'])).toBeUndefined();
  for (const bad of ['a/b', 'a:b', '(', ')']) expect(userAgentCommentProblem([bad])).toMatch(/must not appear/u);
});
