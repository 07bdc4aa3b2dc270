import { defineConfig } from 'vitest/config';
import { PlainReporter } from './test/plain-reporter.ts';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Generous on purpose: a limit that a loaded machine can reach would make tests flaky.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ['default', new PlainReporter()],
  },
});
