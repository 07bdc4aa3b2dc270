import { describe, expect, test } from 'vitest';
import { networkParams } from '../../params/index.ts';
import {
  decodeAddress,
  encodeAddress,
  payToMultiSig,
  payToPubKey,
  payToPubKeyHash,
  pubKeyHashAddress,
  publicKeyOf,
} from '../../script/index.ts';
import { bytesToHex, equalBytes } from '../../util/bytes.ts';
import { hash160, hashToHex } from '../../util/hash.ts';
import type { Transaction } from '../../wire/index.ts';
import { madeBlock, output, payTo, transaction } from '../testing/made-blocks.ts';
import { RecordingSession, recordingNotifier } from '../testing/recording-session.ts';
import { TransactionFilter } from './transaction-filter.ts';

const params = networkParams('simnet');
const address = (byte: number) => encodeAddress(pubKeyHashAddress(new Uint8Array(20).fill(byte), params));
const KEY = publicKeyOf(new Uint8Array(32).fill(3), true);

function filterOf(...addresses: readonly string[]): TransactionFilter {
  const filter = new TransactionFilter();
  for (const text of addresses) filter.addAddress(decodeAddress(text, params));
  return filter;
}

describe('order of what a client is told', () => {
  test('of a transaction in the pool: accepted, redeemed, received, relevant', () => {
    const session = new RecordingSession();
    const { notifier } = session;
    const before = transaction([], payTo(1));
    notifier.setTransactions(session, 'plain');
    notifier.setFilter(session, filterOf(address(1)));
    notifier.watches.addAddresses(session, [address(1)]);
    notifier.watches.addOutpoints(session, [output(before)]);
    notifier.transactionAccepted(transaction([output(before)], payTo(1)));
    expect(session.takeMethods()).toEqual(['txaccepted', 'redeemingtx', 'recvtx', 'relevanttxaccepted']);
  });

  test('of a block: each transaction redeemed then received, then the block, then what the filter finds', () => {
    const session = new RecordingSession();
    const { notifier } = session;
    const first = transaction([], payTo(1));
    const second = transaction([output(first)], payTo(1));
    notifier.setBlocks(session, true);
    notifier.setFilter(session, filterOf(address(1)));
    notifier.watches.addAddresses(session, [address(1)]);
    const block = madeBlock([params.genesisHash], first, second);
    notifier.blockConnected({ block, height: 9 });
    const place = (index: number) => ({
      height: 9,
      hash: hashToHex(block.hash),
      index,
      time: block.header.timestamp,
    });
    const [one, two] = [first, second].map((tx) => bytesToHex(tx.toBytes()));
    expect(session.told.map(({ method, params: values }) => [method, ...values])).toEqual([
      ['recvtx', one, place(1)],
      ['redeemingtx', two, place(2)],
      ['recvtx', two, place(2)],
      ['blockconnected', hashToHex(block.hash), 9, block.header.timestamp],
      ['filteredblockconnected', 9, bytesToHex(block.header.toBytes()), [one, two]],
    ]);
  });
});

describe('watches', () => {
  test('of an output end with a spend in a block, not in the pool', () => {
    const session = new RecordingSession();
    const { notifier } = session;
    const paid = transaction([], payTo(1));
    const spend = transaction([output(paid)], payTo(2));
    notifier.watches.addOutpoints(session, [output(paid)]);
    notifier.transactionAccepted(spend);
    notifier.transactionAccepted(spend);
    expect(session.takeMethods()).toEqual(['redeemingtx', 'redeemingtx']);
    notifier.blockConnected({ block: madeBlock([params.genesisHash], spend), height: 1 });
    notifier.blockConnected({ block: madeBlock([params.genesisHash], spend), height: 1 });
    expect(session.takeMethods()).toEqual(['redeemingtx']);
    expect(notifier.watches.isActive).toBe(false);
  });

  test('a spend that waits in the pool is told to all who watch, but not while its block is', () => {
    const pool: Transaction[] = [];
    const notifier = recordingNotifier(({ hash }) => pool.find((tx) => equalBytes(tx.inputs[0]!.prevout.hash, hash)));
    const [one, two] = [new RecordingSession(notifier), new RecordingSession(notifier)];
    const paid = transaction([], payTo(1));
    const spend = transaction([output(paid)], payTo(2));
    pool.push(spend);
    notifier.watches.addOutpoints(one, [output(paid)]);
    expect(one.takeMethods()).toEqual(['redeemingtx']);
    notifier.watches.addOutpoints(two, [output(paid)]);
    expect(one.takeMethods()).toEqual(['redeemingtx']);
    expect(two.takeMethods()).toEqual(['redeemingtx']);
    notifier.remove(two);
    notifier.watches.removeOutpoints(one, [output(paid)]);
    notifier.watches.addAddresses(one, [address(1)]);
    notifier.blockConnected({ block: madeBlock([params.genesisHash], paid, spend), height: 1 });
    expect(one.takeMethods()).toEqual(['recvtx', 'redeemingtx']);
    expect(two.takeMethods()).toEqual([]);
  });

  test('of a client that has left are gone', () => {
    const session = new RecordingSession();
    const { notifier } = session;
    notifier.setBlocks(session, true);
    notifier.setTransactions(session, 'verbose');
    notifier.setFilter(session, filterOf(address(1)));
    notifier.watches.addAddresses(session, [address(1), address(2)]);
    notifier.watches.removeAddresses(session, [address(2), address(3)]);
    notifier.remove(session);
    notifier.transactionAccepted(transaction([], payTo(1)));
    notifier.blockConnected({ block: madeBlock([params.genesisHash], transaction([], payTo(1))), height: 1 });
    expect(session.told).toEqual([]);
    expect(notifier.watches.isActive).toBe(false);
  });
});

describe('a filter', () => {
  const relevant = (filter: TransactionFilter, tx: Transaction): boolean => {
    const session = new RecordingSession();
    session.notifier.setFilter(session, filter);
    session.notifier.transactionAccepted(tx);
    return session.told.length > 0;
  };

  test('takes in what it finds, and keeps it when it is spent', () => {
    const filter = filterOf(address(1));
    const paid = transaction([], payTo(2), payTo(1));
    const spend = transaction([output(paid, 1)], payTo(2));
    expect(relevant(filter, spend)).toBe(false);
    expect(relevant(filter, paid)).toBe(true);
    expect(filter.size).toBe(2);
    expect(relevant(filter, transaction([output(paid, 0)], payTo(2)))).toBe(false);
    expect(relevant(filter, spend)).toBe(true);
    expect(relevant(filter, spend)).toBe(true);
  });

  test('finds keys by key and by hash, and hashes by hash alone', () => {
    const byKey = filterOf(bytesToHex(KEY));
    const byHash = filterOf(encodeAddress(pubKeyHashAddress(hash160(KEY), params)));
    const toKey = transaction([], payToPubKey(KEY));
    const toHash = transaction([], payToPubKeyHash(hash160(KEY)));
    const toOneOfTwo = transaction([], payToMultiSig(1, [publicKeyOf(new Uint8Array(32).fill(4), true), KEY]));
    expect([toKey, toHash, toOneOfTwo].map((tx) => relevant(byKey, tx))).toEqual([true, false, true]);
    expect([toKey, toHash, toOneOfTwo].map((tx) => relevant(byHash, tx))).toEqual([true, true, true]);
  });
});
