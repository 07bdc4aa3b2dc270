/** The rate of the verification library alone: what a synchronisation is compared with. Also the worker's own entry. */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { publicKeyOf, signHash, verifySignature } from '../src/script/index.ts';
import { sha256 } from '../src/util/hash.ts';

/** Different signatures that are verified again and again. */
const SAMPLES = 512;
/** Checks between two looks at the clock. */
const STRIDE = 64;

/** Verifies for so many milliseconds. @returns signatures a second. */
function verifyFor(milliseconds: number): number {
  const samples = Array.from({ length: SAMPLES }, (_, i) => {
    const privateKey = sha256(Uint8Array.of(1, i, i >> 8));
    const hash = sha256(Uint8Array.of(2, i, i >> 8));
    return { hash, signature: signHash(hash, privateKey).signature, publicKey: publicKeyOf(privateKey) };
  });
  const started = performance.now();
  let checks = 0;
  for (;;) {
    for (let i = 0; i < STRIDE; i++, checks++) {
      const { hash, signature, publicKey } = samples[checks % SAMPLES];
      if (verifySignature(signature, hash, publicKey) !== 'valid') throw new Error('a valid signature was refused');
    }
    const elapsed = performance.now() - started;
    if (elapsed >= milliseconds) return (1000 * checks) / elapsed;
  }
}

/** Verifies on several threads at once. @returns signatures a second of all together. */
export async function rawVerificationRate(threads: number, milliseconds: number): Promise<number> {
  const rates = Array.from(
    { length: threads },
    () =>
      new Promise<number>((resolve, reject) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: { milliseconds } });
        worker.once('message', resolve);
        worker.once('error', reject);
      }),
  );
  return (await Promise.all(rates)).reduce((a, b) => a + b, 0);
}

if (!isMainThread) parentPort?.postMessage(verifyFor(workerData.milliseconds));
