import { bytesToHex } from '../../../src/util/bytes.ts';
import { hashKey, hashToHex } from '../../../src/util/hash.ts';
import type { Block } from '../../../src/wire/index.ts';
import { decodePayload, type Message, tipsHash } from '../../../src/wire/index.ts';
import { PARAMS } from './test-node.ts';
import { sortByParents } from './transcript.ts';

/** Decodes a payload of a recording. */
export function decode(command: string, payload: Uint8Array): Message {
  return decodePayload(command, payload, {
    magic: PARAMS.magic,
    protocolVersion: 70_013,
    encoding: 'witness',
    generation: 2,
  });
}

/**
 * A payload as text in which everything that differs from run to run is left out: nonces, times and ports. Equal texts
 * are equal messages.
 */
export function comparable(command: string, payload: Uint8Array): string {
  if (command === 'version') {
    const message = decode(command, payload);
    if (message.command !== 'version') return '';
    const { protocolVersion, services, receiver, sender, userAgent, genesisHash, lastBlock, relay } = message;
    return [
      protocolVersion,
      services,
      receiver.services,
      bytesToHex(receiver.ip),
      sender.services,
      bytesToHex(sender.ip),
      sender.port,
      userAgent,
      hashToHex(genesisHash),
      lastBlock,
      relay,
    ].join(' ');
  }
  if (command === 'ping') return '';
  if (command === 'reject')
    return Buffer.from(payload)
      .toString('latin1')
      .replace(/127\.0\.0\.1:\d+/u, 'address');
  return bytesToHex(payload);
}

/**
 * Hash of the tips of a set of blocks, display form: the blocks that are nobody's parent. Blocks whose ancestors are not
 * all there do not count.
 */
export function tipsHashOf(blocks: readonly Block[]): string {
  const known = new Map([[hashKey(PARAMS.genesisHash), PARAMS.genesisHash]]);
  const tips = new Map(known);
  for (const block of sortByParents(blocks)) {
    const parents = block.parentHashes.map(hashKey);
    if (!parents.every((key) => known.has(key))) continue;
    for (const parent of parents) tips.delete(parent);
    known.set(hashKey(block.hash), block.hash);
    tips.set(hashKey(block.hash), block.hash);
  }
  return hashToHex(tipsHash([...tips.values()]));
}
