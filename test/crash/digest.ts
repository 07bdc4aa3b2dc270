import { createHash } from 'node:crypto';
import { decodeRow } from '../../src/dag/engine/row-codec.ts';
import type { Dag } from '../../src/dag/index.ts';
import { type KeyValueStore, MetaKey, type TableName } from '../../src/store/index.ts';
import { TABLES } from '../../src/store/tables.ts';
import { hashToHex } from '../../src/util/hash.ts';
import type { Block } from '../../src/wire/index.ts';

/** Everything a node knows, as one SHA-256 for each kind of knowledge: a difference names itself. */
export type Digest = Readonly<Record<string, string>>;

/** Bytes of the state record that count commits: these differ between nodes that shared commits differently. */
const COMMIT_COUNTER = 8;

/**
 * Digest of the whole state, read completely: every block body, every output in both views, every effect.
 * @param blocks all blocks that the node may know.
 */
export function digestOf(dag: Dag, store: KeyValueStore, blocks: readonly Block[]): Digest {
  const known = blocks.filter(({ hash }) => dag.blockStatus(hash) !== undefined);
  const hex = (hashes: Iterable<Uint8Array>): string[] => Array.from(hashes, hashToHex);
  const { tips, hash, minHeight, maxHeight, blockCount } = dag.snapshot();
  const template = dag.nextTemplateContext();
  const parts: Record<string, unknown> = {
    tips: [hex(tips), hashToHex(hash), minHeight, maxHeight, blockCount],
    best: dag.bestState(),
    order: [hex(dag.order()), dag.orderLength, hashToHex(dag.orderHash())],
    colours: [dag.coloring(), dag.virtualColoring(), hex(dag.virtualBlueSet()), dag.virtualBlueScore],
    outputSet: [hashToHex(dag.outputSetHash()), dag.outputCount],
    outputs: known.map((block) => outputsOf(dag, block)),
    transactions: known.map((block) => dag.transactionStates(block.hash)),
    index: known.map((block) => factsOf(dag, block)),
    bodies: known.map((block) => digest(dag.getBlockBytes(block.hash))),
    template: { ...template, later: template.bits(2 ** 32 - 1), soon: template.bits(template.medianTime + 1) },
    ...Object.fromEntries(TABLES.map((name) => [`table "${name}"`, tableDigest(store, name)])),
  };
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, digest(textOf(part))]));
}

/** Names of the parts in which two digests differ. */
export function differences(a: Digest, b: Digest): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]);
}

function outputsOf(dag: Dag, { transactions }: Block): unknown[] {
  return transactions.flatMap((tx) => tx.outputs.map((_, index) => dag.outputRecord({ hash: tx.txid, index })));
}

function factsOf(dag: Dag, { hash }: Block): unknown[] {
  const status = dag.blockStatus(hash);
  const header = dag.getHeader(hash)?.toBytes();
  const height = dag.blockHeight(hash);
  const level = height === undefined ? [] : dag.blocksAtHeight(height);
  return [hash, status, height, header, dag.medianTime(hash), dag.children(hash), level];
}

/**
 * What counts of a row, as text or bytes: not the number of commits, and of the diff of a blue set not how it is split into
 * chains, which depends on what was in memory when the block came.
 */
function contentOf(name: TableName, key: Uint8Array, value: Uint8Array): Uint8Array | string {
  if (name === 'meta' && Buffer.compare(key, MetaKey.state) === 0) return value.subarray(COMMIT_COUNTER);
  if (name !== 'index') return value;
  const { links, ...facts } = decodeRow(Buffer.from(key).readUInt32BE(), value);
  if (!links) return textOf(facts);
  const sorted = (ids: Iterable<number>): number[] => [...ids].sort((a, b) => a - b);
  const { selectedParent, treeParent, chains, rest } = links;
  return textOf({ ...facts, selectedParent, treeParent, diff: sorted(chains.flat()), rest: sorted(rest) });
}

/** Hash over all rows of a table. */
function tableDigest(store: KeyValueStore, name: TableName): string {
  const hash = createHash('sha256');
  for (const { key, value } of store.table(name).range()) {
    const content = contentOf(name, key, value);
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32LE(key.length);
    lengths.writeUInt32LE(content.length, 4);
    hash.update(lengths).update(key).update(content);
  }
  return hash.digest('hex');
}

function digest(content: string | Uint8Array | undefined): string {
  return content === undefined ? 'nothing' : createHash('sha256').update(content).digest('hex');
}

function textOf(part: unknown): string {
  return JSON.stringify(part, function (this: Readonly<Record<string, unknown>>, key, value: unknown) {
    // `value` of a Buffer is what its `toJSON` made of it already.
    const raw = this[key];
    if (raw instanceof Uint8Array) return Buffer.from(raw).toString('latin1');
    return typeof raw === 'bigint' ? `${raw}` : value;
  });
}
