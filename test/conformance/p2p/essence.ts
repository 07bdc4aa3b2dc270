import { bytesToHex } from '../../../src/util/bytes.ts';
import { hashToHex } from '../../../src/util/hash.ts';
import type { NetAddress } from '../../../src/wire/index.ts';
import { ipToString } from '../../../src/wire/index.ts';
import { comparable, decode } from './compare.ts';

/** Hashes of recorded blocks and those of this node's blocks in their place, display form. */
export type Translation = ReadonlyMap<string, string>;

/** An address without the time it was seen: `ip port services`. */
export function addressText({ ip, port, services }: NetAddress): string {
  return `${ipToString(ip)} ${port} ${services}`;
}

/**
 * What a message says, as text, in terms of this node's blocks: those of the recordings of single clients are known by
 * their hashes only. Equal texts say the same.
 */
export function essence(command: string, payload: Uint8Array, translation: Translation = new Map()): string {
  const own = (hash: string) => translation.get(hash) ?? hash;
  const hashOf = (hash: Uint8Array) => own(hashToHex(hash));
  switch (command) {
    case 'version':
      return `version ${payload.length} ${comparable(command, payload)}`;
    case 'ping':
    case 'reject':
      return `${command} ${comparable(command, payload)}`;
  }
  const message = decode(command, payload);
  switch (message.command) {
    case 'inv':
    case 'getdata':
    case 'notfound':
      return `${command} ${message.inventory.map(({ type, hash, height }) => `${type}/${hashOf(hash)}/${height}`).join(' ')}`;
    case 'headers':
      return `headers ${message.headers.map(({ hash }) => hashOf(hash)).join(' ')}`;
    case 'block':
      return `block ${hashOf(message.block.hash)}`;
    case 'merkleblock': {
      const { header, transactionCount, hashes, flags } = message;
      return `merkleblock ${hashOf(header.hash)} ${transactionCount} ${hashes.length} ${bytesToHex(flags)}`;
    }
    case 'tx':
      return message.tx.isCoinbase ? 'tx coinbase' : `tx ${hashToHex(message.tx.txid)}`;
    case 'cfilter':
      return `cfilter ${message.filterType} ${hashOf(message.blockHash)} ${bytesToHex(message.filter)}`;
    case 'cfheaders': {
      const { filterType, stopHash, previousFilterHeader, filterHashes } = message;
      return `cfheaders ${filterType} ${[stopHash, previousFilterHeader, ...filterHashes].map(hashOf).join(' ')}`;
    }
    case 'cfcheckpt':
      return `cfcheckpt ${message.filterType} ${[message.stopHash, ...message.filterHeaders].map(hashOf).join(' ')}`;
    case 'addr':
      return `addr ${message.addresses.map(addressText).sort().join(', ')}`;
    case 'addrcache':
      return 'addresses' in message ? `addrcache ${message.addresses.map(addressText).sort().join(', ')}` : command;
    default:
      return `${command} ${bytesToHex(payload)}`;
  }
}
