import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { rpcMethods } from './methods/index.ts';
import { methodReference } from './reference.ts';

test('docs/rpc.md is what the definitions say; if it is not: npm run docs:rpc', () => {
  const page = readFileSync('docs/rpc.md', 'utf8');
  const part = /<!-- methods: begin -->\n(.*)\n<!-- methods: end -->/su.exec(page)?.[1];
  expect(part?.split('\n')).toEqual(methodReference(rpcMethods).split('\n'));
});
