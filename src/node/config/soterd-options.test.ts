import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SOTERD_OPTIONS } from './soterd-options.ts';

test('docs/operating.md names every option', () => {
  const text = readFileSync('docs/operating.md', 'utf8');
  const named = new Set(Array.from(text.matchAll(/--([a-z-]+)/gu), ([, name]) => name));
  expect(Object.keys(SOTERD_OPTIONS).filter((name) => !named.has(name))).toEqual([]);
});
