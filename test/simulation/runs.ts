import { CANARIES } from './canaries.ts';
import type { LineSink } from './event-log.ts';
import { Simulation, type SimulationResult } from './simulation.ts';

/** One run to make; plain data, so that another process can make it. */
export interface RunRequest {
  readonly seed: number;
  readonly nodes: number;
  readonly minutes: number;
  /** Name of the defect to plant. */
  readonly canary?: string;
  /** Leaves the readable log out. */
  readonly quiet?: boolean;
}

/** A run and what it cost; plain data. */
export interface TimedResult {
  readonly result: SimulationResult;
  /** Real milliseconds, and those of them in which the processor worked for us. */
  readonly took: number;
  readonly cpu: number;
  /** Bytes that the process had in use afterwards. */
  readonly rss: number;
}

/** Makes a run in this process. One at a time: a canary changes classes, and rejections belong to whoever runs. */
export async function simulate(request: RunRequest, trace?: LineSink): Promise<TimedResult> {
  const { seed, nodes, minutes, quiet } = request;
  const canary = CANARIES.find(({ name }) => name === request.canary);
  const remove = canary?.install?.();
  const started = performance.now();
  const cpu = process.cpuUsage();
  const simulation = new Simulation({ seed, nodes, minutes, hooks: canary?.hooks, ...(trace && !quiet && { trace }) });
  const rejected = (reason: unknown) =>
    simulation.report(`unhandled rejection: ${reason instanceof Error ? reason.stack : reason}`);
  process.on('unhandledRejection', rejected);
  try {
    const result = await simulation.run();
    const { user, system } = process.cpuUsage(cpu);
    const { rss } = process.memoryUsage();
    return { result, took: performance.now() - started, cpu: (user + system) / 1000, rss };
  } finally {
    process.off('unhandledRejection', rejected);
    remove?.();
  }
}
