/** One figure of a benchmark. */
export interface Figure {
  /** Variant of what is measured, e.g. `linear`. */
  readonly case: string;
  /** Number of things there were, where it applies. */
  readonly size?: number;
  /** Name of the figure; the same one for ever, so that runs of years can be compared. */
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
}

/** Significant digits that are worth printing. */
const DIGITS = 4;

/**
 * Output of a benchmark: a readable table at the end, or as JSON one object a line at once:
 * `{"bench":NAME,"case":"linear","size":1000,"metric":"ms_per_block","value":0.41,"unit":"ms"}`.
 */
export class Report {
  readonly bench: string;
  readonly json: boolean;
  readonly #figures: Figure[] = [];

  constructor(bench: string, json: boolean) {
    this.bench = bench;
    this.json = json;
  }

  /** Takes one figure. */
  add(figure: Figure): void {
    this.#figures.push(figure);
    if (!this.json) return;
    const { case: name, size, metric, value, unit } = figure;
    console.log(JSON.stringify({ bench: this.bench, case: name, size, metric, value: rounded(value), unit }));
  }

  /** Says what goes on, to people only. */
  note(text: string): void {
    if (!this.json) console.log(text);
  }

  /** A figure taken before. */
  value(name: string, size: number | undefined, metric: string): number | undefined {
    return this.#figures.find((figure) => figure.case === name && figure.size === size && figure.metric === metric)
      ?.value;
  }

  /** Prints the table: a row for each case and size, a column for each metric. */
  print(): void {
    if (this.json || this.#figures.length === 0) return;
    const columns = new Map(this.#figures.map(({ metric, unit }) => [metric, `${metric} [${unit}]`]));
    const rows = new Map<string, Map<string, string>>();
    for (const { case: name, size, metric, value } of this.#figures) {
      const key = size === undefined ? name : `${name}\t${size}`;
      if (!rows.has(key)) rows.set(key, new Map());
      rows.get(key)!.set(metric, String(rounded(value)));
    }
    const table = [
      ['case', 'size', ...columns.values()],
      ...Array.from(rows, ([key, cells]) => {
        const [name, size = ''] = key.split('\t');
        return [name, size, ...Array.from(columns.keys(), (metric) => cells.get(metric) ?? '')];
      }),
    ];
    const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
    for (const row of table) {
      const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])));
      console.log(cells.join('  '));
    }
  }
}

function rounded(value: number): number {
  return Math.abs(value) >= 10 ** DIGITS ? Math.round(value) : Number(value.toPrecision(DIGITS));
}
