/**
 * `npm run conformance [suite…]`: compares this implementation with recordings of running soterd nodes. Prints one line
 * a suite and the totals; exits non-zero if any case fails. A name selects every suite that equals it or lies below it.
 */
import { runSuite, vectorsFolder } from './suite.ts';
import { suites } from './suites.ts';

const wanted = process.argv.slice(2);
const selected = suites.filter(
  (suite) => wanted.length === 0 || wanted.some((name) => suite.name === name || suite.name.startsWith(`${name}/`)),
);
const folder = vectorsFolder();
let passed = 0;
let failed = 0;
let skipped = 0;

if (wanted.length > 0 && selected.length === 0) {
  console.error(`no suite named ${wanted.join(' ')}; there are: ${suites.map((suite) => suite.name).join(' ')}`);
  process.exit(1);
}
if (!folder) {
  console.log('Conformance recordings not found (../shared/vectors, or set SOTERD_VECTORS): every suite is skipped.');
  skipped = selected.length;
} else {
  for (const suite of selected) {
    const result = await runSuite(suite, folder);
    passed += result.passed;
    failed += result.failures.length;
    skipped += result.skipped.length;
    console.log(`${suite.name}  ${result.passed}/${result.passed + result.failures.length}`);
    for (const deviation of result.deviations)
      console.log(`    better by design: ${deviation.name}: ${deviation.reason}`);
    for (const skip of result.skipped) console.log(`    skipped: ${skip.name}: ${skip.reason}`);
    for (const failure of result.failures.slice(0, 10)) {
      const text = failure.error instanceof Error ? failure.error.message : String(failure.error);
      console.log(`    FAILED ${failure.name}: ${text.slice(0, 600)}`);
    }
    if (result.failures.length > 10) console.log(`    … and ${result.failures.length - 10} more`);
  }
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);
