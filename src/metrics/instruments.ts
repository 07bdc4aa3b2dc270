import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { CATALOGUE, type MetricKind, type MetricName, type NamesOf } from './catalogue.ts';

/** Values of a metric's labels. */
export type Labels = { readonly [label: string]: string };

/** One of the values of a metric with labels. */
export interface LabelledValue {
  readonly labels: Labels;
  readonly value: number;
}

/** Values of metrics that somebody else keeps, by name; of counters the sum since the start. */
export type Readings = {
  readonly [Name in NamesOf<'gauge' | 'counter'>]?: number | readonly LabelledValue[];
};

/** One value of a metric at one moment. */
export type MetricValue =
  | LabelledValue
  | {
      readonly labels: Labels;
      readonly count: number;
      readonly sum: number;
      /** How many values did not exceed each bound. */
      readonly buckets: readonly { readonly bound: number; readonly count: number }[];
    };

/** A metric and its values at one moment. */
export interface MetricReport {
  readonly name: MetricName;
  readonly kind: MetricKind;
  readonly help: string;
  /** None if nothing was measured. */
  readonly values: readonly MetricValue[];
}

/** The instruments of all metrics of the {@link CATALOGUE}, for one node. */
export class Instruments {
  /** Media type of {@link text}. */
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #counters = new Map<MetricName, Counter>();
  readonly #gauges = new Map<MetricName, Gauge>();
  readonly #histograms = new Map<MetricName, Histogram>();

  constructor() {
    this.contentType = this.#registry.contentType;
    for (const name of names()) {
      const { kind, help, labels, ...rest } = CATALOGUE[name];
      const common = { name, help, labelNames: [...labels], registers: [this.#registry] };
      if (kind === 'counter') this.#counters.set(name, new Counter(common));
      else if (kind === 'gauge') this.#gauges.set(name, new Gauge(common));
      else if ('buckets' in rest) this.#histograms.set(name, new Histogram({ ...common, buckets: [...rest.buckets] }));
    }
  }

  count(name: NamesOf<'counter'>, by = 1, labels: Labels = {}): void {
    this.#counters.get(name)!.inc(labels, by);
  }

  observe(name: NamesOf<'histogram'>, value: number, labels: Labels = {}): void {
    this.#histograms.get(name)!.observe(labels, value);
  }

  /** Takes values over as they are. Values of labels that are not among them any more are forgotten. */
  set(readings: Readings): void {
    for (const [name, reading] of Object.entries(readings) as [
      NamesOf<'gauge' | 'counter'>,
      Readings[keyof Readings],
    ][]) {
      const values = typeof reading === 'number' ? [{ labels: {}, value: reading }] : (reading ?? []);
      const gauge = this.#gauges.get(name);
      const counter = this.#counters.get(name);
      gauge?.reset();
      counter?.reset();
      for (const { labels, value } of values) {
        gauge?.set(labels, value);
        counter?.inc(labels, value);
      }
    }
  }

  /** Everything in the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Everything as objects, in the order of the catalogue. @param prefix of the names that are wanted. */
  async report(prefix: string): Promise<MetricReport[]> {
    const wanted = names().filter((name) => name.startsWith(prefix));
    return Promise.all(
      wanted.map(async (name): Promise<MetricReport> => {
        const { kind, help } = CATALOGUE[name];
        return { name, kind, help, values: await this.#values(name) };
      }),
    );
  }

  async #values(name: MetricName): Promise<MetricValue[]> {
    const plain = this.#counters.get(name) ?? this.#gauges.get(name);
    if (plain) {
      const { values } = await plain.get();
      return values.map(({ labels, value }) => ({ labels: textLabels(labels), value }));
    }
    const { values } = await this.#histograms.get(name)!.get();
    return histogramValues(values);
  }
}

function names(): MetricName[] {
  return Object.keys(CATALOGUE) as MetricName[];
}

/** A value as the library lists it: one for each bound, then sum and count, for each set of labels. */
interface ListedValue {
  readonly metricName?: string;
  readonly labels: { readonly [label: string]: string | number | undefined };
  readonly value: number;
}

function histogramValues(listed: readonly ListedValue[]): MetricValue[] {
  const groups = new Map<
    string,
    { labels: Labels; count: number; sum: number; buckets: { bound: number; count: number }[] }
  >();
  for (const {
    metricName = '',
    labels: { le, ...others },
    value,
  } of listed) {
    const labels = textLabels(others);
    const key = JSON.stringify(labels);
    const group = groups.get(key) ?? { labels, count: 0, sum: 0, buckets: [] };
    groups.set(key, group);
    if (metricName.endsWith('_sum')) group.sum = value;
    else if (metricName.endsWith('_count')) group.count = value;
    else if (le !== '+Inf') group.buckets.push({ bound: Number(le), count: value });
  }
  return [...groups.values()];
}

function textLabels(labels: ListedValue['labels']): Labels {
  return Object.fromEntries(
    Object.entries(labels).flatMap(([label, value]) => (value === undefined ? [] : [[label, String(value)]])),
  );
}
