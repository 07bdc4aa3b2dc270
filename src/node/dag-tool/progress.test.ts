import { beforeEach, expect, test } from 'vitest';
import { grouped, Progress, secondsText } from './progress.ts';

let time: number;
let text: string;
const clock = { now: () => 0, monotonic: () => time };

beforeEach(() => {
  time = 1000;
  text = '';
});

const output = (isTTY: boolean) => ({
  isTTY,
  write: (more: string) => {
    text += more;
  },
});

test('numbers for people', () => {
  expect([grouped(0), grouped(1234567.4), secondsText(0.04), secondsText(9.94), secondsText(61.7)]).toEqual([
    '0',
    '1,234,567',
    '0.0 s',
    '9.9 s',
    '62 s',
  ]);
});

test('elsewhere: a line every five seconds, with rate and time left from the second one on', () => {
  const progress = new Progress(output(false), clock);
  for (let done = 0; done <= 1200; done += 100) {
    progress.show('imported blocks', done, 10_000);
    time += 1000;
  }
  expect(text).toBe(
    'imported blocks: 500 of 10,000 (5 %)\nimported blocks: 1,000 of 10,000 (10 %), 100/s, 90 s left\n',
  );
  expect(progress.seconds).toBe(13);
  progress.clear();
  expect(text.endsWith('left\n')).toBe(true);
});

test('on a terminal: one line that is rewritten and goes away', () => {
  const progress = new Progress(output(true), clock);
  time += 250;
  progress.show('verified blocks', 10, 20);
  time += 250;
  progress.show('verified order', 1, 0);
  progress.clear();
  progress.clear();
  expect(text).toBe('\r\x1b[Kverified blocks: 10 of 20 (50 %)\r\x1b[Kverified order: 1 of 0\r\x1b[K');
});
