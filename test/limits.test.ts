import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const root = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

/** One figure of docs/limits.md. */
interface Row {
  readonly what: string;
  readonly bound: string;
  readonly file: string;
  readonly name: string;
  readonly option: string;
}

/** What a unit makes of a number. Times may stand in the sources as seconds or as milliseconds. */
const UNITS: Readonly<Record<string, readonly number[]>> = {
  '': [1],
  bytes: [1],
  KiB: [1024],
  MiB: [1024 * 1024],
  '%': [0.01],
  ms: [1, 0.001],
  s: [1000, 1],
  min: [60_000, 60],
  h: [3_600_000, 3600],
  d: [86_400_000, 86_400],
};

function rows(): Row[] {
  const found: Row[] = [];
  for (const line of read('docs/limits.md').split('\n')) {
    const [, what, bound, where, , option] = line.split('|').map((cell) => cell.trim());
    const place = /^`([^`]+)` `([^`]+)`$/u.exec(where ?? '');
    if (what && bound && place) found.push({ what, bound, file: place[1]!, name: place[2]!, option: option ?? '' });
  }
  return found;
}

/** The values that a figure of the page can stand for in the sources. */
function meanings(bound: string): number[] {
  const match = /^([\d,]+(?:\.\d+)?) ?([A-Za-z%]*)$/u.exec(bound);
  const units = UNITS[match?.[2] ?? '?'];
  if (!match || !units) throw new Error(`cannot read "${bound}"`);
  const number = Number(match[1]!.replaceAll(',', ''));
  return units.map((unit) => number * unit);
}

/** The first number that a source file gives to a name: as a constant, a member, a default, or an option. */
function numberOf(source: string, name: string): number | undefined {
  const given = String.raw`\b${name}\b(?:: [\w<>]+)? ?(?:=|:|\?\?) ([\w. */+<-]+?)(?: as const)?(?=[,;)\n]| \})`;
  const option = String.raw`\b${name}: option\('\w+', ([\w.]+),`;
  for (const pattern of [option, given]) {
    for (const [, text] of source.matchAll(new RegExp(pattern, 'gu'))) {
      const value = evaluate(source, text!);
      if (value !== undefined) return value;
    }
  }
  return undefined;
}

/** Products, quotients, sums, differences, powers and shifts, from left to right within their rank. */
function evaluate(source: string, text: string): number | undefined {
  for (const [operator, apply] of [
    [' + ', (a: number, b: number) => a + b],
    [' - ', (a: number, b: number) => a - b],
    [' << ', (a: number, b: number) => a << b],
    [' * ', (a: number, b: number) => a * b],
    [' / ', (a: number, b: number) => a / b],
    [' ** ', (a: number, b: number) => a ** b],
  ] as const) {
    const at = text.lastIndexOf(operator);
    if (at < 0) continue;
    const left = evaluate(source, text.slice(0, at));
    const right = evaluate(source, text.slice(at + operator.length));
    return left === undefined || right === undefined ? undefined : apply(left, right);
  }
  if (/^[\d_.]+(?:e-?\d+)?n?$/u.test(text)) return Number(text.replaceAll('_', '').replace(/n$/u, ''));
  return /^[A-Z]\w+$/u.test(text) ? numberOf(source, text) : undefined;
}

describe('docs/limits.md', () => {
  const all = rows();

  test('has figures of every part', () => {
    const parts = new Set(all.map(({ file }) => file.split('/')[0]));
    for (const part of [
      'peer',
      'wire',
      'netsync',
      'server',
      'connmgr',
      'addrmgr',
      'dag',
      'mempool',
      'mining',
      'rpc',
      'node',
    ])
      expect(parts).toContain(part);
  });

  test.each(all)('$file $name: $bound', ({ bound, file, name }) => {
    expect(existsSync(new URL(`src/${file}`, root))).toBe(true);
    expect(meanings(bound)).toContain(numberOf(read(`src/${file}`), name));
  });

  test('names options that exist', () => {
    const options = read('src/node/config/soterd-options.ts');
    for (const { option } of all) {
      const name = /^`--(\w+)`$/u.exec(option)?.[1];
      if (option !== '') expect(options).toMatch(new RegExp(String.raw`\b${name}: `, 'u'));
    }
  });

  test('leaves out no limit of connections and of synchronisation', () => {
    const named = new Set(all.map(({ file, name }) => `${file} ${name}`));
    for (const file of ['peer/limits.ts', 'netsync/limits.ts']) {
      const source = read(`src/${file}`);
      const names = [...source.matchAll(/^(?:export const ([A-Z_]+) =| {2}(\w+): [\d_* ]+,$)/gmu)];
      for (const [, constant, member] of names) {
        const name = constant ?? member!;
        if (numberOf(source, name) !== undefined && !isVersion(name)) expect(named).toContain(`${file} ${name}`);
      }
    }
  });
});

/** Members of `ProtocolGate`: protocol versions, not limits. */
function isVersion(name: string): boolean {
  return ['minimum', 'bip31', 'reject'].includes(name);
}
