import { deepStrictEqual } from 'node:assert';
import { BlockIndex, BlockStatus, DagEngine } from '../../src/dag/engine/index.ts';
import { PhantomModel } from '../model/phantom.ts';
import type { Suite } from './suite.ts';

/** State of a DAG after an insertion; blocks are places in `ids`. */
interface Recording {
  readonly blue: readonly number[];
  readonly order: readonly number[];
  readonly lastColoring: readonly number[] | null;
}

interface RecordedDag extends Recording {
  readonly name: string;
  readonly k: number;
  readonly ids: readonly string[];
  readonly parents: readonly (readonly number[])[];
  readonly steps?: readonly Recording[];
}

/** Something that grows a DAG and reports what the recordings report. */
interface Subject {
  add(id: string, parents: readonly number[]): void;
  /** Virtual blue set and B(block added last), each sorted by id, and the order. */
  blue(): number[];
  order(): number[];
  lastColoring(): number[];
}

/** A hash in wire order whose display form sorts as the id does: 64 hex digits, or a short name of the known DAGs. */
function hashFor(id: string): Uint8Array {
  const display = id.length === 64 ? Buffer.from(id, 'hex') : Buffer.alloc(32);
  if (id.length !== 64) display.write(id, 'latin1');
  return display.reverse();
}

function engineSubject(k: number, matrixLimit?: number): Subject {
  const index = new BlockIndex();
  const engine = new DagEngine(index, { k, ...(matrixLimit !== undefined && { matrixLimit }) });
  const every = () => Array.from({ length: index.count }, (_, id) => id);
  return {
    add(id, parents) {
      const height = parents.reduce((height, parent) => Math.max(height, index.height(parent) + 1), 0);
      const facts = { hash: hashFor(id), height, time: height, bits: 0, status: BlockStatus.stored, parents };
      engine.addBlock(index.append(facts));
    },
    blue: () =>
      every()
        .filter((id) => engine.isVirtualBlue(id))
        .sort((a, b) => index.compareHashes(a, b)),
    order: () => Array.from({ length: engine.orderLength }, (_, position) => engine.orderAt(position)),
    lastColoring: () => engine.colouringOf(index.count - 1),
  };
}

function modelSubject(k: number): Subject {
  const model = new PhantomModel(k);
  return {
    add: (id, parents) => void model.add(id, parents),
    blue: () => model.virtualBlue(),
    order: () => model.order(),
    lastColoring: () => model.blueOf(model.size - 1),
  };
}

function compare(subject: Subject, recording: Recording, where: string): void {
  deepStrictEqual(subject.blue(), recording.blue, `${where}: virtual blue set`);
  deepStrictEqual(subject.order(), recording.order, `${where}: order`);
  // Not recorded for a lone genesis.
  if (recording.lastColoring?.length) {
    deepStrictEqual(subject.lastColoring(), recording.lastColoring, `${where}: last colouring`);
  }
}

function runDag(subject: Subject, dag: RecordedDag): void {
  for (let block = 0; block < dag.ids.length; block++) {
    subject.add(dag.ids[block]!, dag.parents[block]!);
    const step = dag.steps?.[block];
    if (step) compare(subject, step, `after block ${block}`);
  }
  compare(subject, dag, 'at the end');
}

const RECORDINGS = ['known', 'random', 'steps', 'redundant-parents', 'large'];

/** Colouring and order of recorded DAGs: by the engine (both ways of colouring a zone) and by the slow model. */
export const phantomSuites: readonly Suite[] = RECORDINGS.map((recording) => ({
  name: `phantom/${recording}`,
  async run(context) {
    for (const dag of context.lines<RecordedDag>(`phantom/${recording}.jsonl.gz`)) {
      await context.check(`${dag.name}: engine`, () => runDag(engineSubject(dag.k), dag));
      await context.check(`${dag.name}: engine without matrix`, () => runDag(engineSubject(dag.k, 0), dag));
      await context.check(`${dag.name}: model`, () => runDag(modelSubject(dag.k), dag));
    }
  },
}));
