import type { CorruptionReport } from './corruptions.ts';
import { OUTCOMES } from './corruptions.ts';
import type { DiskCase } from './disk.ts';
import type { KillReport } from './kills.ts';
import type { PowerReport } from './power.ts';

/** What a run of the crash tests found. */
export interface CrashReport {
  readonly kills: KillReport;
  readonly power: PowerReport;
  readonly corruptions: CorruptionReport;
  readonly disk: readonly DiskCase[];
}

/** One figure: `name` stays the same for ever, so that runs can be compared. */
interface Figure {
  readonly case: string;
  readonly metric: string;
  readonly value: number;
  readonly unit?: string;
}

/** Everything that must not be there; empty if the run passed. */
export function problemsOf({ kills, power, corruptions, disk }: CrashReport): string[] {
  return [
    ...kills.differences.map((text) => `kill: ${text}`),
    ...power.differences.map((text) => `loss of power: ${text}`),
    ...corruptions.problems.map((text) => `damage: ${text}`),
    ...disk.filter(({ result }) => result === 'failed').map(({ name, text }) => `disk: ${name}: ${text}`),
  ];
}

/** All figures, for machines. */
export function jsonLines(report: CrashReport): string[] {
  return figures(report).map((figure) => JSON.stringify({ bench: 'crash', ...figure }));
}

/** The same for people. */
export function tableOf(report: CrashReport): string {
  const { kills, power, corruptions, disk } = report;
  const lines: string[] = [];
  const row = (name: string, ...cells: (string | number)[]): void => {
    lines.push(`  ${name.padEnd(26)}${cells.map((cell) => String(cell).padStart(9)).join('')}`);
  };
  lines.push('Kills');
  row('all', kills.kills);
  for (const [kind, count] of kills.byKind) row(kind, count);
  row('while opening', kills.duringOpen);
  row('states compared', kills.compared);
  row('folders fed to the end', kills.finished);
  row('opening, mean ms', kills.openMs.mean.toFixed(1));
  row('opening, longest ms', kills.openMs.max.toFixed(1));
  row('differences', kills.differences.length);
  lines.push('', 'Losses of power in a commit');
  row('images', power.losses);
  row('differences', power.differences.length);
  lines.push('', 'Damaged files');
  const outcomes = OUTCOMES.filter((outcome) => corruptions.outcomes.has(outcome));
  row('', ...outcomes);
  for (const [damage, counts] of corruptions.byDamage) row(damage, ...outcomes.map((name) => counts.get(name) ?? 0));
  row('all', ...outcomes.map((name) => corruptions.outcomes.get(name) ?? 0));
  for (const [phase, count] of corruptions.refusals) row(`refused while ${phase}`, count);
  lines.push('', 'Disks');
  for (const { name, result, text } of disk) lines.push(`  ${name.padEnd(26)}${result.padStart(9)}  ${text}`);
  const problems = problemsOf(report);
  lines.push(
    '',
    problems.length === 0 ? 'No difference to the twin, no wrong answer.' : `${problems.length} problems:`,
  );
  for (const problem of problems) lines.push(`  ${problem}`);
  return lines.join('\n');
}

function figures({ kills, power, corruptions, disk }: CrashReport): Figure[] {
  const list: Figure[] = [];
  const add = (name: string, metric: string, value: number, unit?: string): void => {
    list.push({ case: name, metric, value, ...(unit && { unit }) });
  };
  add('kills', 'kills', kills.kills);
  add('kills', 'kills_while_opening', kills.duringOpen);
  add('kills', 'states_compared', kills.compared);
  add('kills', 'folders_finished', kills.finished);
  add('kills', 'differences', kills.differences.length);
  add('kills', 'open_ms_mean', kills.openMs.mean, 'ms');
  add('kills', 'open_ms_max', kills.openMs.max, 'ms');
  for (const [kind, count] of kills.byKind) add(`kills/${kind}`, 'kills', count);
  add('power', 'images', power.losses);
  add('power', 'differences', power.differences.length);
  add('corruptions', 'trials', corruptions.trials);
  for (const outcome of OUTCOMES) add('corruptions', outcome, corruptions.outcomes.get(outcome) ?? 0);
  for (const [damage, counts] of corruptions.byDamage) {
    for (const [outcome, count] of counts) add(`corruptions/${damage}`, outcome, count);
  }
  for (const { name, result } of disk) {
    for (const wanted of ['passed', 'failed', 'skipped'] as const)
      add(`disk/${name}`, wanted, Number(result === wanted));
  }
  return list;
}
