/** Log output of the process. See docs/operating.md. */
export { LOG_LEVELS, SUBSYSTEMS, type Subsystem } from './levels.ts';
export { Logs, type LogsDeps, type TextSink } from './logs.ts';
