import { strict as assert } from 'node:assert';
import { TemplateBuilder, templatePolicy } from '../../src/mining/index.ts';
import { searchNonce } from '../../src/pow/index.ts';
import type { PoolEntry, ServerPool } from '../../src/server/index.ts';
import { hexToBytes } from '../../src/util/bytes.ts';
import { hashKey, hashToHex } from '../../src/util/hash.ts';
import { Block, Transaction } from '../../src/wire/index.ts';
import { decode } from './p2p/compare.ts';
import { Replay } from './p2p/replay.ts';
import { PARAMS, TestNode } from './p2p/test-node.ts';
import { type RecordedLine, readTranscript } from './p2p/transcript.ts';
import type { Suite } from './suite.ts';

/** Height of both nodes when the recording begins. */
const HEIGHT = 104;
const NONCES = 256;

/** A pool that takes everything: the blocks before the recording, whose coins it spends, are not recorded. */
class OpenPool implements ServerPool {
  readonly #entries = new Map<string, PoolEntry>();

  have(txid: Uint8Array): boolean {
    return this.#entries.has(hashKey(txid));
  }

  process(tx: Transaction): readonly Transaction[] {
    this.#entries.set(hashKey(tx.txid), { txid: tx.txid, transaction: tx, feeRate: 1_000_000n });
    return [tx];
  }

  blockConnected(): readonly Transaction[] {
    return [];
  }

  removeOrphansOf(): void {
    // There are no orphans.
  }

  entry(txid: Uint8Array): PoolEntry | undefined {
    return this.#entries.get(hashKey(txid));
  }

  entries(): Iterable<PoolEntry> {
    return this.#entries.values();
  }
}

/** Mines a chain of other blocks of the same height. */
function mineChain({ dag }: TestNode): void {
  const templates = new TemplateBuilder({ params: PARAMS, policy: templatePolicy() }, { dag });
  while (dag.snapshot().maxHeight < HEIGHT) dag.processBlock(solved(templates.build().block));
}

function solved({ header, parentsVersion, parents, transactions }: Block): Block {
  for (let first = 0; ; first += NONCES) {
    const { nonce } = searchNonce(header, first, NONCES);
    if (nonce !== undefined)
      return new Block({ header: header.with({ nonce }), parentsVersion, parents, transactions });
  }
}

/** The recording up to the block that confirms the transaction: that one has parents which are not recorded. */
function upToTheBlock(lines: readonly RecordedLine[]): readonly RecordedLine[] {
  const end = lines.findIndex(({ note }) => note?.includes('mines') ?? false);
  return lines.slice(0, end);
}

function timeOf(lines: readonly RecordedLine[]): number {
  const version = decode('version', hexToBytes(lines.find(({ command }) => command === 'version')?.payloadHex ?? ''));
  return version.command === 'version' ? Number(version.timestamp) : 0;
}

/** How recorded nodes pass a transaction on: this node as the one that learns of it, and as the one that has it. */
export const p2pTransactionSuites: readonly Suite[] = [
  {
    name: 'p2p/05-tx-relay',
    async run(context) {
      for (const self of ['A', 'D']) {
        await context.check(`as ${self}`, async () => {
          const { lines } = readTranscript(context, 'p2p/05-tx-relay.jsonl', self);
          const recorded = lines.find(({ command }) => command === 'tx');
          const tx = Transaction.fromBytes(hexToBytes(recorded?.payloadHex ?? ''));
          const node = new TestNode(timeOf(lines));
          mineChain(node);
          const pool = new OpenPool();
          await node.start({ reconcileDelay: 3_600_000, trickleInterval: 50 }, pool);
          try {
            const replay = new Replay(
              node,
              { lines: upToTheBlock(lines), self },
              {
                before: async ({ note }) => {
                  if (note !== `sendrawtransaction on ${self}`) return;
                  pool.process(tx);
                  node.handler.announceOwn(tx);
                },
              },
            );
            await replay.run();
            assert(replay.compared > 0);
            assert.equal(hashToHex(pool.entry(tx.txid)?.transaction.wtxid ?? new Uint8Array(32)), hashToHex(tx.wtxid));
          } finally {
            await node.stop();
          }
        });
      }
      context.deviation('the block that confirms it', 'left out: its ancestors are not recorded');
    },
  },
];
