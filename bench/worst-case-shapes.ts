import { compareHashes, type Hash } from '../src/util/hash.ts';
import type { Block } from '../src/wire/index.ts';
import type { Base } from './worst-case-base.ts';

/**
 * One block of an attack: `setup` is paid for but not measured, `attack` is paid for and measured, `honest` is what others
 * mine meanwhile, measured and free.
 */
export interface Step {
  readonly kind: 'setup' | 'attack' | 'honest';
  readonly block: Block;
}

/** A kind of attack. */
export interface Shape {
  readonly name: string;
  /** Blocks the base must have. */
  readonly least?: number;
  /** Takes so long that it is measured once, on LMDB. */
  readonly slow?: boolean;
  steps(base: Base): Step[];
}

/** A chain of blocks on a block of a height. */
function grow({ maker }: Base, from: Hash, height: number, length: number): Block[] {
  const blocks: Block[] = [];
  for (let tip = from; blocks.length < length; tip = blocks.at(-1)!.hash) {
    blocks.push(maker.make(height + 1 + blocks.length, [tip]));
  }
  return blocks;
}

const as = (kind: Step['kind'], blocks: readonly Block[]): Step[] => blocks.map((block) => ({ kind, block }));

/** The last blocks of a branch, which are the expensive ones. */
const MEASURED = 50;

/** A branch that splits off some blocks below the tip, as long as what it runs beside, then a block that merges it. */
function lateBranch(length: number): Shape {
  return {
    name: `late branch of ${length}, merged`,
    least: length + 2,
    steps: (base) => {
      const top = base.chain.length - 1;
      const branch = grow(base, base.chain[top - length], top - length, length);
      const merge = base.maker.make(top + 1, [base.chain[top], branch.at(-1)!.hash]);
      return [
        ...as('setup', branch.slice(0, -MEASURED)),
        ...as('attack', branch.slice(-MEASURED)),
        ...as('honest', [merge]),
      ];
    },
  };
}

/** Two branches of a length that stand side by side and then outgrow each other in turn. */
function alternatingForks(length: number, turns: number): Shape {
  return {
    name: `forks of ${length} in turn`,
    least: length + 2,
    steps: (base) => {
      const top = base.chain.length - 1;
      const branch = grow(base, base.chain[top - length], top - length, length + turns);
      const other = grow(base, base.chain[top], top, turns);
      const steps = as('setup', branch.slice(0, length));
      for (let turn = 0; turn < turns; turn++) {
        steps.push(...as('attack', [branch[length + turn]]), ...as('honest', [other[turn]]));
      }
      return steps;
    },
  };
}

/** Many children of one block, in the order of arrival that changes the order most, then one block on all of them. */
function manyTips(count: number, arrival: 'random' | 'descending'): Shape {
  return {
    name: `${count} tips${arrival === 'descending' ? ', each lower than all before' : ''}, merged`,
    steps: (base) => {
      const top = base.chain.length - 1;
      const tips = Array.from({ length: count }, () => base.maker.make(top + 1, [base.chain[top]]));
      // Hashes are free to choose by choosing when to send what: no try is lost.
      if (arrival === 'descending') tips.sort((a, b) => compareHashes(b.hash, a.hash));
      const hashes = tips.map(({ hash }) => hash);
      const merge = base.maker.make(top + 2, hashes);
      return [...as('attack', tips), ...as('honest', [merge])];
    },
  };
}

/** With many tips there, blocks on single ones of them: every one changes which tip is the best. */
function growingTips(count: number, turns: number): Shape {
  return {
    name: `${count} tips that grow in turn`,
    steps: (base) => {
      const top = base.chain.length - 1;
      const tips = Array.from({ length: count }, () => base.maker.make(top + 1, [base.chain[top]]));
      const next = tips.slice(0, turns).map(({ hash }) => base.maker.make(top + 2, [hash]));
      return [...as('setup', tips), ...as('attack', next)];
    },
  };
}

/** Blocks on the tip that also name one of its ancestors. */
function redundantParent(below: number | 'genesis', count: number): Shape {
  return {
    name: `tip and ${below === 'genesis' ? below : `${below} below`} as parents`,
    least: below === 'genesis' ? 2 : below + 1,
    steps: (base) => {
      const top = base.chain.length - 1;
      const steps: Step[] = [];
      let tip = base.chain[top];
      for (let i = 0; i < count; i++) {
        const ancestor = below === 'genesis' ? base.chain[0] : base.chain[top - below];
        const block = base.maker.make(top + 1 + 2 * i, [tip, ancestor]);
        const next = base.maker.make(top + 2 + 2 * i, [block.hash]);
        steps.push(...as('attack', [block]), ...as('honest', [next]));
        tip = next.hash;
      }
      return steps;
    },
  };
}

/** A tip far below, two honest blocks that do not know it, one that merges it; and again. */
function tipFarBelow(below: number | 'genesis', count: number): Shape {
  return {
    name: `tip on ${below === 'genesis' ? below : `the block ${below} below`}`,
    least: below === 'genesis' ? 2 : below + 1,
    steps: (base) => {
      const top = base.chain.length - 1;
      const depth = below === 'genesis' ? 0 : top - below;
      const steps: Step[] = [];
      let tip = base.chain[top];
      for (let i = 0; i < count; i++) {
        const low = base.maker.make(depth + 1, [base.chain[depth]]);
        const unaware = grow(base, tip, top + 3 * i, 2);
        const merge = base.maker.make(top + 3 * i + 3, [unaware[1].hash, low.hash]);
        steps.push(...as('attack', [low]), ...as('honest', [...unaware, merge]));
        tip = merge.hash;
      }
      return steps;
    },
  };
}

/** Blocks that name as many blocks of the chain as fit. */
function manyParents(count: number, blocks: number): Shape {
  return {
    name: `${count} parents in a chain`,
    least: count + 1,
    steps: (base) => {
      const top = base.chain.length - 1;
      const made: Block[] = [];
      let tip = base.chain[top];
      for (let i = 0; i < blocks; i++) {
        const rest = base.chain.slice(base.chain.length - count + 1);
        made.push(base.maker.make(top + 1 + i, [tip, ...rest]));
        tip = made.at(-1)!.hash;
      }
      return as('attack', made);
    },
  };
}

/** As many orphans as the pool holds, released by one block. */
function orphans(count: number): Shape {
  return {
    name: `${count} orphans released at once`,
    steps: (base) => {
      const top = base.chain.length - 1;
      const chain = grow(base, base.chain[top], top, count + 1);
      return as('attack', chain.toReversed());
    },
  };
}

/** What only the shape of the DAG makes expensive. */
export const SHAPES: readonly Shape[] = [
  lateBranch(500),
  lateBranch(5000),
  alternatingForks(500, 20),
  alternatingForks(5000, 10),
  manyTips(300, 'random'),
  manyTips(1000, 'random'),
  manyTips(1000, 'descending'),
  growingTips(1000, 20),
  redundantParent('genesis', 5),
  redundantParent(1000, 5),
  tipFarBelow('genesis', 2),
  tipFarBelow(1000, 5),
  manyParents(15_000, 2),
  orphans(700),
];
