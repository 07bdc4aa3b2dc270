import type { LogLevel } from '../../util/log.ts';

/** Levels from the most to the least talkative. */
export const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'critical'];

/** Subsystems of generation 2, sorted: the tag in a log line says where it comes from. */
export const SUBSYSTEMS = [
  'ADXR',
  'AMGR',
  'BCDB',
  'CHAN',
  'CMGR',
  'DISC',
  'INDX',
  'METR',
  'MINR',
  'PEER',
  'RPCS',
  'SCRP',
  'SOTERD',
  'SRVR',
  'SYNC',
  'TXMP',
] as const;

/** Tag of a subsystem. */
export type Subsystem = (typeof SUBSYSTEMS)[number];

/** A change of levels: of one subsystem, or of all. */
export interface LevelChange {
  /** Undefined means all. */
  readonly subsystem: Subsystem | undefined;
  readonly level: LogLevel;
}

/** The changes that a specification asks for, up to its first mistake. */
export interface LevelSpecification {
  readonly changes: readonly LevelChange[];
  /** Text for the user if there is a mistake. */
  readonly problem: string | undefined;
}

/** Position of a level in {@link LOG_LEVELS}. */
export function levelRank(level: LogLevel): number {
  return LOG_LEVELS.indexOf(level);
}

/**
 * Reads `level` or `TAG=level,TAG=level`. The error texts are those of the reference node, which tools look for.
 */
export function parseLevels(specification: string): LevelSpecification {
  if (!/[,=]/u.test(specification)) {
    const level = levelOf(specification);
    return level
      ? { changes: [{ subsystem: undefined, level }], problem: undefined }
      : { changes: [], problem: invalidLevel(specification) };
  }
  const changes: LevelChange[] = [];
  for (const pair of specification.split(',')) {
    const fields = pair.split('=');
    if (fields.length < 2)
      return { changes, problem: `The specified debug level contains an invalid subsystem/level pair [${pair}]` };
    const [tag, word] = fields;
    const subsystem = SUBSYSTEMS.find((known) => known === tag);
    if (!subsystem)
      return {
        changes,
        problem: `The specified subsystem [${tag}] is invalid -- supported subsytems [${SUBSYSTEMS.join(' ')}]`,
      };
    const level = levelOf(word);
    if (!level) return { changes, problem: invalidLevel(word) };
    changes.push({ subsystem, level });
  }
  return { changes, problem: undefined };
}

function levelOf(word: string): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === word);
}

function invalidLevel(word: string): string {
  return `The specified debug level [${word}] is invalid`;
}
