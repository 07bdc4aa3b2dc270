import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dag, InlineScriptVerifier } from '../src/dag/index.ts';
import { systemStoreHost } from '../src/node/store-host.ts';
import { systemWorld } from '../src/node/system.ts';
import { networkParams } from '../src/params/index.ts';
import type { ProofOfWork } from '../src/pow/index.ts';
import type { SignatureCache } from '../src/script/index.ts';
import { type KeyValueStore, openLmdbStore } from '../src/store/index.ts';
import type { OutPoint } from '../src/wire/index.ts';
import { BlockMaker } from './block-maker.ts';

const params = networkParams('simnet');
/** Outputs of one coinbase. */
const FAN = 1000;
/** Blocks are not what is measured here: any hash will do. */
const noWork: ProofOfWork = { name: 'sha256d', generation: 2, check: () => undefined };

/** Value of each output of a {@link FundedDag}, nanoSoter. */
export const FUNDED_VALUE = 50_000_000_000n / BigInt(FAN);

/** How a {@link FundedDag} differs from the usual. */
export interface FundedDagOptions {
  readonly signatureCache?: SignatureCache;
  /** Where the database is kept; default: a folder of its own that does not outlive it. */
  readonly folder?: string;
  /** The last block is of this very moment, so that a node is content with what it has. */
  readonly current?: boolean;
}

/** A real DAG on a real store, whose mature coinbases pay to given scripts. */
export class FundedDag {
  readonly dag: Dag;
  /** One a script, in their order. */
  readonly outputs: readonly OutPoint[];
  readonly #temporary: string | undefined;
  readonly #store: KeyValueStore;

  /** @param script what guards each of the `count` outputs. */
  constructor(count: number, script: (index: number) => Uint8Array, options: FundedDagOptions = {}) {
    const { signatureCache, folder, current = false } = options;
    this.#temporary = folder === undefined ? mkdtempSync(join(tmpdir(), 'soterd-bench-')) : undefined;
    this.#store = openLmdbStore(folder ?? this.#temporary ?? '', { host: systemStoreHost });
    const scriptVerifier = new InlineScriptVerifier(signatureCache);
    const { clock } = systemWorld;
    this.dag = new Dag({ params }, { store: this.#store, clock, pow: noWork, scriptVerifier });
    this.dag.open();
    const maker = new BlockMaker(params);
    const outputs: OutPoint[] = [];
    const last = Math.ceil(count / FAN) + params.coinbaseMaturity;
    this.dag.batch(() => {
      for (let height = 1; height <= last; height++) {
        const here = Math.max(0, Math.min(FAN, count - outputs.length));
        const payTo = Array.from({ length: here }, (_, i) => ({
          value: FUNDED_VALUE,
          pkScript: script(outputs.length + i),
        }));
        const block = maker.make(height, this.dag.snapshot().tips, {
          ...(here > 0 && { payTo }),
          ...(current && height === last && { time: Math.floor(clock.now() / 1000) }),
        });
        this.dag.processBlock(block);
        const { txid } = block.transactions[0];
        for (let index = 0; index < here; index++) outputs.push({ hash: txid, index });
      }
    });
    this.outputs = outputs;
  }

  async close(): Promise<void> {
    await this.dag.close();
    await this.#store.close();
    if (this.#temporary !== undefined) rmSync(this.#temporary, { recursive: true, force: true });
  }
}
