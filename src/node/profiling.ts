import { closeSync, openSync, writeFileSync } from 'node:fs';
import inspector, { Session } from 'node:inspector/promises';
import { listenErrorText } from '../util/listen-error.ts';
import type { Logger } from '../util/log.ts';
import { fileErrorText, type ProfilingConfig } from './config/index.ts';

const LOOPBACK = '127.0.0.1';

/** Recording that goes on. */
export interface Profiling {
  /** Ends it and writes what there is to write. A file that can not be written is an error in the log. */
  stop(): Promise<void>;
}

/**
 * Records where time goes: opens the inspector of Node.js, and begins a CPU profile of this thread.
 * @throws {Error} with a line for the operator if the port can not be had or the file not be written.
 */
export async function startProfiling(
  { inspectorPort, cpuProfileFile }: ProfilingConfig,
  logger: Logger,
): Promise<Profiling> {
  if (inspectorPort !== undefined) openInspector(inspectorPort, logger);
  const session = cpuProfileFile === undefined ? undefined : await beginProfile(cpuProfileFile);
  return {
    async stop() {
      if (session && cpuProfileFile !== undefined) await writeProfile(session, cpuProfileFile, logger);
      if (inspectorPort !== undefined) inspector.close();
    },
  };
}

function openInspector(port: number, logger: Logger): void {
  inspector.open(port, LOOPBACK);
  // A port that is taken is only written to standard error by Node.js.
  if (inspector.url() === undefined)
    throw new Error(`--profile=${port}: ${listenErrorText(Object.assign(new Error(), { code: 'EADDRINUSE' }))}`);
  logger.warn(`Everybody on this machine can control the node through its inspector at ${LOOPBACK}:${port}`);
}

async function beginProfile(file: string): Promise<Session> {
  // That it can not be written must not come out at the end.
  try {
    closeSync(openSync(file, 'a', 0o600));
  } catch (error) {
    throw new Error(`--cpuprofile: ${fileErrorText('open', file, error)}`, { cause: error });
  }
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  return session;
}

async function writeProfile(session: Session, file: string, logger: Logger): Promise<void> {
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  try {
    writeFileSync(file, JSON.stringify(profile), { mode: 0o600 });
    logger.info(`CPU profile written to ${file}`);
  } catch (error) {
    logger.error(`The CPU profile is lost: ${fileErrorText('open', file, error)}`);
  }
}
