import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('the committed WebAssembly is what its sources give', () => {
  const result = spawnSync(process.execPath, ['scripts/build-wasm.mjs', '--check'], { encoding: 'utf8' });
  expect(`${result.stderr}${result.status}`).toBe('0');
});
