import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dag } from '../src/dag/index.ts';
import { networkParams } from '../src/params/index.ts';
import { sha256dPow } from '../src/pow/index.ts';
import { type KeyValueStore, MemoryStore, openLmdbStore, type TableName } from '../src/store/index.ts';
import type { Hash } from '../src/util/hash.ts';
import type { Block, OutPoint } from '../src/wire/index.ts';
import { BlockMaker } from './block-maker.ts';

const params = networkParams('simnet');
/** Far enough that no block of a test is in the future. */
const NOW = Date.UTC(2105, 0, 1);
const host = { processId: `bench ${process.pid}`, isRunning: () => false, openFile: () => undefined };
const TABLES: readonly TableName[] = ['meta', 'blocks', 'index', 'order', 'effects', 'outputs'];
/** Blocks that share commits while the base grows. */
const CHUNK = 256;

/**
 * The DAG that is attacked: one chain of coinbase-only blocks, since that is where single blocks can change most of the
 * order. It is made once; every attack gets a copy of its own.
 */
export class Base {
  readonly maker = new BlockMaker(params);
  /** The block of every height. */
  readonly chain: Hash[] = [params.genesisHash];
  /** What anyone can spend: the output of the coinbase of every height. */
  readonly coins: OutPoint[] = [{ hash: params.genesis.transactions[0].txid, index: 0 }];
  readonly #root = mkdtempSync(join(tmpdir(), 'soterd-bench.'));
  readonly #folder = join(this.#root, 'base');

  /** @param size number of blocks. */
  static async make(size: number): Promise<Base> {
    const base = new Base();
    const store = openLmdbStore(base.#folder, { host });
    const dag = openDag(store);
    let blocks: Block[] = [];
    while (base.chain.length < size) {
      const block = base.maker.make(base.chain.length, [base.chain.at(-1)!]);
      base.chain.push(block.hash);
      base.coins.push({ hash: block.transactions[0].txid, index: 0 });
      blocks.push(block);
      if (blocks.length < CHUNK && base.chain.length < size) continue;
      dag.processBlocks(blocks);
      blocks = [];
    }
    if (dag.snapshot().blockCount !== size) throw new Error('the base does not grow');
    await dag.close();
    await store.close();
    return base;
  }

  /** A store with a copy of the base in a folder of its own. */
  openLmdb(): KeyValueStore {
    const folder = mkdtempSync(join(this.#root, 'copy.'));
    cpSync(this.#folder, folder, { recursive: true });
    return openLmdbStore(folder, { host });
  }

  /** A copy of the base in memory. */
  openMemory(): KeyValueStore {
    const from = this.openLmdb();
    const content = new Map(
      TABLES.map((name) => [
        name,
        new Map(
          Array.from(from.table(name).range(), ({ key, value }) => [
            Buffer.from(key).toString('latin1'),
            Uint8Array.from(value),
          ]),
        ),
      ]),
    );
    void from.close();
    return new MemoryStore(content);
  }

  remove(): void {
    rmSync(this.#root, { recursive: true });
  }
}

/** A DAG on a store, as a node has it. */
export function openDag(store: KeyValueStore): Dag {
  const clock = { now: () => NOW, monotonic: () => NOW };
  const dag = new Dag({ params }, { store, clock, pow: sha256dPow });
  dag.open();
  return dag;
}
