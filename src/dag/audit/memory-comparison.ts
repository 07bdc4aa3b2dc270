import { type Hash, hashToHex } from '../../util/hash.ts';
import type { Dag } from '../dag.ts';
import { Difference } from './stored-rows.ts';

/** What a DAG in memory can be compared by at once. */
const FACTS: readonly (readonly [string, (dag: Dag) => string])[] = [
  ['number of blocks', (dag) => String(dag.snapshot().blockCount)],
  ['tips', (dag) => `[${dag.snapshot().tips.map(hashToHex).join(' ')}]`],
  ['tips hash', (dag) => hashToHex(dag.snapshot().hash)],
  ['virtual blue score', (dag) => String(dag.virtualBlueScore)],
  ['length of the order', (dag) => String(dag.orderLength)],
  ['hash of the order', (dag) => hashToHex(dag.orderHash())],
  ['number of outputs', (dag) => String(dag.outputCount)],
  ['hash of the output set', (dag) => hashToHex(dag.outputSetHash())],
  ['block connected last', (dag) => hashToHex(dag.bestState().hash)],
];

/**
 * Compares what two DAGs say of themselves as a whole.
 * @throws {Difference} the first one.
 */
export function compareFacts(subject: Dag, twin: Dag): void {
  for (const [name, answer] of FACTS) {
    const [kept, derived] = [answer(subject), answer(twin)];
    if (kept !== derived) throw different(name, kept, derived);
  }
}

/** A position of the order, and a block that has nothing to do with it. */
interface Place {
  readonly position: number;
  readonly id: number;
  readonly hash: Hash;
}

/**
 * Compares the block at a position of the order and the colour of a block.
 * @throws {Difference}
 */
export function comparePlace(subject: Dag, twin: Dag, { position, id, hash }: Place): void {
  const [kept, derived] = [subject, twin].map((dag) => dag.orderAt(position));
  const text = (block: Hash | undefined): string => (block ? hashToHex(block) : 'nothing');
  if (text(kept) !== text(derived)) throw different(`order position ${position}`, text(kept), text(derived));
  const [colour, right] = [subject, twin].map((dag) => (dag.isVirtualBlue(hash) ? 'blue' : 'not blue'));
  if (colour !== right) throw different(`colour of block ${id} (${hashToHex(hash)})`, colour, right);
}

function different(name: string, kept: string, derived: string): Difference {
  return new Difference(`${name}: in memory ${kept}, derived ${derived}`);
}
