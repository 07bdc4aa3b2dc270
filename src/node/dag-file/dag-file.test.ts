import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { generateDag } from '../../../test/model/block-builder-dag.ts';
import { minersPlan, widePlan } from '../../../test/model/block-builder-plans.ts';
import { Dag } from '../../dag/index.ts';
import { fingerprint } from '../../dag/testing/fixture.ts';
import { networkParams } from '../../params/index.ts';
import { sha256dPow } from '../../pow/index.ts';
import { MemoryStore } from '../../store/index.ts';
import { hashKey } from '../../util/hash.ts';
import { SeededRandom } from '../../util/testing/seeded-random.ts';
import type { Block } from '../../wire/index.ts';
import { exportDag } from './export.ts';
import { CHUNK_HEAD_BYTES, chainDigest, DagFileError, DIGEST_BYTES, encodeHeader, HEADER_BYTES } from './format.ts';
import { type ImportResult, importDag } from './import.ts';
import { type ByteSource, DagFileReader } from './reader.ts';
import { InterruptedError, type Task } from './task.ts';

const params = { ...networkParams('simnet'), coinbaseMaturity: 4 };
const SIZE = 90;
/** Chunks of a few blocks. */
const CHUNK = 2000;
const clock = { now: () => Date.UTC(2100, 0, 1), monotonic: () => performance.now() };
const quiet: Task = { report: () => undefined, stopped: () => false, pause: async () => undefined };

function openDag(blocks: readonly Block[] = [], store = new MemoryStore()): Dag {
  const dag = new Dag({ params }, { store, clock, pow: sha256dPow });
  dag.open();
  dag.processBlocks(blocks);
  return dag;
}

async function exported(dag: Dag, chunkBytes = CHUNK): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  const sink = { write: async (bytes: Uint8Array) => void parts.push(bytes) };
  await exportDag(dag, params, sink, quiet, chunkBytes);
  return Buffer.concat(parts);
}

/** A source that gives a few bytes at a time. */
function source(file: Uint8Array): ByteSource {
  let at = 0;
  return {
    read: async (target) => {
      const piece = file.subarray(at, at + Math.min(target.length, 777));
      target.set(piece);
      at += piece.length;
      return piece.length;
    },
  };
}

async function imported(file: Uint8Array, dag: Dag, task: Task = quiet): Promise<ImportResult> {
  return importDag({ dag, params, clock, task, reader: await DagFileReader.open(source(file)) });
}

/** What an import comes to if even the header may be damaged. */
async function attempt(file: Uint8Array, dag: Dag): Promise<ImportResult['ended']> {
  try {
    return (await imported(file, dag)).ended;
  } catch (error) {
    if (error instanceof DagFileError) return error;
    throw error;
  }
}

/** Where each chunk begins and how many blocks stand before it; the last entry is the end mark. */
function chunksOf(file: Buffer): { position: number; blocks: number }[] {
  const chunks = [];
  let blocks = 0;
  for (let at = HEADER_BYTES + DIGEST_BYTES; at < file.length; ) {
    chunks.push({ position: at, blocks });
    blocks += file.readUInt32LE(at);
    at += CHUNK_HEAD_BYTES + file.readUInt32LE(at + 4) + DIGEST_BYTES;
  }
  return chunks;
}

/** A file with right digests around any content. */
function assemble(blocks: number, chunks: readonly (readonly Uint8Array[])[]): Buffer {
  const parts: Uint8Array[] = [];
  let digest: Uint8Array | undefined;
  const add = (...part: Uint8Array[]): void => {
    digest = chainDigest(digest, ...part);
    parts.push(...part, digest);
  };
  add(encodeHeader({ generation: 2, genesisHash: params.genesisHash, blocks }));
  for (const chunk of [...chunks, []]) {
    const content = Buffer.concat(
      chunk.flatMap((bytes) => {
        const length = Buffer.alloc(4);
        length.writeUInt32LE(bytes.length);
        return [length, bytes];
      }),
    );
    const head = Buffer.alloc(CHUNK_HEAD_BYTES);
    head.writeUInt32LE(chunk.length, 0);
    head.writeUInt32LE(content.length, 4);
    add(head, content);
  }
  return Buffer.concat(parts);
}

let blocks: Block[];
let dag: Dag;
let file: Buffer;

beforeAll(async () => {
  const plan = widePlan(SIZE, 3);
  blocks = [...generateDag({ seed: 2, params, plan, transactions: 2 })].map(({ block }) => block);
  dag = openDag(blocks);
  file = await exported(dag);
  expect(chunksOf(file).length).toBeGreaterThan(10);
});

describe('a DAG file', () => {
  test('brings the DAG over, whole', async () => {
    const copy = openDag();
    expect(await imported(file, copy)).toEqual({
      blocks: SIZE,
      imported: SIZE,
      present: 0,
      refused: 0,
      firstRefusal: undefined,
      ended: undefined,
    });
    // Which block came last is the one thing that is a matter of arrival.
    const { best: _, coloring: __, tips, ...state } = fingerprint(copy);
    expect(fingerprint(dag)).toMatchObject(state);
    expect([...(tips as string[])].sort()).toEqual([...(fingerprint(dag).tips as string[])].sort());
    expect(copy.pendingBlocks).toBe(0);
  });

  test('is the same whatever the order of arrival', async () => {
    const random = new SeededRandom(1);
    const shuffled = blocks.map((block) => ({ block, at: random.float() }));
    const other = openDag(shuffled.sort((a, b) => a.at - b.at).map(({ block }) => block));
    expect(other.snapshot().blockCount).toBe(SIZE + 1);
    expect((await exported(other)).equals(file)).toBe(true);
  });

  test('holds parents before their children', async () => {
    const reader = await DagFileReader.open(source(file));
    const seen = new Set([hashKey(params.genesisHash)]);
    for (let chunk = await reader.next(); chunk; chunk = await reader.next()) {
      for (const { bytes, position } of chunk) {
        expect(file.subarray(position + 4, position + 4 + bytes.length).equals(bytes)).toBe(true);
        const block = dag.getBlock(blocks.find((one) => Buffer.compare(one.toBytes(), bytes) === 0)!.hash)!;
        for (const parent of block.parentHashes) expect(seen).toContain(hashKey(parent));
        seen.add(hashKey(block.hash));
      }
    }
    expect(seen.size).toBe(SIZE + 1);
    expect(reader.position).toBe(file.length);
  });

  test('of a DAG with genesis alone', async () => {
    const empty = await exported(openDag());
    expect(empty.length).toBe(HEADER_BYTES + CHUNK_HEAD_BYTES + 2 * DIGEST_BYTES);
    expect(await imported(empty, openDag())).toMatchObject({ blocks: 0, ended: undefined });
  });

  test('chunks end with the block that makes them long enough', async () => {
    const whole = await exported(dag, 1 << 20);
    expect(chunksOf(whole).map((chunk) => chunk.blocks)).toEqual([0, SIZE]);
    for (const { position } of chunksOf(file).slice(0, -2)) {
      expect(file.readUInt32LE(position + 4)).toBeGreaterThanOrEqual(CHUNK);
    }
  });
});

describe('export', () => {
  test('can be stopped', async () => {
    const parts: Uint8Array[] = [];
    const sink = { write: async (bytes: Uint8Array) => void parts.push(bytes) };
    const task = { ...quiet, stopped: () => parts.length > 3 };
    await expect(exportDag(dag, params, sink, task, CHUNK)).rejects.toThrow(InterruptedError);
  });
});

describe('import', () => {
  test('skips what is there', async () => {
    const half = openDag(blocks.slice(0, 40));
    expect(await imported(file, half)).toMatchObject({ imported: SIZE - 40, present: 40, refused: 0 });
    expect(await imported(file, half)).toMatchObject({ imported: 0, present: SIZE, refused: 0 });
    expect((await exported(half)).equals(file)).toBe(true);
  });

  test('that was stopped goes on', async () => {
    const store = new MemoryStore();
    const copy = openDag([], store);
    let left = 30;
    const result = await imported(file, copy, { ...quiet, stopped: () => --left === 0 });
    expect(result).toMatchObject({ imported: 30, ended: 'interrupted' });
    const reopened = openDag([], store.reopen());
    expect(reopened.snapshot().blockCount).toBe(31);
    expect(await imported(file, reopened)).toMatchObject({ imported: SIZE - 30, present: 30, ended: undefined });
    expect((await exported(reopened)).equals(file)).toBe(true);
  });

  test('goes on behind blocks that are refused, and tells of the first', async () => {
    const bad: Block[] = [];
    const good: Block[] = [];
    const plan = minersPlan(new SeededRandom(9), 60);
    for (const { block, place } of generateDag({ seed: 5, params, plan, greedy: 0.1 })) {
      (place < 0 ? bad : good).push(block);
    }
    expect(bad.length).toBeGreaterThan(1);
    const all = assemble(62, [[...good.slice(0, 59), bad[0], bad[1], good[59]].map((block) => block.toBytes())]);
    const copy = openDag();
    const result = await imported(all, copy);
    expect(result).toMatchObject({ blocks: 62, imported: 60, refused: 2, ended: undefined });
    expect(result.firstRefusal?.reason).toContain('coinbase transaction');
    const { position } = result.firstRefusal!;
    expect(all.subarray(position + 4, position + 84).equals(bad[0].header.toBytes())).toBe(true);
    expect(await imported(all, copy)).toMatchObject({
      present: 60,
      refused: 2,
      firstRefusal: { position, reason: 'it was refused before' },
    });
  });

  test('refuses children without parents', async () => {
    const orphans = assemble(2, [[blocks[20].toBytes(), blocks[0].toBytes()]]);
    const result = await imported(orphans, openDag());
    expect(result).toMatchObject({ imported: 1, refused: 1 });
    expect(result.firstRefusal?.reason).toMatch(/^its parent [0-9a-f]{64} is not known$/u);
  });

  test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['a text', () => Buffer.from('hello, world'), /^it is no DAG file$/u],
    ['nothing', () => Buffer.alloc(0), /^it is no DAG file$/u],
    ['a header that is cut', (bytes) => bytes.subarray(0, 50), /^the file ends in its header$/u],
    ['a header without digest', (bytes) => bytes.subarray(0, 60), /^the file ends within its header$/u],
    ['a later version', (bytes) => at(bytes, 8, 2), /^its format has version 2, this program knows version 1$/u],
    ['another generation', (bytes) => at(bytes, 12, 3), /^its blocks are of generation 3$/u],
    ['a damaged header', (bytes) => at(bytes, 50, 1), /^its header is damaged$/u],
    ['no end', (bytes) => bytes.subarray(0, bytes.length - 40), /^the file ends within a chunk$/u],
    ['something behind the end', (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]), /^there is something behind/u],
  ])('says what is wrong with %s', async (_, change, text) => {
    expect((await attempt(change(Buffer.from(file)), openDag())) as DagFileError).toMatchObject({
      message: expect.stringMatching(text),
    });
  });

  test('says what is wrong inside of right digests', async () => {
    const first = blocks[0].toBytes();
    const ends = async (bytes: Buffer): Promise<unknown> => attempt(bytes, openDag());
    expect(await ends(assemble(2, [[first]]))).toMatchObject({ message: 'it holds 1 blocks, its header says 2' });
    expect(await ends(assemble(1, [[first.subarray(0, 99)]]))).toMatchObject({
      message: expect.stringMatching(/^a block does not decode: /u),
      position: HEADER_BYTES + DIGEST_BYTES + CHUNK_HEAD_BYTES,
    });
    expect(await ends(assemble(1, [[Buffer.concat([first, Buffer.alloc(1)])]]))).toMatchObject({
      message: 'a block is not in canonical form',
    });
    const other = networkParams('regtest');
    const foreign = Buffer.from(encodeHeader({ generation: 2, genesisHash: other.genesisHash, blocks: 0 }));
    expect(await ends(Buffer.concat([foreign, chainDigest(undefined, foreign)]))).toMatchObject({
      message: expect.stringMatching(/^it is of another network than simnet \(genesis [0-9a-f]{64}\)$/u),
    });
  });

  test('of a damaged or cut file names the place and keeps everything before it', async () => {
    const damage = fc.record({
      place: fc.nat({ max: file.length - 1 }),
      // Zero: the file ends here.
      bits: fc.integer({ min: 0, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ place, bits }) => {
        const bad = bits === 0 ? file.subarray(0, place) : at(Buffer.from(file), place, file[place] ^ bits);
        const copy = openDag();
        const error = await attempt(bad, copy);
        expect(error).toBeInstanceOf(DagFileError);
        const hit = chunksOf(file).findLast(({ position }) => position <= place);
        expect(copy.snapshot().blockCount - 1).toBe(hit?.blocks ?? 0);
        expect((error as DagFileError).position).toBeLessThanOrEqual(bits === 0 ? place : file.length);
        if (hit) expect((error as DagFileError).position).toBeGreaterThanOrEqual(hit.position);
        expect(copy.pendingBlocks).toBe(0);
        expect((await imported(file, copy)).ended).toBeUndefined();
        expect((await exported(copy)).equals(file)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});

function at(bytes: Buffer, place: number, value: number): Buffer {
  bytes[place] = value;
  return bytes;
}
