/**
 * Entry of a thread that writes to a database that its process has open. A message of the port is a `WriteLoad`, answered by a
 * `WriteAnswer`; null ends the thread. Whoever waits for an answer without turning the event loop watches the shared number.
 */
import { type MessagePort, workerData } from 'node:worker_threads';
import { StoreError } from './errors.ts';
import { LmdbEnvironment } from './lmdb-environment.ts';
import { carryOut } from './write-load.ts';
import type { WriteAnswer, WriteFailure, WriterThreadData } from './writer.ts';

const { task, port, answers } = workerData as WriterThreadData<MessagePort>;
let environment: LmdbEnvironment | undefined;

function write(load: ArrayBuffer): WriteFailure | undefined {
  try {
    environment ??= new LmdbEnvironment(task.path, task.synced);
    const opened = environment;
    opened.transaction((transaction) => carryOut(load, opened, transaction));
    return undefined;
  } catch (error) {
    if (error instanceof StoreError) return { kind: error.kind, message: error.message };
    return { kind: 'io', message: `the thread that writes the database failed: ${String(error)}` };
  }
}

port.on('message', async (load: ArrayBuffer | null) => {
  if (load) {
    const answer: WriteAnswer = { failure: write(load) };
    // The message first: it is there when the number has changed.
    port.postMessage(answer);
    Atomics.add(answers, 0, 1);
    Atomics.notify(answers, 0);
    return;
  }
  port.close();
  await environment?.close();
});
