/** Log output of the process. See docs/operating.md. */
export { SUBSYSTEMS } from './levels.ts';
export { LOG_FORMATS, type LogFormat } from './line.ts';
export { Logs, type TextSink } from './logs.ts';
