import { describe, expect, test } from 'vitest';
import { runSuite, vectorsFolder } from './suite.ts';
import { suites } from './suites.ts';

const folder = vectorsFolder();
if (!folder) console.log('conformance: SKIPPED, no recordings at ../shared/vectors or SOTERD_VECTORS');

describe.skipIf(!folder)('conformance with recorded nodes', () => {
  for (const suite of suites) {
    test(suite.name, async () => {
      const result = await runSuite(suite, folder ?? '');
      const failures = result.failures.map(({ name, error }) => `${name}: ${error}`);
      expect(failures).toEqual([]);
      expect(result.passed).toBeGreaterThan(0);
    });
  }
});
