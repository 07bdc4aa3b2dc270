import { expect, test } from 'vitest';
import { ANYONE, makeBlock, spend, TestDag, testParams } from '../dag/testing/fixture.ts';
import type { Hash } from '../util/hash.ts';
import { templatePolicy } from './policy.ts';
import { TemplateBuilder } from './template.ts';

test('tips with different medians: the template passes the rules of blocks, whichever came last', () => {
  for (const fastLast of [false, true]) {
    const { dag, clock } = new TestDag();
    const now = Math.floor(clock.now() / 1000);
    /** A chain on genesis. @returns its tip. */
    const chain = (salt: number, length: number, time: (height: number) => number): Hash => {
      let tip = testParams.genesisHash;
      for (let height = 1; height <= length; height++) {
        const block = makeBlock({ parents: [tip], height, salt, time: time(height) });
        dag.processBlock(block);
        tip = block.hash;
      }
      return tip;
    };
    // Miners whose clocks run an hour ahead, and one whose clock does not.
    const fast = () => chain(1, 20, (height) => now + 3600 + height);
    const slow = () => chain(2, 1, () => now - 600);
    for (const grow of fastLast ? [slow, fast] : [fast, slow]) grow();
    const builder = new TemplateBuilder({ params: testParams, policy: templatePolicy() }, { dag });
    const { block, minTime } = builder.build();
    expect(block.parents.length).toBe(2);
    expect(block.header.timestamp).toBe(minTime);
    // Height 15 has the sixth of the last eleven timestamps.
    expect(minTime).toBe(now + 3600 + 15 + 1);
    expect(dag.nextTemplateContext().medianTime).toBe(minTime - 1);
    dag.processBlock(makeBlock({ parents: block.parentHashes, height: 21, time: minTime }));
  }
});

test('scripts of a template are not run again, everything else is checked', () => {
  const { dag } = new TestDag();
  const { parents } = dag.nextTemplateContext();
  const never = Uint8Array.of(0x00);
  const creating = makeBlock({ parents, height: 1, reward: 0n });
  dag.processBlock(creating);
  const funding = spend([{ hash: creating.transactions[0].txid, index: 0 }], [{ value: 0n, pkScript: never }]);
  for (let height = 2; height <= 2 + testParams.coinbaseMaturity; height++) {
    dag.processBlock(makeBlock({ parents: dag.snapshot().tips, height, transactions: height === 4 ? [funding] : [] }));
  }
  const tips = { parents: dag.snapshot().tips, height: dag.snapshot().maxHeight + 1 };
  const spending = spend([{ hash: funding.txid, index: 0 }], [{ value: 0n, pkScript: ANYONE }]);
  const block = makeBlock({ ...tips, transactions: [spending] });
  expect(() => dag.checkTemplate(block)).toThrow(expect.objectContaining({ code: 'ErrScriptValidation' }));
  dag.checkTemplate(block, { scripts: false });
  const tooMuch = makeBlock({ ...tips, transactions: [spending], reward: 51_000_000_000n });
  expect(() => dag.checkTemplate(tooMuch, { scripts: false })).toThrow(
    expect.objectContaining({ code: 'ErrBadCoinbaseValue' }),
  );
});
