/**
 * Goal: what is shipped in ops/ fits the program. Every metric is shown on a dashboard, every panel and every alert asks for metrics
 * and labels that exist, and the service file names options that exist.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CATALOGUE, type MetricDefinition } from '../src/metrics/index.ts';
import { SOTERD_OPTIONS } from '../src/node/config/soterd-options.ts';

const DASHBOARDS = 'ops/grafana';
const catalogue: ReadonlyMap<string, MetricDefinition> = new Map(Object.entries(CATALOGUE));

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

const dashboards = readdirSync(DASHBOARDS).map((file) => {
  const dashboard: Dashboard = JSON.parse(readFileSync(join(DASHBOARDS, file), 'utf8'));
  return { file, dashboard };
});

/** Metrics that an expression asks for; series of histograms count as their histogram. */
function metricsIn(expression: string): string[] {
  const names = expression.match(/\b(?:soterd|process|nodejs)_[a-z0-9_]+/gu) ?? [];
  return names.map((name) => {
    const base = name.replace(/_(?:bucket|sum|count)$/u, '');
    return catalogue.get(base)?.kind === 'histogram' ? base : name;
  });
}

const LABEL_USE = /(?:by \(([a-z_, ]+)\)|\{([^}]*)\})/gu;
/** Labels that come with every series, or with every histogram. */
const COMMON_LABELS = new Set(['instance', 'job', 'le']);

function labelsIn(expression: string): string[] {
  return [...expression.matchAll(LABEL_USE)].flatMap(([, by, matchers]) =>
    by === undefined
      ? [...(matchers ?? '').matchAll(/([a-z_]+)\s*(?:=|!=|=~|!~)\s*"/gu)].map(([, label]) => label)
      : by.split(',').map((label) => label.trim()),
  );
}

function expectKnown(expression: string, legend = ''): void {
  const names = metricsIn(expression);
  const known = new Set(COMMON_LABELS);
  for (const name of names) {
    const definition = catalogue.get(name);
    expect(definition, `${name} in ${expression}`).toBeDefined();
    for (const label of definition?.labels ?? []) known.add(label);
  }
  const shown = [...legend.matchAll(/\{\{\s*([a-z_]+)\s*\}\}/gu)].map(([, label]) => label);
  for (const label of [...labelsIn(expression), ...shown])
    expect(known.has(label), `${label} in ${expression} (${legend})`).toBe(true);
}

describe('dashboards', () => {
  test('show every metric', () => {
    const expressions = dashboards.flatMap(({ dashboard }) =>
      dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    );
    const shown = new Set(expressions.flatMap(metricsIn));
    expect([...catalogue.keys()].filter((name) => !shown.has(name))).toEqual([]);
  });

  test.each(dashboards)('$file asks only for metrics and labels that exist', ({ dashboard }) => {
    for (const { type, title, targets = [] } of dashboard.panels) {
      if (type !== 'row') expect(targets.length, title).toBeGreaterThan(0);
      for (const { expr, legendFormat } of targets) expectKnown(expr, legendFormat);
    }
  });

  test('are told apart by Grafana', () => {
    expect(new Set(dashboards.map(({ dashboard }) => dashboard.uid)).size).toBe(dashboards.length);
  });
});

describe('Prometheus', () => {
  const read = (file: string) => readFileSync(join('ops/prometheus', file), 'utf8');
  /** Values of a key in a file of the simple form that ours have. */
  const valuesOf = (text: string, key: string) =>
    [...text.matchAll(new RegExp(`^[ -]*${key}: (.+)$`, 'gmu'))].map(([, value]) => value);

  test('alert rules ask only for metrics and labels that exist', () => {
    const text = read('alerts.yml');
    const expressions = valuesOf(text, 'expr');
    expect(expressions.length).toBeGreaterThan(5);
    for (const expression of expressions) expectKnown(expression);
    for (const key of ['alert', 'labels', 'summary']) expect(valuesOf(text, key), key).toHaveLength(expressions.length);
    for (const summary of valuesOf(text, 'summary')) expect(summary).toContain('{{ $labels.instance }}');
  });

  test('the scrape configuration loads the rules and asks where the service file listens', () => {
    const text = read('prometheus.yml');
    expect(text).toMatch(/^rule_files:\n {2}- alerts\.yml$/mu);
    const [target] = valuesOf(text, 'targets').map((list) => /^\['([^']+)'\]$/u.exec(list)?.[1]);
    expect(readFileSync('ops/systemd/soterd.service', 'utf8')).toContain(`--metricslisten=${target}`);
  });
});

test('the service file uses options that exist', () => {
  const text = readFileSync('ops/systemd/soterd.service', 'utf8').replace(/^#.*$/gmu, '');
  const used = [...text.matchAll(/\s--([a-z]+)/gu)].map(([, name]) => name);
  expect(used).toContain('metricslisten');
  for (const name of used) expect(Object.keys(SOTERD_OPTIONS)).toContain(name);
});
