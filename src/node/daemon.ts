import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { userInfo } from 'node:os';
import { softwareVersion } from '../params/index.ts';
import { StoreError } from '../store/index.ts';
import { loadConfig } from './config/index.ts';
import { dropIndexes, indexesToDrop } from './indexes.ts';
import { Logs } from './logging/index.ts';
import { Node, type NodeVariations } from './node.ts';
import { startProfiling } from './profiling.ts';
import { serviceManager } from './service-manager.ts';
import { shutdownSignals } from './signals.ts';
import { StartError } from './start-error.ts';
import { systemClock, systemWorld } from './system.ts';

/** Exit codes of soterd. */
const ExitCode = { ok: 0, failure: 1 } as const;

/**
 * Runs one node until it is told to end, and returns the exit code of the process. What an operator can mend is said in one line.
 * @param args command line without interpreter and script.
 * @param variations in what the node differs from an ordinary one, for benchmarks.
 */
export async function runDaemon(args: readonly string[], variations: NodeVariations = {}): Promise<number> {
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
  if (outcome.ignored.length > 0)
    logger.warn(`Ignored on the command line, as only options are understood: ${outcome.ignored.join(' ')}`);
  const shutdown = shutdownSignals(logger);
  const manager = serviceManager(env, logger);
  // The process ends all the same, with the text on standard error; the log must have it, too.
  const noteCrash = (error: unknown): void => {
    logger.critical(error instanceof Error ? (error.stack ?? error.message) : String(error));
    logs.flush();
  };
  process.on('uncaughtExceptionMonitor', noteCrash);
  try {
    const dropped = indexesToDrop(outcome.config.indexes);
    if (dropped.length > 0) {
      await dropIndexes(outcome.config, dropped, { logs, world: systemWorld }, () => !shutdown.requested);
      logger.info('Shutdown complete');
      return ExitCode.ok;
    }
    const profiling = await startProfiling(outcome.config.profiling, logger).catch((error: unknown) => {
      throw new StartError(error instanceof Error ? error.message : String(error), { cause: error });
    });
    const node = await Node.open(
      outcome.config,
      {
        world: systemWorld,
        logs,
        requestShutdown: (failure) => shutdown.request(failure),
        isStopping: () => shutdown.requested,
      },
      variations,
    );
    try {
      // Signals that came while the database was opened are heard when the event loop has gone round.
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (!shutdown.requested) {
        await node.start();
        await manager.ready(`height ${node.dag.snapshot().maxHeight}`);
      }
      await shutdown.wait();
    } finally {
      await Promise.all([manager.stopping(), node.stop()]);
      await profiling.stop();
    }
    logger.info('Shutdown complete');
    return shutdown.failed ? ExitCode.failure : ExitCode.ok;
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof StartError || isSystemError(error))) throw error;
    logger.critical(error.message);
    return ExitCode.failure;
  } finally {
    shutdown.release();
    process.removeListener('uncaughtExceptionMonitor', noteCrash);
    await logs.close();
  }
}

/** An error of the operating system, such as a file without permission: the operator's business, not a defect. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
