import { createHash } from 'node:crypto';
import type { Generation } from '../../wire/index.ts';

/**
 * The file that holds a DAG outside of any database; docs/dag-file.md describes it. Integers are little endian, hashes in wire
 * order.
 */
const MAGIC = Buffer.from('SOTERDAG', 'latin1');
/** Version of the format that this program writes and reads. */
const VERSION = 1;

/** Bytes of the header, of what precedes the blocks of a chunk, and of a digest. */
export const HEADER_BYTES = 56;
export const CHUNK_HEAD_BYTES = 8;
export const DIGEST_BYTES = 32;
/** Bytes of the length in front of each block. */
export const LENGTH_BYTES = 4;
/** A chunk ends with the block that makes its content this long. */
export const CHUNK_BYTES = 256 * 1024;
/** Content of a chunk is shorter than this: {@link CHUNK_BYTES} and one block of the greatest size of a message. */
export const MAX_CHUNK_BYTES = CHUNK_BYTES + LENGTH_BYTES + 32 * 1024 * 1024;

/** A file that is no DAG file, is damaged, or holds something else than asked for. */
export class DagFileError extends Error {
  override name = 'DagFileError';
  /** Where in the file, bytes from its beginning. */
  readonly position: number;

  constructor(position: number, message: string) {
    super(message);
    this.position = position;
  }
}

/** What a file says of itself at its beginning. */
export interface DagFileHeader {
  readonly generation: Generation;
  /** Names the network. */
  readonly genesisHash: Uint8Array;
  /** Blocks in the file; genesis is not among them. */
  readonly blocks: number;
}

/** The header, without its digest. */
export function encodeHeader({ generation, genesisHash, blocks }: DagFileHeader): Uint8Array {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.set(MAGIC);
  bytes.writeUInt32LE(VERSION, 8);
  bytes.writeUInt32LE(generation, 12);
  bytes.set(genesisHash, 16);
  bytes.writeBigUInt64LE(BigInt(blocks), 48);
  return bytes;
}

/**
 * Reads a header, in front of its digest; the digest is for the caller to compare.
 * @param bytes {@link HEADER_BYTES} of them, or fewer if the file is shorter.
 * @throws {DagFileError} if this is no such file, or one of a version that this program does not know.
 */
export function decodeHeader(bytes: Buffer): DagFileHeader {
  if (bytes.length < MAGIC.length || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new DagFileError(0, 'it is no DAG file');
  }
  if (bytes.length < HEADER_BYTES) throw new DagFileError(bytes.length, 'the file ends in its header');
  const version = bytes.readUInt32LE(8);
  if (version !== VERSION) {
    throw new DagFileError(8, `its format has version ${version}, this program knows version ${VERSION}`);
  }
  const generation = bytes.readUInt32LE(12);
  if (generation !== 2 && generation !== 4) throw new DagFileError(12, `its blocks are of generation ${generation}`);
  return { generation, genesisHash: bytes.subarray(16, 48), blocks: Number(bytes.readBigUInt64LE(48)) };
}

/** What precedes the blocks of a chunk: how many they are, and how long they and their lengths are together. */
export function encodeChunkHead(blocks: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(CHUNK_HEAD_BYTES);
  bytes.writeUInt32LE(blocks, 0);
  bytes.writeUInt32LE(length, 4);
  return bytes;
}

/**
 * The digest behind each part of a file: SHA-256 of the digest before (nothing for the first) and the part. So every digest is
 * also one over the whole file up to there, and the last one over all of it.
 */
export function chainDigest(before: Uint8Array | undefined, ...part: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  if (before) hash.update(before);
  for (const bytes of part) hash.update(bytes);
  return hash.digest();
}
