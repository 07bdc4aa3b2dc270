import { expect, test } from 'vitest';
import type { ScriptWorker } from '../dag/index.ts';
import { encodeBatch } from '../dag/verify/batch.ts';
import { payToPubKeyHash, publicKeyOf, ScriptBuilder, signInput } from '../script/index.ts';
import { hash160, sha256, ZERO_HASH } from '../util/hash.ts';
import type { Transaction } from '../wire/index.ts';
import { finalInput, transactionOf } from '../wire/testing/transactions.ts';
import { threadScriptWorkers } from './script-workers.ts';

const privateKey = sha256(Uint8Array.of(1));
const publicKey = publicKeyOf(privateKey);
const script = payToPubKeyHash(hash160(publicKey));

function transaction(signatureScripts: readonly Uint8Array[]): Transaction {
  const inputs = signatureScripts.map((each, index) => finalInput({ hash: ZERO_HASH, index }, each));
  return transactionOf(inputs, [{ value: 1n, pkScript: Uint8Array.of(0x51) }]);
}

/** A transaction with so many signed inputs; those in `wrong` have a broken signature. */
function signed(inputs: number, wrong: readonly number[] = []): Transaction {
  const plain = transaction(Array.from({ length: inputs }, () => new Uint8Array()));
  return transaction(
    plain.inputs.map((_, inputIndex) => {
      const signature = signInput({ tx: plain, inputIndex, scriptCode: script, privateKey });
      if (wrong.includes(inputIndex)) signature[20] ^= 1;
      return new ScriptBuilder().data(signature).data(publicKey).build();
    }),
  );
}

function batchOf(tx: Transaction, scripts: readonly (Uint8Array | undefined)[] = tx.inputs.map(() => script)) {
  return encodeBatch([{ tx, scripts }]);
}

async function withWorker(work: (worker: ScriptWorker) => Promise<void>): Promise<void> {
  const worker = threadScriptWorkers.start();
  try {
    await work(worker);
  } finally {
    await worker.close();
  }
}

test('one thread for each core but one is worth starting', () => {
  expect(threadScriptWorkers.count).toBeGreaterThanOrEqual(1);
});

test('batches are answered in order, with a verdict for each input', () =>
  withWorker(async (worker) => {
    const answers = await Promise.all([
      worker.verify(batchOf(signed(3, [1]))),
      worker.verify(batchOf(signed(2), [script, undefined])),
      worker.verify(encodeBatch([])),
    ]);
    expect(answers.map((verdicts) => [...verdicts])).toEqual([[1, 0, 1], [1, 0], []]);
  }));

test('a thread that fails rejects what it had and what comes', () =>
  withWorker(async (worker) => {
    const first = worker.verify(new Uint8Array([9, 9, 9]).buffer);
    const second = worker.verify(batchOf(signed(1)));
    await expect(first).rejects.toThrow();
    await expect(second).rejects.toThrow();
    await expect(worker.verify(batchOf(signed(1)))).rejects.toThrow();
  }));

test('closing in the middle of a batch leaves out the rest of it', async () => {
  const worker = threadScriptWorkers.start();
  const tx = signed(2);
  const many = Array.from({ length: 20_000 }, () => ({ tx, scripts: [script, script] }));
  const answer = worker.verify(encodeBatch(many)).then(
    (verdicts) => verdicts.filter((verdict) => verdict === 1).length,
    () => 0,
  );
  await worker.close();
  await worker.close();
  expect(await answer).toBeLessThan(40_000);
});
