import { describe, expect, test } from 'vitest';
import { networkParams } from '../params/index.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import { merkleRoot } from '../wire/index.ts';
import { templatePolicy } from './policy.ts';
import { type BlockTemplate, TemplateBuilder } from './template.ts';
import { FakeDag } from './testing/fake-dag.ts';
import { WorkSource } from './work-source.ts';

const PARAMS = networkParams('simnet');
const PAY_TO = Uint8Array.of(0x52);

function setUp() {
  const world = new VirtualWorld();
  const dag = new FakeDag(PARAMS, world.clock);
  const builder = new TemplateBuilder({ params: PARAMS, policy: templatePolicy() }, { dag });
  // A pool whose content does not matter.
  const source = { version: 1 };
  const templates = {
    build: (payTo?: Uint8Array) => ({ ...builder.build(payTo), sourceVersion: source.version }),
    refreshTime: (template: BlockTemplate) => builder.refreshTime(template),
    isCurrent: (template: BlockTemplate) => builder.isCurrent(template),
    get sourceVersion() {
      return source.version;
    },
  };
  const nobody = (): void => undefined;
  const listeners = { tips: nobody, pool: nobody };
  const work = new WorkSource(
    { payTo: [PAY_TO] },
    {
      templates,
      world,
      onTipsChanged: (listener) => {
        listeners.tips = listener;
        return () => undefined;
      },
      onPoolChanged: (listener) => {
        listeners.pool = listener;
        return () => undefined;
      },
    },
  );
  work.start();
  return { world, dag, source, work, listeners };
}

/** Whether a promise is settled once everything that is due has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open');
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  return (await Promise.race([promise, Promise.resolve(open)])) !== open;
}

describe('work for external miners', () => {
  test('one template serves everybody; only its time goes on', async () => {
    const { world, work } = setUp();
    const first = work.current(false);
    await world.advance(59_000);
    const later = work.current(false);
    expect(later.createdAt).toBe(first.createdAt);
    expect(later.template.block.header.timestamp).toBe(first.template.block.header.timestamp + 59);
    expect(later.template.block.transactions).toEqual(first.template.block.transactions);
  });

  test('is built again when the tips change', () => {
    const { dag, work } = setUp();
    const first = work.current(false);
    dag.connect(first.template.block);
    const next = work.current(false);
    expect(next.template.height).toBe(2);
    expect(next.template.block.parentHashes).toEqual([first.template.block.hash]);
  });

  test('is built again when the pool has changed and a minute is over', async () => {
    const { world, work, source } = setUp();
    const first = work.current(false);
    source.version++;
    await world.advance(60_000);
    expect(work.current(false).template.sourceVersion).toBe(first.template.sourceVersion);
    await world.advance(1_000);
    const next = work.current(false);
    expect(next.template.sourceVersion).toBe(2);
    expect(next.createdAt).toBe(first.createdAt + 61);
  });

  test('who wants a whole coinbase gets one that pays the operator, in the same template', () => {
    const { work } = setUp();
    const open = work.current(false);
    expect(open.template.paysAddress).toBe(false);
    const paying = work.current(true);
    const { block } = paying.template;
    expect(paying.createdAt).toBe(open.createdAt);
    expect(block.transactions[0].outputs[0].pkScript).toEqual(PAY_TO);
    expect(block.header.merkleRoot).toEqual(merkleRoot(block.transactions.map(({ txid }) => txid)));
    expect(work.current(true).template.block.transactions[0].txid).toEqual(block.transactions[0].txid);
  });

  test('waiting ends with new tips, with an old template and a changed pool, with the client, or with the source', async () => {
    const { world, work, listeners } = setUp();
    work.current(false);
    const client = new AbortController();
    const never = new AbortController().signal;
    const first = work.changed(never);
    listeners.pool();
    expect(await isSettled(first)).toBe(false);
    listeners.tips();
    expect(await isSettled(first)).toBe(true);
    const second = work.changed(never);
    await world.advance(61_000);
    listeners.pool();
    expect(await isSettled(second)).toBe(true);
    const third = work.changed(client.signal);
    expect(await isSettled(third)).toBe(false);
    client.abort();
    expect(await isSettled(third)).toBe(true);
    const fourth = work.changed(never);
    work.stop();
    expect(await isSettled(fourth)).toBe(true);
    expect(await isSettled(work.changed(never))).toBe(true);
  });
});
