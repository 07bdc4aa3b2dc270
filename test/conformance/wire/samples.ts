import { ZERO_HASH } from '../../../src/util/hash.ts';
import { BlockHeader, type Generation, type Message, UNKNOWN_IP } from '../../../src/wire/index.ts';

const address = { services: 0n, ip: UNKNOWN_IP, port: 0, timestamp: 0 };
const header = new BlockHeader({
  version: 1,
  prevBlock: ZERO_HASH,
  merkleRoot: ZERO_HASH,
  timestamp: 0,
  bits: 0,
  nonce: 0,
});
const many = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);
const filter = { hashFunctions: 1, tweak: 0, flags: 0 };
const committed = { filterType: 0, stopHash: ZERO_HASH };

/** Messages that the reference refuses to encode, so that the recordings hold no bytes of them. */
export function refusedSample(command: string, name: string, generation: Generation): Message {
  switch (`${command}: ${name}`) {
    case 'version: 257 byte user agent':
      return {
        command: 'version',
        protocolVersion: 70_013,
        services: 0n,
        timestamp: 0n,
        receiver: address,
        sender: address,
        nonce: 0n,
        userAgent: 'u'.repeat(257),
        genesisHash: ZERO_HASH,
        lastBlock: 0,
        relay: true,
      };
    case 'getblocks: two heights (refused)':
      return { command: 'getblocks', protocolVersion: 70_013, locatorHeights: [1, 2], stopHash: ZERO_HASH };
    case 'getheaders: two heights (refused)':
      return { command: 'getheaders', protocolVersion: 0, locatorHeights: [1, 2], stopHash: ZERO_HASH };
    case 'alert: empty payload (refused)':
      return { command: 'alert', payload: new Uint8Array(0), signature: new Uint8Array(0) };
    case 'filteradd: data':
      return { command: 'filteradd', data: new Uint8Array(521) };
    case 'filterload: 51 functions':
      return { command: 'filterload', filter: new Uint8Array(8), ...filter, hashFunctions: 51 };
    case 'filterload: 36001 byte filter':
      return { command: 'filterload', filter: new Uint8Array(36_001), ...filter };
    case 'notfound: 50001 entries':
      return { command: 'notfound', inventory: many(50_001, { type: 2, hash: ZERO_HASH, height: 0 }) };
    case 'addr: 1001 addresses':
      return { command: 'addr', addresses: many(1001, address) };
    case 'addrcache: 1001 addresses':
      return generation === 2
        ? { command: 'addrcache', addresses: many(1001, address) }
        : { command: 'addrcache', inbound: [], outbound: [], known: many(1001, address) };
    case 'headers: 2001 headers':
      return { command: 'headers', headers: many(2001, header) };
    case 'cfheaders: 2001 hashes':
      return {
        command: 'cfheaders',
        ...committed,
        previousFilterHeader: ZERO_HASH,
        filterHashes: many(2001, ZERO_HASH),
      };
    case 'cfilter: 262145 byte filter':
      return { command: 'cfilter', filterType: 0, blockHash: ZERO_HASH, filter: new Uint8Array(262_145) };
    default:
      throw new Error(`no sample for ${command}: ${name}`);
  }
}
