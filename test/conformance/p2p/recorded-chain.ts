import { readdirSync } from 'node:fs';
import type { FilterIndex } from '../../../src/server/index.ts';
import { hexToBytes } from '../../../src/util/bytes.ts';
import { type Hash, hashToHex, isZeroHash } from '../../../src/util/hash.ts';
import type { MessageOf } from '../../../src/wire/index.ts';
import type { SuiteContext } from '../suite.ts';
import { decode } from './compare.ts';
import { isOwn, type RecordedLine } from './transcript.ts';

/** Names of the recordings of a folder. */
export function recordingsIn(context: SuiteContext, folder: string): string[] {
  const files = readdirSync(context.path(`p2p/${folder}`)).filter((name) => name.endsWith('.jsonl'));
  return files.map((name) => name.slice(0, -'.jsonl'.length)).sort();
}

/** Messages of one command that the recorded node sent. */
function sent<C extends 'inv' | 'cfilter' | 'cfheaders'>(lines: readonly RecordedLine[], command: C): MessageOf<C>[] {
  const messages = lines
    .filter((line) => line.command === command && isOwn(line, 'node'))
    .map((line) => decode(command, hexToBytes(line.payloadHex ?? '')));
  return messages.filter((message): message is MessageOf<C> => message.command === command);
}

/**
 * Heights of recorded blocks, by hash: as inventories of the node state them, over all recordings of a folder. The blocks
 * themselves are not recorded; each node had a chain.
 */
export function recordedHeights(context: SuiteContext, folder: string): Map<string, number> {
  const heights = new Map<string, number>();
  for (const name of recordingsIn(context, folder)) {
    for (const { inventory } of sent(context.lines<RecordedLine>(`p2p/${folder}/${name}.jsonl`), 'inv')) {
      for (const { hash, height } of inventory) heights.set(hashToHex(hash), height);
    }
  }
  return heights;
}

/** Heights of the blocks that requests for filters and their answers name: the filters of a chain up to its tip. */
export function filteredHeights(lines: readonly RecordedLine[], tip: number): Map<string, number> {
  const heights = new Map<string, number>();
  for (const [i, { blockHash }] of sent(lines, 'cfilter').entries()) heights.set(hashToHex(blockHash), i + 1);
  for (const line of lines) {
    if (line.command === undefined || !line.command.startsWith('getcf')) continue;
    const message = decode(line.command, hexToBytes(line.payloadHex ?? ''));
    if ('stopHash' in message) heights.set(hashToHex(message.stopHash), tip);
  }
  return heights;
}

/** The filters of the recorded node, for blocks of the same heights. */
export function recordedFilters(lines: readonly RecordedLine[], heightOf: (block: Hash) => number): FilterIndex {
  const filters = sent(lines, 'cfilter').map(({ filter }) => filter);
  const [headers] = sent(lines, 'cfheaders');
  // Below the first listed block there is one if an earlier filter header was sent.
  const first = headers && !isZeroHash(headers.previousFilterHeader) ? 1 : 0;
  return {
    filter: (block) => filters[heightOf(block) - 1],
    filterHash: (block) => headers?.filterHashes[heightOf(block) - first],
    filterHeader: () => headers?.previousFilterHeader,
  };
}
