import type { Suite } from './suite.ts';
import { chainSuites } from './wire/chain.ts';
import { filterSuites } from './wire/filters.ts';
import { messageSuites } from './wire/messages.ts';
import { networkSuites } from './wire/networks.ts';
import { streamSuites } from './wire/streams.ts';
import { valueSuites } from './wire/values.ts';

/** Wire formats, hashes and parameters, recorded from both generations: `wire/gen2/*` and `wire/gen4/*`. */
export const wireSuites: readonly Suite[] = [
  ...messageSuites,
  ...streamSuites,
  ...chainSuites,
  ...valueSuites,
  ...networkSuites,
  ...filterSuites,
];
