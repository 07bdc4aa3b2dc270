/** The Metrics manager: measurements of other managers in, figures for RPC and monitoring out. */
export type { MeasurementSink } from './channel.ts';
export { Counter, Gauge, Histogram, type Measurement, Registry } from './instruments.ts';
export { type BlockMetrics, MetricsManager, type MetricsOptions } from './manager.ts';
