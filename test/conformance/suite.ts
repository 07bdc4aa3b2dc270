import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** What a suite receives: where the recordings are and how to report one comparison. */
export interface SuiteContext {
  /** Runs one case. An exception counts as a failure of that case and the suite goes on. */
  check(name: string, body: () => void | Promise<void>): Promise<void>;
  /** Names a behaviour in which this node is deliberately better than the recording, and why. */
  deviation(name: string, reason: string): void;
  /** Names a recording that is not compared, and why. */
  skip(name: string, reason: string): void;
  /** Absolute path of a recording, e.g. `path('wire/gen2/txs.json.gz')`. */
  path(relative: string): string;
  /** Parsed JSON of a recording; `.gz` is unpacked. The caller states its shape. */
  json<T>(relative: string): T;
  /** Parsed lines of a `.jsonl` or `.jsonl.gz` recording. */
  lines<T>(relative: string): T[];
}

/** One conformance suite: a name like `wire/gen2/txs` and the cases of one or a few recordings. */
export interface Suite {
  readonly name: string;
  run(context: SuiteContext): Promise<void>;
}

/** What came out of one suite. */
export interface SuiteResult {
  readonly name: string;
  readonly passed: number;
  readonly failures: readonly { readonly name: string; readonly error: unknown }[];
  readonly deviations: readonly { readonly name: string; readonly reason: string }[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/** Folder of the recordings: `SOTERD_VECTORS`, else `../shared/vectors` beside the checkout; undefined if absent. */
export function vectorsFolder(): string | undefined {
  const folder = process.env.SOTERD_VECTORS ?? resolve(process.cwd(), '../shared/vectors');
  return existsSync(folder) ? folder : undefined;
}

function readText(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

/** Runs one suite over the recordings in `folder`. */
export async function runSuite(suite: Suite, folder: string): Promise<SuiteResult> {
  let passed = 0;
  const failures: { name: string; error: unknown }[] = [];
  const deviations: { name: string; reason: string }[] = [];
  const skipped: { name: string; reason: string }[] = [];
  const path = (relative: string) => join(folder, relative);
  const context: SuiteContext = {
    async check(name, body) {
      try {
        await body();
        passed++;
      } catch (error) {
        failures.push({ name, error });
      }
    },
    deviation: (name, reason) => deviations.push({ name, reason }),
    skip: (name, reason) => skipped.push({ name, reason }),
    path,
    json: <T>(relative: string) => JSON.parse(readText(path(relative))) as T,
    lines: <T>(relative: string) =>
      readText(path(relative))
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => JSON.parse(line) as T),
  };
  try {
    await suite.run(context);
  } catch (error) {
    failures.push({ name: '(suite aborted)', error });
  }
  return { name: suite.name, passed, failures, deviations, skipped };
}
