import type { Reporter, TestModule } from 'vitest/node';

/** Prints the totals once more as one plain line that other programs can read. */
export class PlainReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      let failures = 0;
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === 'passed') count.passed++;
        else if (state === 'failed') failures++;
        else count.skipped++;
      }
      // A file that could not be loaded has no tests to fail.
      if (failures === 0 && module.state() === 'failed') failures = 1;
      count.failed += failures;
    }
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  }
}
