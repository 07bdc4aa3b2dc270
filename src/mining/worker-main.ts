/**
 * Entry of a search thread (see search-worker.ts). It searches in slices and looks at the shared memory in between, so a
 * cancellation takes a few milliseconds.
 */
import { constants, platform, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { Search } from './search.ts';
import { type WorkerReply, type WorkerRequest, workerControl } from './search-worker.ts';

/** Headers hashed between two looks at the shared memory: about 6 ms on a core of 2020. */
const SLICE = 32_768;

if (!parentPort) throw new Error('this file is the entry of a worker thread');
const port = parentPort;
const control = workerControl(workerData as SharedArrayBuffer);

// Mining takes what the rest of the node leaves. Linux sets the priority of the calling thread, others that of the
// whole process.
if (platform() === 'linux') setPriority(constants.priority.PRIORITY_LOW);

function search(request: Extract<WorkerRequest, { type: 'search' }>): WorkerReply {
  const { id, job } = request;
  const work = new Search(job);
  while (Atomics.load(control.wanted, 0) === id) {
    const { hashes, solution } = work.run(SLICE);
    Atomics.add(control.hashes, 0, BigInt(hashes));
    if (solution) return { id, solution };
  }
  return { id };
}

port.on('message', (request: WorkerRequest) => {
  if (request.type === 'close') port.close();
  else port.postMessage(search(request));
});
