import { equalBytes } from '../../util/bytes.ts';
import {
  CHUNK_HEAD_BYTES,
  chainDigest,
  DagFileError,
  type DagFileHeader,
  DIGEST_BYTES,
  decodeHeader,
  HEADER_BYTES,
  LENGTH_BYTES,
  MAX_CHUNK_BYTES,
} from './format.ts';

/** Where the bytes of a file come from, in their order. */
export interface ByteSource {
  /** Reads into `target` and returns how many bytes it read; 0 at the end. */
  read(target: Uint8Array): Promise<number>;
}

/** A block as it stands in a file. */
export interface FileBlock {
  /** Where it begins in the file. */
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** Bytes read at once. */
const READ_AHEAD = 512 * 1024;

/**
 * Reads a DAG file from front to back, chunk by chunk; a chunk is given away only when its digest was found right. Memory for
 * one chunk.
 */
export class DagFileReader {
  readonly header: DagFileHeader;
  readonly #input: Input;
  #digest: Uint8Array;
  #blocks = 0;

  private constructor(input: Input, header: DagFileHeader, digest: Uint8Array) {
    this.#input = input;
    this.header = header;
    this.#digest = digest;
  }

  /**
   * Reads the header.
   * @throws {DagFileError} if the file is no DAG file or its header is damaged.
   */
  static async open(source: ByteSource): Promise<DagFileReader> {
    const input = new Input(source);
    const bytes = await input.take(HEADER_BYTES);
    const header = decodeHeader(bytes);
    const digest = chainDigest(undefined, bytes);
    if (!equalBytes(await input.exactly(DIGEST_BYTES, 'its header'), digest)) {
      throw new DagFileError(0, 'its header is damaged');
    }
    return new DagFileReader(input, header, digest);
  }

  /** Blocks read so far. */
  get blocks(): number {
    return this.#blocks;
  }

  /** Bytes read so far. */
  get position(): number {
    return this.#input.position;
  }

  /**
   * The blocks of the next chunk, undefined behind the last one.
   * @throws {DagFileError} if the file is damaged or ends early, or has more behind its end.
   */
  async next(): Promise<readonly FileBlock[] | undefined> {
    const start = this.#input.position;
    const head = await this.#input.exactly(CHUNK_HEAD_BYTES, 'a chunk');
    const [count, length] = [head.readUInt32LE(0), head.readUInt32LE(4)];
    if (length > MAX_CHUNK_BYTES || count * LENGTH_BYTES > length || (count === 0) !== (length === 0)) {
      throw new DagFileError(start, 'the head of a chunk is damaged');
    }
    const content = await this.#input.exactly(length, 'a chunk');
    const digest = chainDigest(this.#digest, head, content);
    if (!equalBytes(await this.#input.exactly(DIGEST_BYTES, 'a chunk'), digest)) {
      throw new DagFileError(start, `a chunk of ${length} bytes is damaged`);
    }
    this.#digest = digest;
    if (count === 0) {
      await this.#finish(start);
      return undefined;
    }
    const blocks = split(content, count, start + CHUNK_HEAD_BYTES);
    this.#blocks += blocks.length;
    return blocks;
  }

  async #finish(position: number): Promise<void> {
    if (this.#blocks !== this.header.blocks) {
      throw new DagFileError(position, `it holds ${this.#blocks} blocks, its header says ${this.header.blocks}`);
    }
    const end = this.#input.position;
    if ((await this.#input.take(1)).length > 0) throw new DagFileError(end, 'there is something behind its end');
  }
}

function split(content: Buffer, count: number, start: number): FileBlock[] {
  const blocks: FileBlock[] = [];
  let at = 0;
  while (at < content.length) {
    const begin = at + LENGTH_BYTES;
    const end = begin <= content.length ? begin + content.readUInt32LE(at) : Number.POSITIVE_INFINITY;
    if (end > content.length) throw new DagFileError(start + at, 'a block reaches beyond its chunk');
    blocks.push({ position: start + at, bytes: content.subarray(begin, end) });
    at = end;
  }
  if (blocks.length !== count) throw new DagFileError(start, `a chunk of ${count} blocks holds ${blocks.length}`);
  return blocks;
}

/** Pieces of a source in the sizes that are wanted. */
class Input {
  position = 0;
  readonly #source: ByteSource;
  readonly #buffer = Buffer.allocUnsafe(READ_AHEAD);
  #from = 0;
  #to = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The next bytes, fewer only at the end of the source. They stay as they are when more is read. */
  async take(length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      if (this.#from === this.#to) {
        this.#from = 0;
        this.#to = await this.#source.read(this.#buffer);
        if (this.#to === 0) break;
      }
      const copied = this.#buffer.copy(bytes, filled, this.#from, this.#to);
      this.#from += copied;
      filled += copied;
    }
    this.position += filled;
    return filled === length ? bytes : bytes.subarray(0, filled);
  }

  /** @throws {DagFileError} if the source ends before. */
  async exactly(length: number, what: string): Promise<Buffer> {
    const bytes = await this.take(length);
    if (bytes.length < length) throw new DagFileError(this.position, `the file ends within ${what}`);
    return bytes;
  }
}
