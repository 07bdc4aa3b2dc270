import { AssertError, type Dag, RuleError } from '../../dag/index.ts';
import type { NetworkParams } from '../../params/index.ts';
import { equalBytes } from '../../util/bytes.ts';
import { type Hash, hashToHex, sha256d } from '../../util/hash.ts';
import type { Clock } from '../../util/ports.ts';
import { Block, HEADER_SIZE, WireError } from '../../wire/index.ts';
import { DagFileError, type DagFileHeader } from './format.ts';
import type { DagFileReader, FileBlock } from './reader.ts';
import type { Task } from './task.ts';

/** A block of a file that the rules of the DAG refuse. */
export interface Refusal {
  /** Where it stands in the file. */
  readonly position: number;
  /** Display form. */
  readonly hash: string;
  readonly reason: string;
}

/** What an import came to. */
export interface ImportResult {
  /** Blocks looked at: those of the file unless it ended early. */
  readonly blocks: number;
  /** New in the DAG. */
  readonly imported: number;
  /** Were there before. */
  readonly present: number;
  /** Refused now or, as the DAG remembers, earlier. */
  readonly refused: number;
  readonly firstRefusal: Refusal | undefined;
  /** Why it ended before the end of the file; everything before that is imported. */
  readonly ended: 'interrupted' | DagFileError | undefined;
}

/** What an import works with. */
export interface ImportDeps {
  readonly dag: Dag;
  readonly params: NetworkParams;
  readonly reader: DagFileReader;
  readonly clock: Clock;
  readonly task: Task;
}

/** Work between two turns of the event loop, milliseconds. */
const SLICE = 50;

/** A block of a chunk, and where it stands. */
interface Candidate {
  readonly position: number;
  readonly hash: Hash;
  /** The block if it is not known yet, else what became of it. */
  readonly block: Block | 'connected' | 'failed';
}

/** A chunk whose blocks are being prepared; and why there is none behind it, if it is the last. */
interface Chunk {
  readonly candidates: readonly Candidate[];
  readonly end: 'end' | DagFileError | undefined;
}

/**
 * Brings the blocks of a file into a DAG, on the way and by the rules of any other block; those it knows are skipped, so an import
 * that ended early goes on where it ended. The scripts of a chunk run in other threads, where the DAG has such, while the
 * chunk before it is processed. Refused blocks do not end it: they may have been accepted elsewhere, in another order.
 * @throws {DagFileError} if the file is of another network.
 * @throws {StoreError} if a block cannot be stored; blocks committed before stay.
 */
export async function importDag(deps: ImportDeps): Promise<ImportResult> {
  checkNetwork(deps.reader.header, deps.params);
  const endBatch = deps.dag.openBatch();
  try {
    return await new Import(deps).run();
  } finally {
    endBatch();
  }
}

/**
 * Compares the network of a file with one's own.
 * @throws {DagFileError} if they differ.
 */
export function checkNetwork({ genesisHash, generation }: DagFileHeader, params: NetworkParams): void {
  if (!equalBytes(genesisHash, params.genesisHash)) {
    throw new DagFileError(16, `it is of another network than ${params.name} (genesis ${hashToHex(genesisHash)})`);
  }
  if (generation !== params.generation) throw new DagFileError(12, `its blocks are of generation ${generation}`);
}

class Import {
  readonly #deps: ImportDeps;
  #sliceEnd: number;
  #blocks = 0;
  #imported = 0;
  #present = 0;
  #refused = 0;
  #firstRefusal: Refusal | undefined;

  constructor(deps: ImportDeps) {
    this.#deps = deps;
    this.#sliceEnd = deps.clock.monotonic() + SLICE;
  }

  async run(): Promise<ImportResult> {
    let chunk = await this.#read();
    for (;;) {
      // The scripts of what comes next are run by other threads meanwhile.
      const next = chunk.end ? undefined : await this.#read();
      for (const candidate of chunk.candidates) {
        await this.#process(candidate);
        if (this.#deps.clock.monotonic() >= this.#sliceEnd) await this.#rest();
        if (this.#deps.task.stopped()) return this.#result('interrupted');
      }
      if (!next) return this.#result(chunk.end === 'end' ? undefined : chunk.end);
      chunk = next;
    }
  }

  #result(ended: ImportResult['ended']): ImportResult {
    return {
      blocks: this.#blocks,
      imported: this.#imported,
      present: this.#present,
      refused: this.#refused,
      firstRefusal: this.#firstRefusal,
      ended,
    };
  }

  /** The next chunk, decoded as far as it can be; its blocks are being prepared. */
  async #read(): Promise<Chunk> {
    const { reader } = this.#deps;
    const candidates: Candidate[] = [];
    try {
      const blocks = await reader.next();
      if (!blocks) return { candidates, end: 'end' };
      for (const block of blocks) candidates.push(this.#decode(block));
      return { candidates, end: undefined };
    } catch (error) {
      if (error instanceof DagFileError) return { candidates, end: error };
      throw error;
    }
  }

  #decode({ position, bytes }: FileBlock): Candidate {
    const { dag, params } = this.#deps;
    const hash = sha256d(bytes.subarray(0, HEADER_SIZE));
    const status = dag.blockStatus(hash);
    if (status) return { position, hash, block: status };
    let block: Block;
    try {
      block = Block.fromBytes(bytes, params.generation);
    } catch (error) {
      if (error instanceof WireError) throw new DagFileError(position, `a block does not decode: ${error.message}`);
      throw error;
    }
    if (block.size !== bytes.length) throw new DagFileError(position, 'a block is not in canonical form');
    dag.preparation?.prepare(block);
    return { position, hash, block };
  }

  async #process(candidate: Candidate): Promise<void> {
    this.#blocks++;
    const { block } = candidate;
    if (block === 'connected') this.#present++;
    else if (block === 'failed') this.#refuse(candidate, 'it was refused before');
    else {
      await this.#prepared(block);
      this.#take(candidate, block);
    }
  }

  #take(candidate: Candidate, block: Block): void {
    try {
      const result = this.#deps.dag.processBlock(block);
      if (result.status === 'accepted') this.#imported += result.accepted.length;
      else this.#refuse(candidate, `its parent ${hashToHex(result.missing[0])} is not known`);
    } catch (error) {
      if (!(error instanceof RuleError || error instanceof AssertError)) throw error;
      this.#refuse(candidate, error.message);
    }
  }

  #refuse({ hash, position }: Candidate, reason: string): void {
    this.#refused++;
    this.#firstRefusal ??= { position, hash: hashToHex(hash), reason };
  }

  /** Resolves when processing the block costs as little as it can. */
  async #prepared(block: Block): Promise<void> {
    const { preparation } = this.#deps.dag;
    while (preparation?.isBusy(block)) {
      if (preparation.assist()) continue;
      await new Promise<void>((resolve) => {
        const off = preparation.onProgress(() => {
          off();
          resolve();
        });
      });
    }
  }

  async #rest(): Promise<void> {
    const { clock, reader, task } = this.#deps;
    task.report(this.#blocks, reader.header.blocks);
    await task.pause();
    this.#sliceEnd = clock.monotonic() + SLICE;
  }
}
