import { deepEqual, equal } from 'node:assert/strict';
import { bytesToHex, hexToBytes } from '../../../src/util/bytes.ts';
import { compareHashes, hashFromHex, hashToHex, ZERO_HASH } from '../../../src/util/hash.ts';
import {
  Block,
  checkBlockBinding,
  checkWitnessCommitment,
  findWitnessCommitment,
  type Generation,
  merkleLevels,
  merkleRoot,
  Transaction,
  tipsHash,
  witnessCommitment,
  witnessMerkleRoot,
} from '../../../src/wire/index.ts';
import type { Suite } from '../suite.ts';
import { wireErrorOf } from './shapes.ts';

interface RecordedTx {
  readonly name: string;
  readonly hex: string;
  readonly strippedHex?: string;
  readonly decodeError: string | null;
  readonly hasWitness: boolean;
  readonly isCoinbase: boolean;
  readonly inputs: number;
  readonly outputs: number;
  readonly lockTime: number;
  readonly version: number;
  readonly size: number;
  readonly strippedSize: number;
  readonly weight: number;
  readonly vsize: number;
  readonly txid: string;
  readonly wtxid: string;
}

/** Everything recorded of a transaction but the script offsets, which nothing here needs. */
function checkTx(recorded: RecordedTx): void {
  const bytes = hexToBytes(recorded.hex);
  if (recorded.decodeError !== null) {
    equal(
      wireErrorOf(() => Transaction.fromBytes(bytes)),
      recorded.decodeError,
    );
    return;
  }
  const tx = Transaction.fromBytes(bytes);
  // A copy without the received bytes takes the encoding path instead.
  for (const one of [tx, tx.detach(), new Transaction(tx)]) {
    equal(bytesToHex(one.toBytes('witness')), recorded.hex);
    equal(bytesToHex(one.toBytes('base')), recorded.strippedHex ?? recorded.hex);
    deepEqual(
      {
        hasWitness: one.hasWitness,
        isCoinbase: one.isCoinbase,
        inputs: one.inputs.length,
        outputs: one.outputs.length,
        lockTime: one.lockTime,
        version: one.version,
        size: one.size,
        strippedSize: one.strippedSize,
        weight: one.weight,
        vsize: one.virtualSize,
        txid: hashToHex(one.txid),
        wtxid: hashToHex(one.wtxid),
      },
      {
        hasWitness: recorded.hasWitness,
        isCoinbase: recorded.isCoinbase,
        inputs: recorded.inputs,
        outputs: recorded.outputs,
        lockTime: recorded.lockTime,
        version: recorded.version,
        size: recorded.size,
        strippedSize: recorded.strippedSize,
        weight: recorded.weight,
        vsize: recorded.vsize,
        txid: recorded.txid,
        wtxid: recorded.wtxid,
      },
    );
  }
}

interface RecordedBlock {
  readonly name: string;
  readonly hex: string;
  readonly headerHex: string;
  readonly strippedHex?: string;
  readonly hash: string;
  readonly prevBlock: string;
  readonly prevBlockMatchesParents: boolean;
  readonly merkleRoot: string;
  readonly computedMerkleRoot?: string;
  readonly parents: readonly string[];
  readonly parentsHash: string;
  readonly version: number;
  readonly time: number;
  readonly bits: number;
  readonly nonce: number;
  readonly size: number;
  readonly strippedSize: number;
  readonly weight: number;
  readonly txids: readonly string[] | null;
  readonly wtxids: readonly string[] | null;
  readonly txLocs: readonly (readonly [number, number])[] | null;
  readonly witnessMerkleRoot?: string;
  readonly witnessCommitmentHex?: string;
  readonly witnessCommitmentError?: string | null;
}

function checkBlock(recorded: RecordedBlock, generation: Generation): void {
  const block = Block.fromBytes(hexToBytes(recorded.hex), generation);
  const { header, transactions } = block;
  for (const one of [block, block.detach(), new Block({ ...block, header: header.with({}) })]) {
    equal(one.generation, generation);
    equal(bytesToHex(one.toBytes('witness')), recorded.hex);
    equal(bytesToHex(one.toBytes('base')), recorded.strippedHex ?? recorded.hex);
    equal(hashToHex(one.hash), recorded.hash);
    deepEqual([one.size, one.strippedSize, one.weight], [recorded.size, recorded.strippedSize, recorded.weight]);
  }
  equal(bytesToHex(header.toBytes()), recorded.headerHex);
  const { version, timestamp, bits, nonce } = header;
  deepEqual([version, timestamp, bits, nonce], [recorded.version, recorded.time, recorded.bits, recorded.nonce]);
  deepEqual([hashToHex(header.prevBlock), hashToHex(header.merkleRoot)], [recorded.prevBlock, recorded.merkleRoot]);
  deepEqual(block.parentHashes.map(hashToHex), recorded.parents);
  equal(hashToHex(tipsHash(block.parentHashes)), recorded.parentsHash);
  equal(checkBlockBinding(block) === undefined, recorded.prevBlockMatchesParents && recorded.parents.length > 0);
  // Absent lists are recorded as null.
  deepEqual(
    transactions.map(({ txid }) => hashToHex(txid)),
    recorded.txids ?? [],
  );
  deepEqual(
    transactions.map(({ wtxid }) => hashToHex(wtxid)),
    recorded.wtxids ?? [],
  );
  deepEqual(
    block.transactionLocations().map(({ offset, length }) => [offset, length]),
    recorded.txLocs ?? [],
  );
  if (transactions.length === 0) return;
  equal(hashToHex(merkleRoot(transactions.map(({ txid }) => txid))), recorded.computedMerkleRoot);
  equal(hashToHex(witnessMerkleRoot(transactions)), recorded.witnessMerkleRoot);
  equal(checkWitnessCommitment(transactions)?.message ?? null, recorded.witnessCommitmentError);
  const commitment = findWitnessCommitment(transactions[0]);
  equal(commitment && bytesToHex(commitment), recorded.witnessCommitmentHex);
}

function encodings(generation: Generation): Suite[] {
  const folder = `wire/gen${generation}`;
  return [
    {
      name: `${folder}/txs`,
      async run(suite) {
        for (const tx of suite.json<RecordedTx[]>(`${folder}/txs.json.gz`))
          await suite.check(tx.name, () => checkTx(tx));
      },
    },
    {
      name: `${folder}/blocks`,
      async run(suite) {
        for (const block of suite.json<RecordedBlock[]>(`${folder}/blocks.json.gz`))
          await suite.check(block.name, () => checkBlock(block, generation));
      },
    },
  ];
}

interface Tips {
  readonly name: string;
  readonly tips: readonly string[];
  readonly sortedTips: readonly string[];
  readonly hash: string;
  readonly hashHex: string;
}

/** Hashes of lists of tips, and the order in which they are hashed. */
function tips(generation: Generation): Suite {
  return {
    name: `wire/gen${generation}/tips_hash`,
    async run(suite) {
      for (const one of suite.json<Tips[]>(`wire/gen${generation}/tips_hash.json`)) {
        await suite.check(one.name, () => {
          const hashes = one.tips.map(hashFromHex);
          equal(hashToHex(tipsHash(hashes)), one.hash);
          equal(bytesToHex(tipsHash(hashes)), one.hashHex);
          deepEqual(hashes.sort(compareHashes).map(hashToHex), one.sortedTips);
        });
      }
    },
  };
}

interface Merkle {
  readonly trees: readonly {
    readonly txids: readonly string[];
    readonly tree: readonly (string | null)[];
    readonly root: string;
    readonly witnessTree: readonly (string | null)[];
    readonly witnessRoot: string;
  }[];
  readonly witnessCommitment: readonly {
    readonly name: string;
    readonly blockHex: string;
    readonly error: string | null;
  }[];
}

/** The levels of a tree in one row, padded with absent nodes to a power of two of leaves. */
function paddedTree(leaves: readonly string[]): (string | null)[] {
  let width = 1;
  while (width < leaves.length) width *= 2;
  return merkleLevels(leaves.map(hashFromHex)).flatMap((level, height) =>
    Array.from({ length: width >> height }, (_, i) => (level[i] ? hashToHex(level[i]) : null)),
  );
}

function merkle(generation: Generation): Suite {
  return {
    name: `wire/gen${generation}/merkle`,
    async run(suite) {
      const recorded = suite.json<Merkle>(`wire/gen${generation}/merkle.json`);
      for (const one of recorded.trees) {
        await suite.check(`tree of ${one.txids.length}`, () => {
          deepEqual(paddedTree(one.txids), one.tree);
          equal(hashToHex(merkleRoot(one.txids.map(hashFromHex))), one.root);
        });
        await suite.check(`witness tree of ${one.txids.length}`, () => {
          const leaves = one.witnessTree.slice(0, one.txids.length).map((leaf) => leaf ?? '');
          deepEqual(paddedTree(leaves), one.witnessTree);
          equal(leaves[0], hashToHex(ZERO_HASH));
          equal(hashToHex(merkleRoot(leaves.map(hashFromHex))), one.witnessRoot);
        });
      }
      for (const { name, blockHex, error } of recorded.witnessCommitment) {
        await suite.check(`commitment: ${name}`, () => {
          const { transactions } = Block.fromBytes(hexToBytes(blockHex), generation);
          equal(checkWitnessCommitment(transactions)?.message ?? null, error);
          if (error !== null) return;
          const committed = findWitnessCommitment(transactions[0]) ?? ZERO_HASH;
          const [nonce] = transactions[0].inputs[0].witness;
          equal(bytesToHex(witnessCommitment(transactions, nonce)), bytesToHex(committed));
        });
      }
    },
  };
}

interface Malleability {
  readonly steps: readonly {
    readonly step: string;
    readonly blockHex?: string;
    readonly hash?: string;
    readonly submitblock?: string | null;
    readonly nodeServesExactlyTheseBytesAfterwards?: boolean | null;
  }[];
}

/** Blocks with changed sub-headers, as far as bytes alone decide about them. */
function malleability(generation: Generation): Suite {
  return {
    name: `wire/gen${generation}/malleability`,
    async run(suite) {
      suite.deviation(
        'block with other parents than its header was made for',
        'refused before its hash is remembered; the reference keeps it and then refuses the true block',
      );
      suite.deviation('bytes behind a block', 'not kept; the reference stores and serves them');
      for (const { step, blockHex, hash, submitblock } of suite.json<Malleability>(
        `wire/gen${generation}/malleability.json`,
      ).steps) {
        if (blockHex === undefined) continue;
        await suite.check(step, () => {
          const block = Block.fromBytes(hexToBytes(blockHex), generation);
          equal(hashToHex(block.hash), hash);
          const canonical = bytesToHex(block.toBytes());
          equal(canonical, blockHex.slice(0, canonical.length));
          equal(blockHex.length - canonical.length, step.includes('three trailing bytes') ? 6 : 0);
          const wrong = (submitblock ?? '').includes('inconsistent view');
          equal(checkBlockBinding(block)?.kind, wrong ? 'wrongParents' : undefined);
        });
      }
    },
  };
}

export const chainSuites: readonly Suite[] = ([2, 4] as const).flatMap((generation) => [
  ...encodings(generation),
  tips(generation),
  merkle(generation),
  malleability(generation),
]);
