import { describe, expect, test } from 'vitest';
import { networkParams } from '../params/index.ts';
import { bytesToHex } from '../util/bytes.ts';
import { compareHashes, hashKey, hashToHex } from '../util/hash.ts';
import { VirtualWorld } from '../util/testing/virtual-world.ts';
import {
  Block,
  checkWitnessCommitment,
  compactToTarget,
  hashToTarget,
  merkleRoot,
  type Transaction,
  tipsHash,
} from '../wire/index.ts';
import { templatePolicy } from './policy.ts';
import { Search } from './search.ts';
import { TemplateBuilder } from './template.ts';
import { FakeDag } from './testing/fake-dag.ts';
import { FakePool, madeUp, testHash } from './testing/pool.ts';
import { searchJob, solvedBlock } from './work.ts';

const COIN = 1_000_000_000n;
const PAY_TO = Uint8Array.of(0x52, 0x53);

function setUp(network: 'simnet' | 'mainnet' = 'simnet') {
  const world = new VirtualWorld();
  const params = networkParams(network);
  const dag = new FakeDag(params, world.clock);
  const pool = new FakePool(dag);
  const builder = new TemplateBuilder({ params, policy: templatePolicy() }, { dag, transactions: pool });
  /** Mines on the present tips, or on some of them. */
  const mine = (extraNonce: bigint, parents?: number) => {
    const template = builder.build();
    const all = template.block.parents;
    const { parentsVersion, transactions, header } = template.block;
    const chosen = parents === undefined ? all : all.slice(0, parents);
    const prevBlock = tipsHash(chosen.map(({ hash }) => hash));
    const block = new Block({ header: header.with({ prevBlock }), parentsVersion, parents: chosen, transactions });
    const work = { ...template, block };
    const { solution } = new Search(searchJob(work, extraNonce)).run(4096);
    return solvedBlock(work, solution!);
  };
  return { world, params, dag, pool, builder, mine };
}

const ids = (transactions: readonly Transaction[]) => transactions.map(({ txid }) => txid);

describe('header and parents', () => {
  test('on genesis', () => {
    const { world, params, dag, builder } = setUp();
    const { block, height, paysAddress, minTime, createdAt } = builder.build(PAY_TO);
    const now = Math.floor(world.clock.now() / 1000);
    expect(height).toBe(1);
    expect(block.parentHashes.map(hashToHex)).toEqual([hashToHex(params.genesisHash)]);
    expect(block.parents[0].data).toEqual(new Uint8Array(32));
    // Genesis says 1 but counts as 0.
    expect(block.parentsVersion).toBe(0);
    expect(block.header).toMatchObject({ version: 0x20000000, timestamp: now, bits: params.powLimitBits, nonce: 0 });
    expect(block.header.prevBlock).toEqual(tipsHash([params.genesisHash]));
    expect(block.header.merkleRoot).toEqual(block.transactions[0].txid);
    expect(block.transactions[0].outputs).toEqual([{ value: 50n * COIN, pkScript: PAY_TO }]);
    expect({ paysAddress, minTime, createdAt }).toEqual({
      paysAddress: true,
      minTime: params.genesis.header.timestamp + 1,
      createdAt: now,
    });
    expect(dag.templatesChecked).toBe(1);
  });

  test('all tips are parents, more than eight too, the newest last', () => {
    const { dag, builder, mine } = setUp();
    const siblings = Array.from({ length: 12 }, (_, i) => mine(BigInt(i)));
    for (const block of siblings) dag.submit(block);
    const older = siblings.slice(0, -1).map(({ hash }) => hash);
    const { block, height } = builder.build();
    expect(height).toBe(2);
    expect(block.parentHashes).toEqual([...older.sort(compareHashes), siblings[11].hash]);
    expect(block.header.prevBlock).toEqual(tipsHash(siblings.map(({ hash }) => hash)));
  });

  test('a tip that is listed twice is refused', () => {
    const { dag, builder, params } = setUp();
    dag.tips = [params.genesisHash, params.genesisHash];
    expect(() => builder.build()).toThrow('listed twice');
  });

  test('the most common parents version wins, genesis counting as 0', () => {
    const { dag, builder, mine } = setUp();
    for (const [i, parentsVersion] of [5, 7, 7].entries()) {
      const { header, parents, transactions } = mine(BigInt(i));
      dag.connect(new Block({ header, parents, transactions, parentsVersion }));
    }
    expect(builder.build().block.parentsVersion).toBe(7);
  });

  test('past the confirmation window the version is 0', () => {
    const { dag, builder, mine } = setUp();
    for (let height = 1; height <= 99; height++) {
      expect(builder.build().block.header.version).toBe(0x20000000);
      dag.submit(mine(0n));
    }
    expect(builder.build().block.header.version).toBe(0);
    // One low tip is enough to be back inside: build it on genesis by hand.
    const { header, parents, transactions, parentsVersion } = dag.accepted[0];
    dag.connect(new Block({ header: header.with({ nonce: 77_777 }), parents, transactions, parentsVersion }));
    expect(builder.build().block.header.version).toBe(0x20000000);
  });

  test('the time is the clock, but after the median of every tip', () => {
    const { world, dag, builder, mine } = setUp();
    const now = Math.floor(world.clock.now() / 1000);
    const [older, newest] = [mine(0n), mine(1n)];
    for (const block of [older, newest]) dag.submit(block);
    const medians = (a: number, b: number) => {
      dag.medianTimes.set(hashKey(older.hash), a).set(hashKey(newest.hash), b);
      const { block, minTime } = builder.build();
      return { timestamp: block.header.timestamp, minTime };
    };
    expect(medians(now + 100, now - 50)).toEqual({ timestamp: now + 101, minTime: now + 101 });
    expect(medians(now - 50, now + 100)).toEqual({ timestamp: now + 101, minTime: now + 101 });
    expect(medians(now - 1, now - 2)).toEqual({ timestamp: now, minTime: now });
  });
});

describe('transactions', () => {
  const payment = (dag: FakeDag, n: number, fee: bigint, witness = false) => {
    const outpoint = { hash: testHash(n), index: 0 };
    dag.addOutput(outpoint, { value: COIN, pkScript: new Uint8Array(0), height: 0, isCoinbase: false });
    return madeUp({ inputs: [outpoint], values: [COIN - fee], fee, witness, sigOps: 3 });
  };

  test('fees go to the coinbase, and the root covers all', () => {
    const { dag, pool, builder } = setUp();
    const entries = [1, 2, 3].map((n) => payment(dag, n, BigInt(n) * 1000n));
    pool.add(...entries);
    const { block, fees, sigOpCosts, commitment } = builder.build();
    expect(ids(block.transactions.slice(1))).toEqual(ids(entries.reverse().map(({ transaction }) => transaction)));
    expect(fees).toEqual([-6000n, 3000n, 2000n, 1000n]);
    expect(sigOpCosts).toEqual([0, 12, 12, 12]);
    expect(block.transactions[0].outputs[0].value).toBe(50n * COIN + 6000n);
    expect(hashToHex(block.header.merkleRoot)).toBe(hashToHex(merkleRoot(ids(block.transactions))));
    expect(commitment).toBeUndefined();
  });

  test('with witness data the coinbase commits to it', () => {
    const { dag, pool, builder, mine } = setUp();
    for (let height = 1; height <= 99; height++) dag.submit(mine(0n));
    pool.add(payment(dag, 1, 1000n, true));
    const template = builder.build();
    const [coinbase, paid] = template.block.transactions;
    expect(paid.hasWitness).toBe(true);
    expect(checkWitnessCommitment(template.block.transactions)).toBeUndefined();
    expect(bytesToHex(coinbase.outputs[1].pkScript)).toBe(`6a24aa21a9ed${bytesToHex(template.commitment!)}`);
    const block = mine(3n);
    expect(checkWitnessCommitment(block.transactions)).toBeUndefined();
  });

  test('the selection and its check are used again for another address, until pool or tips change', () => {
    const { dag, pool, builder, mine } = setUp();
    builder.build(PAY_TO);
    builder.build(PAY_TO.map((byte) => byte + 1));
    expect([pool.asked, dag.templatesChecked]).toEqual([1, 1]);
    pool.add(payment(dag, 1, 1000n));
    expect(builder.build(PAY_TO).block.transactions.length).toBe(2);
    expect([pool.asked, dag.templatesChecked]).toEqual([2, 2]);
    // A coinbase of another size leaves other room.
    builder.build();
    expect([pool.asked, dag.templatesChecked]).toEqual([3, 3]);
    dag.submit(mine(1n));
    builder.build();
    expect([pool.asked, dag.templatesChecked]).toEqual([4, 4]);
  });

  test('a template that fails the check is not remembered as good', () => {
    const { dag, builder } = setUp();
    dag.templateError = new Error('bad template');
    expect(() => builder.build()).toThrow('bad template');
    expect(() => builder.build()).toThrow('bad template');
    dag.templateError = undefined;
    builder.build();
    expect(dag.templatesChecked).toBe(3);
  });
});

describe('refreshing', () => {
  test('moves the time, and the difficulty on networks where time decides it', async () => {
    const { world, dag, builder } = setUp();
    const template = builder.build();
    await world.advance(30_000);
    dag.bits = 0x1d00ffff;
    const fresh = builder.refreshTime(template);
    expect(fresh.block.header).toMatchObject({
      timestamp: template.block.header.timestamp + 30,
      bits: 0x1d00ffff,
      nonce: 0,
    });
    expect(fresh.block.transactions).toBe(template.block.transactions);
    expect(fresh.block.header.prevBlock).toBe(template.block.header.prevBlock);
  });

  test('keeps the difficulty elsewhere, and when the tips have moved', () => {
    const main = setUp('mainnet');
    const template = main.builder.build();
    main.dag.bits = 0x1c00ffff;
    expect(main.builder.refreshTime(template).block.header.bits).toBe(template.block.header.bits);
    const { dag, builder, mine } = setUp();
    const old = builder.build();
    expect(builder.isCurrent(old)).toBe(true);
    dag.submit(mine(0n));
    dag.bits = 0x1c00ffff;
    expect(builder.isCurrent(old)).toBe(false);
    expect(builder.refreshTime(old).block.header.bits).toBe(old.block.header.bits);
  });
});

describe('search', () => {
  test('a solution makes a block that meets its target, with transactions and without', () => {
    const { dag, builder, mine } = setUp();
    dag.bits = 0x2000ffff;
    for (let extraNonce = 0n; extraNonce < 20n; extraNonce++) {
      const template = builder.build(PAY_TO);
      const { hashes, solution } = new Search(searchJob(template, extraNonce << 59n)).run(1 << 16);
      const block = solvedBlock(template, solution!);
      expect(hashToTarget(block.hash) <= compactToTarget(0x2000ffff)).toBe(true);
      expect(hashes).toBe(solution!.nonce + 1);
      expect(hashToHex(block.header.merkleRoot)).toBe(hashToHex(merkleRoot(ids(block.transactions))));
      expect(dag.submit(block)).toEqual({ status: 'accepted' });
    }
    expect(mine(5n).parents.length).toBe(1);
  });

  test('slices go on where the last one ended', () => {
    const { dag, builder } = setUp();
    dag.bits = 0x1f00ffff;
    const job = searchJob(builder.build(), 7n);
    const whole = new Search(job).run(1 << 20);
    const sliced = new Search(job);
    let hashes = 0;
    for (;;) {
      const slice = sliced.run(64);
      hashes += slice.hashes;
      if (!slice.solution) continue;
      expect(slice.solution).toEqual(whole.solution);
      break;
    }
    expect(hashes).toBe(whole.hashes);
  });

  test('after the last nonce comes the next extra nonce, and after the last of these 0', () => {
    const { builder } = setUp();
    const template = builder.build();
    const job = searchJob(template, 2n ** 64n - 1n);
    const last = 2 ** 32 - 4;
    // About every second header solves, so both sides of the border are met.
    const seen = new Set<string>();
    for (let timestamp = 0; timestamp < 200; timestamp++) {
      const block = new Block({ ...template.block, header: template.block.header.with({ timestamp }) });
      const work = { ...template, block };
      const { hashes, solution } = new Search({ ...job, header: block.header.toBytes() }, last).run(4096);
      const wrapped = solution!.extraNonce === 0n;
      expect(solution).toEqual({
        extraNonce: wrapped ? 0n : job.extraNonce,
        nonce: wrapped ? hashes - 5 : last + hashes - 1,
      });
      expect(hashToTarget(solvedBlock(work, solution!).hash) <= compactToTarget(block.header.bits)).toBe(true);
      seen.add(String(wrapped));
    }
    expect(seen.size).toBe(2);
  });
});
