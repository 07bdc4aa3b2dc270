import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesToHex } from '../../src/util/bytes.ts';
import type { FuzzResult } from './fuzzer.ts';
import type { MemoryWatch } from './memory-watch.ts';
import { SERVICE_LIMITS } from './witnesses.ts';

/** The tables at the end of a run. */
export function textOf({ memory, ...result }: FuzzResult): string {
  const seconds = result.milliseconds / 1000;
  const rows: (readonly [string, string])[] = [
    ['messages', `${result.sent} in ${seconds.toFixed(0)} s, ${Math.round(result.sent / seconds)} per second`],
    ['  by what was done to them', countsOf(result.families)],
    ['  by command', `${countsOf(result.commands)}`],
    ['connections of attackers', countsOf(result.events)],
    ...Object.entries(SERVICE_LIMITS).map(([service, limit]): readonly [string, string] => [
      `honest peers: ${service}`,
      timesOf(Object.entries(result.times).find(([name]) => name === service)?.[1] ?? [], limit),
    ]),
    ['blocks', `${result.blocks.before} before, ${result.blocks.after} after`],
    ['live memory of the node', memoryOf(memory.live)],
    ['resident memory of the node', memoryOf(memory.resident)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** Everything in one object. */
export function jsonOf({ memory, latest: _, ...result }: FuzzResult): string {
  return JSON.stringify({
    ...result,
    families: Object.fromEntries(result.families),
    commands: Object.fromEntries(result.commands),
    events: Object.fromEntries(result.events),
    times: Object.fromEntries(
      Object.entries(result.times).map(([service, times]) => [
        service,
        { count: times.length, median: share(times, 0.5), p99: share(times, 0.99), worst: share(times, 1) },
      ]),
    ),
    memory: { live: figuresOf(memory.live), resident: figuresOf(memory.resident) },
  });
}

/** Writes the latest messages of each attacker to a file. @returns its path. */
export function writeLatest({ latest }: FuzzResult): string {
  const path = join(mkdtempSync(join(tmpdir(), 'soterd-fuzz-')), 'latest.jsonl');
  const lines = latest.flatMap((shots, attacker) =>
    shots.map(({ family, command, bytes }) => JSON.stringify({ attacker, family, command, hex: bytesToHex(bytes) })),
  );
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

function figuresOf(memory: MemoryWatch) {
  return {
    start: memory.start,
    tenth: memory.between(0.1, 0.2),
    middle: memory.between(0.45, 0.55),
    end: memory.between(0.9, 1),
    most: memory.most,
    bound: memory.bound,
  };
}

function memoryOf(memory: MemoryWatch): string {
  if (memory.start === 0) return 'not known on this system';
  const { start, tenth, middle, end, most, bound } = figuresOf(memory);
  return (
    `${megabytes(start)} at the start, ${megabytes(tenth)} after a tenth, ${megabytes(middle)} in the middle, ` +
    `${megabytes(end)} in the end (${memory.isJudged ? `bound ${megabytes(bound)}` : 'too short a run to judge'}), ` +
    `${megabytes(most)} at most`
  );
}

function countsOf(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
}

function timesOf(times: readonly number[], limit: number): string {
  const milliseconds = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
  return (
    `${times.length} times, median ${milliseconds(share(times, 0.5))}, 99th percentile ${milliseconds(share(times, 0.99))}, ` +
    `worst ${milliseconds(share(times, 1))} (limit ${limit} ms)`
  );
}

function share(times: readonly number[], part: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}
