import { describe, expect, test } from 'vitest';
import { type Hash, hashToHex } from '../util/hash.ts';
import { silentLogger } from '../util/log.ts';
import { InvType, Transaction } from '../wire/index.ts';
import { MAX_OPEN_TRANSACTIONS_PER_PEER } from './limits.ts';
import { PeerState } from './peer-state.ts';
import type { TransactionPool } from './ports.ts';
import { FakePeer } from './testing/fake-peer.ts';
import { TransactionFetcher } from './transaction-fetcher.ts';

const transaction = (lockTime: number, witness: readonly Uint8Array[] = []) =>
  new Transaction({
    version: 1,
    inputs: [
      { prevout: { hash: new Uint8Array(32), index: 1 }, signatureScript: new Uint8Array(0), sequence: 0, witness },
    ],
    outputs: [{ value: 1n, pkScript: Uint8Array.of(0x51) }],
    lockTime,
  });

class FakePool implements TransactionPool {
  readonly has = new Set<string>();
  processed = 0;
  verdict: () => readonly Transaction[] = () => [];
  dropped: number[] = [];

  have(txid: Hash): boolean {
    return this.has.has(hashToHex(txid));
  }

  process(): readonly Transaction[] {
    this.processed++;
    return this.verdict();
  }

  blockConnected(): readonly Transaction[] {
    return [];
  }

  removeOrphansOf(tag: number): void {
    this.dropped.push(tag);
  }
}

function setup(pool: FakePool | undefined, now = () => 0) {
  const announced: Transaction[] = [];
  const spent = new Set<string>();
  const peers = new Map<number, PeerState>();
  const join = () => {
    const state = new PeerState(new FakePeer(), () => 0);
    peers.set(state.peer.id, state);
    return state;
  };
  const fetcher = new TransactionFetcher(
    {
      pool,
      peers,
      dag: { utxo: ({ hash }) => (spent.has(hashToHex(hash)) ? {} : undefined) },
      announcer: { announceTransactions: (transactions) => announced.push(...transactions) },
      logger: silentLogger,
      now,
    },
    4000,
  );
  const peer = new FakePeer();
  const state = new PeerState(peer, () => 0);
  return { fetcher, peer, state, announced, spent, peers, join };
}

const offer = (tx: Transaction) => ({ type: InvType.tx, hash: tx.txid, height: -1 });

describe('TransactionFetcher', () => {
  test('without a pool nothing is fetched and nothing said', () => {
    const { fetcher, peer, state } = setup(undefined);
    expect(fetcher.requestAnnounced(state, offer(transaction(1)))).toBeUndefined();
    fetcher.received(state, transaction(1));
    expect(peer.log).toEqual([]);
  });

  test('fetches what is new, in witness form from peers that have it', () => {
    const pool = new FakePool();
    const { fetcher, peer, state, spent } = setup(pool);
    const [fresh, pooled, mined] = [transaction(1), transaction(2), transaction(3)];
    pool.has.add(hashToHex(pooled.txid));
    spent.add(hashToHex(mined.txid));
    expect(fetcher.requestAnnounced(state, offer(fresh))?.type).toBe(InvType.witnessTx);
    expect(fetcher.requestAnnounced(state, offer(fresh))).toBeUndefined();
    expect(fetcher.requestAnnounced(state, offer(pooled))).toBeUndefined();
    expect(fetcher.requestAnnounced(state, offer(mined))).toBeUndefined();
    peer.services = 1n;
    expect(fetcher.requestAnnounced(state, offer(transaction(4)))?.type).toBe(InvType.tx);
    fetcher.notFound(state, [fresh.txid]);
    expect(fetcher.openRequests).toBe(1);
  });

  test('what the pool refuses is rejected once and not looked at again until a block came', () => {
    const pool = new FakePool();
    const { fetcher, peer, state } = setup(pool);
    pool.verdict = () => {
      throw Object.assign(new Error('too cheap'), { rejectCode: 0x42 });
    };
    fetcher.received(state, transaction(1));
    fetcher.received(state, transaction(1));
    expect(peer.log).toEqual(['reject tx 66 too cheap']);
    expect(fetcher.requestAnnounced(state, offer(transaction(1)))).toBeUndefined();
    fetcher.forgetRejected();
    fetcher.received(state, transaction(1));
    expect(pool.processed).toBe(2);
  });

  test('tells what a refused transaction took', () => {
    const pool = new FakePool();
    let time = 0;
    const { fetcher, state } = setup(pool, () => time);
    pool.verdict = () => {
      time += 70;
      return [];
    };
    expect(fetcher.received(state, transaction(1))).toBe(0);
    pool.verdict = () => {
      time += 70;
      throw Object.assign(new Error('bad signature'), { rejectCode: 0x10 });
    };
    expect(fetcher.received(state, transaction(2))).toBe(70);
    expect(fetcher.received(state, transaction(2)), 'not looked at again').toBe(0);
  });

  test('nobody shuts a transaction out by sending it first with another witness', () => {
    const pool = new FakePool();
    const { fetcher, state, announced } = setup(pool);
    const [spoilt, genuine] = [transaction(1, [Uint8Array.of(1)]), transaction(1, [Uint8Array.of(2)])];
    expect(spoilt.txid).toEqual(genuine.txid);
    pool.verdict = () => {
      throw Object.assign(new Error('bad signature'), { rejectCode: 0x10 });
    };
    fetcher.received(state, spoilt);
    fetcher.received(state, spoilt);
    expect(pool.processed).toBe(1);
    pool.verdict = () => [genuine];
    expect(fetcher.requestAnnounced(state, offer(genuine))).toBeDefined();
    fetcher.received(state, genuine);
    expect(announced).toEqual([genuine]);
  });

  test('everything that entered the pool is announced; an orphan is not', () => {
    const pool = new FakePool();
    const { fetcher, state, announced } = setup(pool);
    fetcher.received(state, transaction(1));
    expect(announced).toEqual([]);
    const released = [transaction(2), transaction(1)];
    pool.verdict = () => released;
    fetcher.received(state, transaction(2));
    expect(announced).toEqual(released);
  });

  test('who announces first and does not deliver keeps nobody from it: the next announcer is asked', () => {
    let now = 0;
    const { fetcher, join } = setup(new FakePool(), () => now);
    const [mute, empty, honest] = [join(), join(), join()];
    const wanted = [transaction(1), transaction(2)];
    for (const state of [mute, empty, honest]) for (const tx of wanted) fetcher.requestAnnounced(state, offer(tx));
    now = 3000;
    fetcher.retryExpired();
    expect(empty.peer).toMatchObject({ log: [] });
    now = 4000;
    fetcher.retryExpired();
    expect(empty.peer).toMatchObject({ log: ['getdata 2'] });
    fetcher.notFound(
      empty,
      wanted.map(({ txid }) => txid),
    );
    expect(honest.peer).toMatchObject({ log: ['getdata 2'] });
    expect(fetcher.openRequests).toBe(2);
  });

  test('what was never delivered, and nobody else announced, takes up no room', () => {
    let now = 0;
    const { fetcher, join } = setup(new FakePool(), () => now);
    const liar = join();
    for (let i = 0; i < 6000; i++) fetcher.requestAnnounced(liar, offer(transaction(i)));
    expect(fetcher.openRequests).toBe(MAX_OPEN_TRANSACTIONS_PER_PEER);
    now = 4000;
    fetcher.retryExpired();
    expect(fetcher.openRequests).toBe(0);
  });

  test('a peer that leaves: the next announcer is asked at once', () => {
    const { fetcher, join } = setup(new FakePool());
    const [first, second] = [join(), join()];
    fetcher.requestAnnounced(first, offer(transaction(1)));
    fetcher.requestAnnounced(second, offer(transaction(1)));
    fetcher.release(first);
    expect(second.peer).toMatchObject({ log: ['getdata 1'] });
  });

  test('a peer that leaves takes its orphans and requests with it', () => {
    const pool = new FakePool();
    const { fetcher, state } = setup(pool);
    fetcher.requestAnnounced(state, offer(transaction(1)));
    fetcher.release(state);
    expect(fetcher.openRequests).toBe(0);
    expect(pool.dropped).toEqual([state.peer.id]);
  });
});
