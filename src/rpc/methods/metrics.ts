import { optional } from '../params/signature.ts';
import { string } from '../params/types.ts';
import { choice, decimal, list, mapping, oneOf, record, text, whole } from '../schema/result.ts';
import { defineMethod, type Method } from './define.ts';

const LABELS = mapping('label', text());

/** Methods about what managers measure. Not in soterd 2.1.1. */
export const metricsMethods: readonly Method[] = [
  defineMethod({
    name: 'getmetrics',
    params: [optional('prefix', string, 'Only metrics whose name begins so, e.g. soterd_mempool; without it all.')],
    extension: true,
    about: 'What all managers of the node have measured since its start.',
    result: list(
      record({
        name: text('As in the monitoring endpoint'),
        kind: oneOf(['counter', 'gauge', 'histogram']),
        help: text('What is measured'),
        values: list(
          choice(
            ['counters and gauges', record({ labels: LABELS, value: decimal('In the unit that the name ends in') })],
            [
              'histograms',
              record({
                labels: LABELS,
                count: whole('How many values there were'),
                sum: decimal('Of all values'),
                buckets: list(record({ bound: decimal(), count: whole('How many values did not exceed the bound') })),
              }),
            ],
          ),
          'Empty if nothing was measured',
        ),
      }),
    ),
    run: async ({ ports }, [prefix = '']) => {
      const reports = await ports.metrics.report(prefix);
      return reports.map(({ name, kind, help, values }) => ({
        name,
        kind,
        help,
        values: values.map((value) =>
          'buckets' in value
            ? {
                labels: { ...value.labels },
                count: value.count,
                sum: value.sum,
                buckets: value.buckets.map(({ bound, count }) => ({ bound, count })),
              }
            : { labels: { ...value.labels }, value: value.value },
        ),
      }));
    },
  }),
];
