import { type MessagePort, Worker } from 'node:worker_threads';

// Compiled, an entry stands where it does in the sources, with the extension of this file.
const fromSources = import.meta.url.endsWith('.ts');

/**
 * Starts a thread of this process, from the compiled program as well as from the sources.
 * @param entry path of the thread's module from this folder, without extension.
 * @param transferList ports in `workerData`.
 */
export function startThread(entry: string, name: string, workerData: object, transferList: MessagePort[] = []): Worker {
  const url = new URL(`${entry}${fromSources ? '.ts' : '.js'}`, import.meta.url);
  const options = { workerData, transferList, execArgv: [], name };
  if (!fromSources) return new Worker(url, options);
  // Tests and tools run the sources. `--import tsx` has no effect in a worker thread of Node.js 20.
  const start = `import('tsx/esm/api').then(({ register }) => { register(); return import('${url.href}'); });`;
  return new Worker(start, { ...options, eval: true });
}
