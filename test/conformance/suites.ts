import { scriptSuites } from './script.ts';
import type { Suite } from './suite.ts';

/** Every conformance suite, in the order they are printed. */
export const suites: readonly Suite[] = [...scriptSuites];
