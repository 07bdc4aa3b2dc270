import { describe, expect, test } from 'vitest';
import { type DevnetStatus, type NodeStatus, renderDevnet, renderLine } from './view.ts';

function node(overrides: Partial<NodeStatus> = {}): NodeStatus {
  return {
    name: 'node1',
    p2pAddress: '127.0.0.1:18555',
    rpcAddress: '127.0.0.1:18556',
    blocks: 10,
    height: 5,
    tips: 2,
    blue: 8,
    peers: 3,
    mined: 4,
    blocksPerSecond: 1.25,
    state: 'aabbccddee',
    ...overrides,
  };
}

function status(nodes: NodeStatus[]): DevnetStatus {
  return {
    nodes,
    generations: [
      { height: 4, colours: [true] },
      { height: 5, colours: [true, false] },
    ],
    uptime: 3725,
    dataFolder: '/tmp/devnet',
    exampleCommand: 'soterctl getdagtips',
  };
}

describe('devnet view', () => {
  test('shows every node, colours and agreement', () => {
    const lines = renderDevnet(status([node(), node({ name: 'node2' })]), { columns: 80, color: false });
    expect(lines[0]).toBe('soterd devnet  simnet  2 nodes  up 01:02:05  all nodes agree');
    const row = lines.find((line) => line.startsWith('node2'))!;
    expect(row.split(/\s+/)).toEqual([
      'node2',
      '127.0.0.1:18555',
      '127.0.0.1:18556',
      '10',
      '5',
      '2',
      '8',
      '2',
      '3',
      '4',
      '1.25',
      'aabbccdd',
    ]);
    expect(lines).toContain('        ○');
    expect(lines).toContain('      ● ●');
  });

  test('says when states differ', () => {
    const different = status([node(), node({ state: 'ff' })]);
    expect(renderDevnet(different, { columns: 80, color: false })[0]).toContain('blocks on their way');
    expect(renderLine(different)).toBe(
      '01:02:05  blocks 10/10  height 5  tips 2  blue 8  red 2  1.25 blocks/s  differ',
    );
  });

  test('draws only as many generations as fit and folds very wide ones', () => {
    const wide = {
      ...status([node()]),
      generations: Array.from({ length: 100 }, (_, height) => ({ height, colours: Array<boolean>(12).fill(true) })),
    };
    const lines = renderDevnet(wide, { columns: 28, color: false });
    expect(lines).toContain('      + + + + + + + + + +');
    expect(lines.some((line) => line.includes('heights 90 to 99'))).toBe(true);
  });
});
