/**
 * Loaded into the node's process before the node itself. Collects garbage every few seconds, so that what is left shows what the
 * node holds and not when the collector last felt like working, and tells the parent process.
 */
import { isMainThread } from 'node:worker_threads';

const INTERVAL = 5000;

function probe(): void {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ live: heapUsed + external });
}

if (isMainThread) setInterval(probe, INTERVAL).unref();
