import type { LoadStatus } from './load.ts';

const PHASES: Readonly<Record<LoadStatus['phase'], string>> = {
  'mining ahead': 'mining ahead: coins of new blocks can be spent after 100 heights',
  'splitting coins': 'splitting coins into many small ones',
  paying: 'paying',
  settling: 'no new payments, waiting for those under way',
};

/** The figures of a load as lines, for the view and the report at the end. */
export function renderLoad(load: LoadStatus): string[] {
  const { phase, rate, sent, included, stable, waiting, lost, refused, starved, doubleSpends, loopDelay } = load;
  const { decided, agreed, open } = doubleSpends;
  return [
    `payments       ${rate}/s  ${PHASES[phase]}`,
    `               sent ${sent}  in a block ${included}  stable ${stable}  under way ${waiting}  lost ${lost}  refused ${refused}` +
      (starved > 0 ? `  left out for want of a stable coin ${starved}` : ''),
    `first block    median ${seconds(load.inclusion.median)}  95 % within ${seconds(load.inclusion.p95)}`,
    `stable         median ${seconds(load.stability.median)}  95 % within ${seconds(load.stability.p95)}  (12 blue blocks, on all nodes)`,
    `double spends  decided ${decided}  all nodes agree on ${agreed}  open ${open}`,
    `event loop     99 % of turns at most ${loopDelay.p99.toFixed(0)} ms late, the worst ${loopDelay.longest.toFixed(0)} ms (all nodes share it)`,
  ];
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
