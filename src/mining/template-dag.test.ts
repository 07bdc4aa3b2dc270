import { expect, test } from 'vitest';
import { makeBlock, TestDag, testParams } from '../dag/testing/fixture.ts';
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
