/** Entry of a thread that verifies scripts (see script-worker.ts). A message is a batch; null ends the thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { verifyBatch } from './batch.ts';
import type { ScriptVerdicts } from './script-worker.ts';

if (!parentPort) throw new Error('this file is the entry of a worker thread');
const port = parentPort;
const closing = new Int32Array(workerData as SharedArrayBuffer);
const interrupted = (): boolean => Atomics.load(closing, 0) !== 0;

port.on('message', (batch: ArrayBuffer | null) => {
  if (!batch) {
    port.close();
    return;
  }
  const reply: ScriptVerdicts = { verdicts: verifyBatch(batch, interrupted) };
  port.postMessage(reply);
});
