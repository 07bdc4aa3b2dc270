import type { Dag } from '../../dag/index.ts';
import type { NetworkParams } from '../../params/index.ts';
import { CHUNK_BYTES, chainDigest, encodeChunkHead, encodeHeader, LENGTH_BYTES } from './format.ts';
import { InterruptedError, type Task } from './task.ts';

/** Where the bytes of a file go, in their order. */
export interface ByteSink {
  write(bytes: Uint8Array): Promise<void>;
}

/** What an export came to. */
export interface ExportResult {
  readonly blocks: number;
  readonly bytes: number;
}

/**
 * Writes all connected blocks but genesis, ascending by height and, within a height, by hash: parents before their children, and
 * two DAGs of the same blocks give the same bytes. Memory for one chunk.
 * @param chunkBytes other than {@link CHUNK_BYTES} in tests only.
 * @throws {InterruptedError} if the task was stopped; what was written is of no use then.
 */
export async function exportDag(
  dag: Dag,
  { generation, genesisHash }: NetworkParams,
  sink: ByteSink,
  task: Task,
  chunkBytes = CHUNK_BYTES,
): Promise<ExportResult> {
  const { blockCount, maxHeight } = dag.snapshot();
  const total = blockCount - 1;
  let bytes = 0;
  let digest: Uint8Array | undefined;
  const write = async (...part: readonly Uint8Array[]): Promise<void> => {
    digest = chainDigest(digest, ...part);
    const piece = Buffer.concat([...part, digest]);
    bytes += piece.length;
    await sink.write(piece);
  };
  await write(encodeHeader({ generation, genesisHash, blocks: total }));
  let chunk: Uint8Array[] = [];
  let length = 0;
  let done = 0;
  for (let height = 1; height <= maxHeight; height++) {
    for (const hash of dag.blocksAtHeight(height)) {
      const block = dag.getBlockBytes(hash)!;
      const size = Buffer.alloc(LENGTH_BYTES);
      size.writeUInt32LE(block.length);
      chunk.push(size, block);
      length += LENGTH_BYTES + block.length;
      done++;
      if (length < chunkBytes && done < total) continue;
      await write(encodeChunkHead(chunk.length / 2, length), ...chunk);
      chunk = [];
      length = 0;
      task.report(done, total);
      await task.pause();
      if (task.stopped()) throw new InterruptedError();
    }
  }
  await write(encodeChunkHead(0, 0));
  return { blocks: done, bytes };
}
