/**
 * Growable typed columns: one number a row, stored in fixed chunks of typed memory. Growing never copies more than the
 * first, small chunk, so there is no stall at any size, and at most one chunk a column stands empty.
 *
 * Three classes that differ in a word: with one for all kinds of numbers the engine takes half as long again for a block, since
 * the compiler no longer knows which kind it reads.
 */

/** log2 of the rows of a full chunk. */
const CHUNK_SHIFT = 14;
const CHUNK_ROWS = 1 << CHUNK_SHIFT;
const CHUNK_MASK = CHUNK_ROWS - 1;
/** Rows the first chunk starts with; it doubles until it is full, so that a small DAG stays small. */
const FIRST_ROWS = 64;

type Chunk = Int32Array | Uint32Array | Uint8Array;

/** Adds chunks until `rows` rows fit. New rows read as 0. @returns rows that fit now. */
function grow<T extends Chunk>(chunks: T[], rows: number, create: (rows: number) => T): number {
  const first = chunks[0]!;
  if (first.length < CHUNK_ROWS && first.length < rows) {
    let length = first.length;
    while (length < rows && length < CHUNK_ROWS) length *= 2;
    const bigger = create(length);
    bigger.set(first);
    chunks[0] = bigger;
  }
  while (chunks.length * CHUNK_ROWS < rows && chunks[0]!.length === CHUNK_ROWS) chunks.push(create(CHUNK_ROWS));
  return chunks.length > 1 ? chunks.length * CHUNK_ROWS : chunks[0]!.length;
}

function bytesOf(chunks: readonly Chunk[]): number {
  let bytes = 0;
  for (const chunk of chunks) bytes += chunk.byteLength;
  return bytes;
}

/** A column of signed 32-bit integers. */
export class Int32Column {
  readonly #chunks: Int32Array[] = [new Int32Array(FIRST_ROWS)];
  #rows = FIRST_ROWS;

  /** Makes rows 0 … `rows` − 1 usable; rows never written read as 0. */
  ensure(rows: number): void {
    if (rows > this.#rows) this.#rows = grow(this.#chunks, rows, (length) => new Int32Array(length));
  }

  /** Value of a row below the ensured count. */
  get(row: number): number {
    return this.#chunks[row >>> CHUNK_SHIFT]![row & CHUNK_MASK]!;
  }

  set(row: number, value: number): void {
    this.#chunks[row >>> CHUNK_SHIFT]![row & CHUNK_MASK] = value;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return bytesOf(this.#chunks);
  }
}

/** A column of unsigned 32-bit integers. */
export class Uint32Column {
  readonly #chunks: Uint32Array[] = [new Uint32Array(FIRST_ROWS)];
  #rows = FIRST_ROWS;

  /** Makes rows 0 … `rows` − 1 usable; rows never written read as 0. */
  ensure(rows: number): void {
    if (rows > this.#rows) this.#rows = grow(this.#chunks, rows, (length) => new Uint32Array(length));
  }

  /** Value of a row below the ensured count. */
  get(row: number): number {
    return this.#chunks[row >>> CHUNK_SHIFT]![row & CHUNK_MASK]!;
  }

  set(row: number, value: number): void {
    this.#chunks[row >>> CHUNK_SHIFT]![row & CHUNK_MASK] = value;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return bytesOf(this.#chunks);
  }
}

/** A column of bytes. */
export class Uint8Column {
  readonly #chunks: Uint8Array[] = [new Uint8Array(FIRST_ROWS)];
  #rows = FIRST_ROWS;

  /** Makes rows 0 … `rows` − 1 usable; rows never written read as 0. */
  ensure(rows: number): void {
    if (rows > this.#rows) this.#rows = grow(this.#chunks, rows, (length) => new Uint8Array(length));
  }

  /** Value of a row below the ensured count. */
  get(row: number): number {
    return this.#chunks[row >>> CHUNK_SHIFT]![row & CHUNK_MASK]!;
  }

  set(row: number, value: number): void {
    this.#chunks[row >>> CHUNK_SHIFT]![row & CHUNK_MASK] = value;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return bytesOf(this.#chunks);
  }
}
