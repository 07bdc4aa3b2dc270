import { hexToBytes } from '../../../src/util/bytes.ts';
import { hashKey } from '../../../src/util/hash.ts';
import { Block } from '../../../src/wire/index.ts';
import type { SuiteContext } from '../suite.ts';

/** One line of a recording. */
export interface RecordedLine {
  /** Milliseconds since the start of the recording. */
  readonly t_ms: number;
  /** `X->Y`, sender and receiver. */
  readonly dir?: string;
  readonly command?: string;
  readonly payloadHex?: string;
  /** Bytes that were sent as they are, header included. */
  readonly rawHex?: string;
  /** Full length of `rawHex` where it was shortened. */
  readonly rawTruncatedFrom?: number;
  /** What an RPC call returned. */
  readonly result?: unknown;
  readonly event?: 'connect' | 'disconnect' | 'close' | 'note' | 'rpc-result' | 'send-error';
  readonly note?: string;
}

/** A recording of two sides, seen from one of them, which this node takes the part of. */
export interface Transcript {
  readonly lines: readonly RecordedLine[];
  /** The side that this node plays. */
  readonly self: string;
}

/** Reads a recording. @param self the side that this node plays. */
export function readTranscript(context: SuiteContext, path: string, self: string): Transcript {
  return { lines: context.lines<RecordedLine>(path), self };
}

/** The other side of a line, or undefined if it has no direction. */
export function remoteOf(line: RecordedLine, self: string): string | undefined {
  return line.dir?.split('->').find((side) => side !== self);
}

/** True if this node sends the line. */
export function isOwn(line: RecordedLine, self: string): boolean {
  return line.dir?.startsWith(`${self}->`) ?? false;
}

/** The distinct blocks that a side sent, in order. @param from first line that counts. */
export function blocksSentBy(lines: readonly RecordedLine[], side: string, from = 0): Block[] {
  const blocks = new Map<string, Block>();
  for (const line of lines.slice(from)) {
    if (line.command !== 'block' || !line.dir?.startsWith(`${side}->`)) continue;
    const block = Block.fromBytes(hexToBytes(line.payloadHex ?? ''), 2);
    if (!blocks.has(hashKey(block.hash))) blocks.set(hashKey(block.hash), block);
  }
  return [...blocks.values()];
}

const NUMBERS = new Map([['one', 1]]);

/** How many blocks a note says that a side mines, 0 if it says something else. */
export function minedCount(line: RecordedLine, side: string): number {
  const match = /^(\w+) mines (\w+) block/u.exec(line.note ?? '');
  if (match?.[1] !== side) return 0;
  return NUMBERS.get(match[2]!) ?? Number(match[2]);
}

/** Parents before children, as a node must have taken them in. */
export function sortByParents(blocks: readonly Block[]): Block[] {
  const waiting = new Map(blocks.map((block) => [hashKey(block.hash), block]));
  const sorted: Block[] = [];
  const visit = (block: Block): void => {
    if (!waiting.delete(hashKey(block.hash))) return;
    for (const parent of block.parentHashes) {
      const found = waiting.get(hashKey(parent));
      if (found) visit(found);
    }
    sorted.push(block);
  };
  for (const block of blocks) visit(block);
  return sorted;
}
