/** Random values of the protocol for property tests (fast-check). */
import fc from 'fast-check';
import { Block, type Generation } from '../block.ts';
import { BlockHeader } from '../header.ts';
import type { Message } from '../message.ts';
import type { NetAddress } from '../net-address.ts';
import { Transaction } from '../transaction.ts';

const u8 = fc.integer({ min: 0, max: 0xff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const i32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

/** Plain bytes: fast-check's own arrays compare unequal to views of a Buffer. */
export const arbitraryBytes = (maxLength: number, minLength = 0): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => Uint8Array.from(bytes));

/** A hash of any 32 bytes. */
export const arbitraryHash: fc.Arbitrary<Uint8Array> = arbitraryBytes(32, 32);

/** A header with fields over their whole range. */
export const arbitraryHeader: fc.Arbitrary<BlockHeader> = fc
  .record({
    version: i32,
    prevBlock: arbitraryHash,
    merkleRoot: arbitraryHash,
    timestamp: u32,
    bits: u32,
    nonce: u32,
  })
  .map((fields) => new BlockHeader(fields));

const input = fc.record({
  prevout: fc.record({ hash: arbitraryHash, index: u32 }),
  signatureScript: arbitraryBytes(300),
  sequence: u32,
  witness: fc.oneof(fc.constant([]), fc.array(arbitraryBytes(300), { maxLength: 4 })),
});

const output = fc.record({ value: i64, pkScript: arbitraryBytes(300) });

/** A transaction with at least one input, so that both encodings can be read back. */
export const arbitraryTransaction: fc.Arbitrary<Transaction> = fc
  .record({
    version: i32,
    inputs: fc.array(input, { minLength: 1, maxLength: 4 }),
    outputs: fc.array(output, { maxLength: 4 }),
    lockTime: u32,
  })
  .map((fields) => new Transaction(fields));

/** A block of a generation; nothing in it fits together. */
export function arbitraryBlock(generation: Generation): fc.Arbitrary<Block> {
  return fc
    .record({
      header: arbitraryHeader,
      parentsVersion: i32,
      parents: fc.array(fc.record({ hash: arbitraryHash, data: arbitraryHash }), { maxLength: 5 }),
      transactions: fc.array(arbitraryTransaction, { maxLength: 4 }),
      verification: fc.record({ version: i32, nonces: fc.array(u32, { maxLength: 20 }) }),
    })
    .map(({ verification, ...fields }) => new Block(generation === 4 ? { ...fields, verification } : fields));
}

const addressFields = { services: u64, ip: arbitraryBytes(16, 16), port: fc.integer({ min: 0, max: 0xffff }) };
const address: fc.Arbitrary<NetAddress> = fc.record(addressFields);
const timedAddress: fc.Arbitrary<NetAddress> = fc.record({ ...addressFields, timestamp: u32 });
const addresses = fc.array(timedAddress, { maxLength: 5 });
const inventory = fc.array(fc.record({ type: u32, hash: arbitraryHash, height: i32 }), { maxLength: 5 });
const hashes = fc.array(arbitraryHash, { maxLength: 5 });
const locator = { protocolVersion: u32, locatorHeights: fc.array(i32, { maxLength: 1 }), stopHash: arbitraryHash };
const committed = { filterType: u8, stopHash: arbitraryHash };
/** Any bytes at all, as a peer may send them for a text. */
const text = fc.oneof(
  fc.string({ maxLength: 40, unit: 'binary' }).map((value) => Buffer.from(value, 'utf8').toString('utf8')),
  fc.string({ maxLength: 40 }),
);

/** A message of any type that can be sent at the newest protocol version. */
export function arbitraryMessage(generation: Generation): fc.Arbitrary<Message> {
  const of = <C extends string>(command: C) => ({ command: fc.constant(command) });
  return fc.oneof<fc.Arbitrary<Message>[]>(
    fc.record({
      ...of('version'),
      protocolVersion: i32,
      services: u64,
      timestamp: i64,
      receiver: address,
      sender: address,
      nonce: u64,
      userAgent: text,
      genesisHash: arbitraryHash,
      lastBlock: i32,
      relay: fc.boolean(),
    }),
    fc
      .constantFrom('verack', 'getaddr', 'getaddrcache', 'mempool', 'filterclear', 'sendheaders')
      .map((command): Message => ({ command })),
    fc.record({ ...of('addr'), addresses }),
    generation === 2
      ? fc.record({ ...of('addrcache'), addresses })
      : fc.record({ ...of('addrcache'), inbound: addresses, outbound: addresses, known: addresses }),
    fc.record({ ...of('getblocks'), ...locator }),
    fc.record({ ...of('getheaders'), ...locator }),
    fc.record({ ...of('inv'), inventory }),
    fc.record({ ...of('getdata'), inventory }),
    fc.record({ ...of('notfound'), inventory }),
    fc.record({ ...of('block'), block: arbitraryBlock(generation) }),
    fc.record({ ...of('tx'), tx: arbitraryTransaction }),
    fc.record({ ...of('headers'), headers: fc.array(arbitraryHeader, { maxLength: 4 }) }),
    fc.record({ ...of('ping'), nonce: u64 }),
    fc.record({ ...of('pong'), nonce: u64 }),
    fc.record({
      ...of('reject'),
      rejectedCommand: text.filter((command) => command !== 'block' && command !== 'tx'),
      code: u8,
      reason: text,
    }),
    fc.record({
      ...of('reject'),
      rejectedCommand: fc.constantFrom('block', 'tx'),
      code: u8,
      reason: text,
      hash: arbitraryHash,
    }),
    fc.record({
      ...of('filterload'),
      filter: arbitraryBytes(300),
      hashFunctions: fc.integer({ min: 0, max: 50 }),
      tweak: u32,
      flags: u8,
    }),
    fc.record({ ...of('filteradd'), data: arbitraryBytes(520) }),
    fc.record({
      ...of('merkleblock'),
      header: arbitraryHeader,
      transactionCount: u32,
      hashes,
      flags: arbitraryBytes(300),
    }),
    fc.record({ ...of('feefilter'), minFee: i64 }),
    fc.record({ ...of('getcfilters'), ...committed, startHeight: u32 }),
    fc.record({ ...of('getcfheaders'), ...committed, startHeight: u32 }),
    fc.record({ ...of('getcfcheckpt'), ...committed }),
    fc.record({ ...of('cfilter'), filterType: u8, blockHash: arbitraryHash, filter: arbitraryBytes(300) }),
    fc.record({ ...of('cfheaders'), ...committed, previousFilterHeader: arbitraryHash, filterHashes: hashes }),
    fc.record({ ...of('cfcheckpt'), ...committed, filterHeaders: hashes }),
    fc.record({ ...of('alert'), payload: arbitraryBytes(300, 1), signature: arbitraryBytes(100) }),
  );
}
