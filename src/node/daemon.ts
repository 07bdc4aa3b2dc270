import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { userInfo } from 'node:os';
import { softwareVersion } from '../params/index.ts';
import { StoreError } from '../store/index.ts';
import { loadConfig } from './config/index.ts';
import { Logs } from './logging/index.ts';
import { Node, StartError } from './node.ts';
import { shutdownSignals } from './signals.ts';
import { systemClock, systemWorld } from './system.ts';

/** Exit codes of soterd. */
const ExitCode = { ok: 0, failure: 1 } as const;

/**
 * Runs one node until it is told to end, and returns the exit code of the process. What an operator can mend is said in one line.
 * @param args command line without interpreter and script.
 */
export async function runDaemon(args: readonly string[]): Promise<number> {
  const { stdout, stderr, env, platform } = process;
  const logs = new Logs({
    clock: systemClock,
    output: stdout,
    early: stderr,
    ...(env.LOGFLAGS !== undefined && { flags: env.LOGFLAGS }),
  });
  const outcome = await loadConfig({
    args,
    program: 'soterd',
    stdout,
    stderr,
    logs,
    env,
    platform,
    accountHome: () => userInfo().homedir,
    randomBytes: (length) => randomBytes(length),
    lookup: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  });
  if (outcome.kind === 'exit') return outcome.code;
  const logger = logs.logger('SOTERD');
  logger.info(`Version ${softwareVersion(outcome.config.params.generation)}`);
  const shutdown = shutdownSignals(logger);
  try {
    const node = await Node.open(outcome.config, {
      world: systemWorld,
      logs,
      requestShutdown: (failure) => shutdown.request(failure),
    });
    try {
      if (!shutdown.requested) await node.start();
      await shutdown.wait();
    } finally {
      await node.stop();
    }
    logger.info('Shutdown complete');
    return shutdown.failed ? ExitCode.failure : ExitCode.ok;
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof StartError || isSystemError(error))) throw error;
    logger.critical(error.message);
    return ExitCode.failure;
  } finally {
    shutdown.release();
    await logs.close();
  }
}

/** An error of the operating system, such as a file without permission: the operator's business, not a defect. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
