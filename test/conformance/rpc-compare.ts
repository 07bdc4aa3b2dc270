import { deepStrictEqual, strictEqual } from 'node:assert';
import { rpcMethods } from '../../src/rpc/index.ts';
import { resultMismatch } from '../../src/rpc/testing/check-result.ts';

/** An entry of a recorded request file, as far as comparing goes. */
export interface RecordedAnswer {
  readonly name: string;
  readonly httpStatus: number | null;
  readonly response?: unknown;
  /** Exact text of short answers: shows order of members and form of numbers. */
  readonly bodyText?: string;
  /** JSON paths whose values differ from run to run. */
  readonly volatile?: readonly string[];
  /** JSON path of an array in arbitrary order. */
  readonly compareAsSet?: string;
}

/** Messages from libraries of the reference node: only what precedes their text is compared. */
const LIBRARY_TEXTS = [/^(Failed to parse request: ).*$/su, /^(Malformed base64 encoding: ).*$/su];

/** One step of a path: a member name, or any member or index. */
function stepsOf(path: string): readonly string[] {
  return path
    .replace(/^\$\.?/u, '')
    .replaceAll('[*]', '.[]')
    .split('.')
    .filter((step) => step !== '');
}

/** A copy of `value` in which everything at `path` is replaced by `replace` of it. */
function replaceAt(value: unknown, steps: readonly string[], replace: (value: unknown) => unknown): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return replace(value);
  if (step === '[]') return Array.isArray(value) ? value.map((item) => replaceAt(item, rest, replace)) : value;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      step === '*' || step === name ? replaceAt(member, rest, replace) : member,
    ]),
  );
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** Replaces volatile values by their type, sorts arrays without order, shortens messages of foreign libraries. */
function normalise(value: unknown, entry: RecordedAnswer): unknown {
  let normal = value;
  for (const path of entry.volatile ?? [])
    normal = replaceAt(normal, stepsOf(path), (found) => `any ${typeName(found)}`);
  if (entry.compareAsSet !== undefined)
    normal = replaceAt(normal, stepsOf(entry.compareAsSet), (found) =>
      Array.isArray(found) ? [...found].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : found,
    );
  return replaceAt(normal, ['error', 'message'], (message) =>
    LIBRARY_TEXTS.reduce((text, pattern) => text.replace(pattern, '$1…'), String(message)),
  );
}

/** Compares a result with what the definition of its method says. */
export function checkResult(method: string, body: string): void {
  const { result, error } = JSON.parse(body) as { readonly result: unknown; readonly error: unknown };
  const schema = rpcMethods.get(method)?.result;
  if (error === null && schema) strictEqual(resultMismatch(schema, result), undefined);
}

/** An answer without what only this node adds to templates. */
export function withoutParents(method: string, body: string): string {
  if (method !== 'getblocktemplate') return body;
  return body.replace(/,"parentsversion":\d+,"parents":\[[^\]]*\]/u, '');
}

/** Compares an answer with the recorded one; throws an AssertionError where they differ. */
export function compareAnswer(entry: RecordedAnswer, status: number, body: string): void {
  strictEqual(status, entry.httpStatus);
  const actual = normalise(JSON.parse(body), entry);
  const expected = normalise(entry.response, entry);
  // Order of members and form of numbers can be compared wherever nothing was replaced.
  const isExact = (entry.volatile ?? []).length === 0 && entry.compareAsSet === undefined;
  if (isExact && entry.bodyText !== undefined && JSON.stringify(expected) === JSON.stringify(entry.response))
    strictEqual(body, entry.bodyText);
  else if (isExact) strictEqual(JSON.stringify(actual), JSON.stringify(expected));
  else deepStrictEqual(actual, expected);
}
