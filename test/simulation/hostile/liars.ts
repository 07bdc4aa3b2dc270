import { hashKey } from '../../../src/util/hash.ts';
import type { Block, InvVector } from '../../../src/wire/index.ts';
import { randomHash } from './craft.ts';
import type { Strategy } from './mob.ts';
import type { Session } from './session.ts';
import { blockVector, type Toolbox } from './toolbox.ts';

/** Announces true blocks before everybody else, and some that do not exist, and delivers none. */
export function withholding(tools: Toolbox): Strategy {
  const denies = tools.random.chance(0.3);
  return {
    name: 'withholding',
    machines: 2,
    redial: 3000,
    every: 7000,
    tick: (sessions) => {
      const height = (tools.spy()?.snapshot().maxHeight ?? 0) + 1;
      for (const session of sessions) {
        session.send({ command: 'inv', inventory: [blockVector(randomHash(tools.random), height)] });
      }
    },
    blockSeen: (block, height, sessions) => {
      for (const session of sessions) session.send({ command: 'inv', inventory: [blockVector(block.hash, height)] });
    },
    received: (session, message) => {
      if (message.command !== 'getdata') return false;
      if (denies) session.send({ command: 'notfound', inventory: message.inventory });
      return true;
    },
  };
}

/** Claims heights that nobody has; asked for blocks it shows nothing, or hashes of nothing, or is silent. */
export function lyingHeight(tools: Toolbox): Strategy {
  const { random } = tools;
  const height = random.pick([2 ** 31 - 1, 1_000_000, 10_000]);
  const answer = random.pick(['empty', 'invented', 'silent']);
  const invented = (): InvVector[] =>
    Array.from({ length: 500 }, (_, i) => blockVector(randomHash(random), height - 500 + i));
  return {
    name: `lying-height-${answer}`,
    machines: 2,
    width: 2,
    redial: 2000,
    every: 15_000,
    version: () => ({ lastBlock: height }),
    tick: (sessions) => {
      for (const session of sessions) {
        session.send({ command: 'inv', inventory: [blockVector(randomHash(random), height)] });
      }
    },
    received: (session, { command }) => {
      if (command === 'getdata') return answer !== 'empty';
      if (command !== 'getblocks') return false;
      if (answer !== 'silent') {
        session.send({ command: 'inv', inventory: answer === 'empty' ? [] : invented() });
      }
      return true;
    },
  };
}

/** Knows all blocks and hands them out so slowly that nobody would ever catch up; claims a little more than it has. */
export function slowSync(tools: Toolbox): Strategy {
  const interval = tools.random.between(10_000, 25_000);
  const queues = new Map<Session, Block[]>();
  return {
    name: 'slow-sync',
    width: 1,
    redial: 5000,
    every: interval,
    version: () => ({ lastBlock: (tools.spy()?.snapshot().maxHeight ?? 0) + 3 }),
    tick: (sessions) => {
      for (const session of sessions) {
        const block = queues.get(session)?.shift();
        if (block) session.send({ command: 'block', block });
      }
    },
    blockSeen: (block, height, sessions) => {
      for (const session of sessions)
        session.send({ command: 'inv', inventory: [blockVector(block.hash, height + 1)] });
    },
    received: (session, message) => {
      const dag = tools.spy();
      if (message.command === 'getblocks' && dag) {
        const located = dag.locate(message.locatorHeights, message.stopHash, 500);
        session.send({ command: 'inv', inventory: located.map(({ hash, height }) => blockVector(hash, height)) });
        return true;
      }
      if (message.command !== 'getdata') return false;
      const wanted = message.inventory.flatMap(({ hash }) => dag?.getBlock(hash) ?? []);
      if (!queues.has(session)) queues.set(session, []);
      queues.get(session)?.push(...wanted.slice(0, 200));
      return true;
    },
  };
}

/** Announces what exists as if it were far above, and old blocks as if they were new. */
export function confusing(tools: Toolbox): Strategy {
  const { random } = tools;
  const seen: Block[] = [];
  const known = new Set<string>();
  return {
    name: 'confusing',
    every: 4000,
    redial: 4000,
    blockSeen: (block) => {
      if (known.has(hashKey(block.hash)) || known.size > 5000) return;
      known.add(hashKey(block.hash));
      seen.push(block);
    },
    tick: (sessions) => {
      if (seen.length === 0) return;
      for (const session of sessions) {
        const inventory = Array.from({ length: random.between(1, 20) }, () =>
          blockVector(random.pick(seen).hash, random.pick([-1, 0, 5, 100_000, 2 ** 31 - 1, -(2 ** 31)])),
        );
        session.send({ command: 'inv', inventory });
        session.send({ command: 'notfound', inventory });
        session.send({ command: 'inv', inventory: [blockVector(new Uint8Array(32))] });
      }
    },
  };
}
