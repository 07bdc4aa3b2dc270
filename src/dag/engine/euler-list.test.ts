import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../util/testing/seeded-random.ts';
import { EulerList } from './euler-list.ts';

const NODES = 3000;
const random = new SeededRandom('euler');

/** Parent of the next node. */
const TREES: Record<string, (node: number) => number> = {
  'one deep chain': (node) => node - 1,
  'children of the root only': () => 0,
  'a chain with a leaf at every node': (node) => (node % 2 === 1 ? Math.max(0, node - 2) : node - 1),
  'random parents': (node) => random.below(node),
  'random recent parents': (node) => Math.max(0, node - 1 - random.below(10)),
  'leaves at ever older nodes': (node) => Math.min(node - 1, Math.abs(NODES - node)),
  'always under the second node': (node) => (node === 1 ? 0 : 1),
  'two chains growing by turns': (node) => Math.max(0, node - 2),
};

describe.each(Object.entries(TREES))('%s', (_name, parentOf) => {
  const tree = new EulerList();
  const parents = [-1];
  for (let node = 1; node < NODES; node++) {
    const parent = parentOf(node);
    parents.push(parent);
    tree.insert(node, parent);
  }

  test('ancestors are those on the way to the root', () => {
    for (let b = 0; b < NODES; b += 13) {
      const path = new Set<number>();
      for (let at = b; at >= 0; at = parents[at]!) path.add(at);
      for (let a = 0; a < NODES; a += 3) if (tree.contains(a, b) !== path.has(a)) expect.fail(`${a} over ${b}`);
      for (const a of path) expect(tree.contains(a, b)).toBe(true);
    }
  });

  test('nodes stand in the order of a walk through the tree, children by age', () => {
    const children = parents.map((): number[] => []);
    for (let node = 1; node < NODES; node++) children[parents[node]!]!.push(node);
    const walk: number[] = [];
    const stack = [0];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      walk.push(at);
      stack.push(...children[at]!.toReversed());
    }
    for (let i = 1; i < NODES; i++) {
      expect(tree.opensBefore(walk[i - 1]!, walk[i]!)).toBe(true);
      expect(tree.opensBefore(walk[i]!, walk[i - 1]!)).toBe(false);
      const far = walk[random.below(i)]!;
      expect(tree.opensBefore(far, walk[i]!)).toBe(true);
    }
  });
});

test('memory stays within a few dozen bytes a node, whatever the tree', () => {
  for (const parentOf of Object.values(TREES)) {
    const tree = new EulerList();
    for (let node = 1; node < NODES * 10; node++) tree.insert(node, parentOf(node));
    expect(tree.bytes / (NODES * 10)).toBeLessThan(48);
  }
});
