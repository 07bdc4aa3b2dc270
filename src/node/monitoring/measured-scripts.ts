import type { ScriptWorker, ScriptWorkerFactory } from '../../dag/index.ts';
import type { Channels } from '../../metrics/index.ts';
import type { Clock } from '../../util/ports.ts';

/** Threads that tell how many inputs they verify, and how soon. */
export function measuredScriptWorkers(
  workers: ScriptWorkerFactory,
  clock: Clock,
  { scripts }: Pick<Channels, 'scripts'>,
): ScriptWorkerFactory {
  const measured = (worker: ScriptWorker): ScriptWorker => ({
    async verify(batch) {
      const start = clock.monotonic();
      try {
        const verdicts = await worker.verify(batch);
        scripts.send({ milliseconds: clock.monotonic() - start, inputs: verdicts.length, failed: false });
        return verdicts;
      } catch (error) {
        scripts.send({ milliseconds: clock.monotonic() - start, inputs: 0, failed: true });
        throw error;
      }
    },
    close: () => worker.close(),
  });
  return { count: workers.count, start: () => measured(workers.start()) };
}
