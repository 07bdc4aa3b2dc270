/** The Metrics manager: measurements of other managers in, figures for RPC and monitoring out. See docs/operating.md. */
export { CATALOGUE, type MetricDefinition, type MetricName } from './catalogue.ts';
export type { MeasurementSink } from './channel.ts';
export type { LabelledValue, MetricReport, Readings } from './instruments.ts';
export { type BlockMetrics, type Channels, MetricsManager, type MetricsOptions } from './manager.ts';
