import { type Hash, hashKey } from '../../../src/util/hash.ts';
import type { SeededRandom } from '../../../src/util/testing/seeded-random.ts';
import { Block, type Message, type ParentEntry, type Transaction } from '../../../src/wire/index.ts';
import { finalInput, transactionOf } from '../../../src/wire/testing/transactions.ts';
import { SIM_PARAMS } from '../sim-params.ts';
import { type BlockPlan, craftBlock, randomHash } from './craft.ts';
import type { Strategy } from './mob.ts';
import { frame, type Session } from './session.ts';
import { blockOnTips, blockVector, Stock, type Toolbox } from './toolbox.ts';

/** Answers getdata from a stock. */
function deliver(stock: Stock, session: Session, message: Message): boolean {
  if (message.command !== 'getdata') return false;
  for (const { hash } of message.inventory) {
    const block = stock.get(hash);
    if (block) session.send({ command: 'block', block });
  }
  return true;
}

/**
 * Changes to the plan of a block, each of which breaks a rule.
 * @param now Unix seconds.
 * @param bad a block that nobody has accepted, to build on.
 */
export function brokenPlan(
  random: SeededRandom,
  now: number,
  bad?: { readonly hash: Hash; readonly height: number },
): Partial<BlockPlan> {
  switch (random.below(9)) {
    case 0:
      return { merkleRoot: randomHash(random) };
    case 1:
      return { reward: 10n ** 15n };
    case 2:
      return { time: now + 5 * 3600 };
    case 3:
      return { time: 1_600_000_000 };
    case 4:
      return { bits: 0x1d00ffff };
    case 5:
      return { work: 'failed' };
    case 6:
      return { transactions: [spendNothing(random.bytes(32))] };
    case 7:
      return { transactions: [transactionOf([], [])] };
    default:
      return bad ? { parents: [bad.hash], height: bad.height + 1 } : { prevBlock: randomHash(random) };
  }
}

/** Makes and delivers blocks that break a rule, and children of such blocks. */
export function invalidBlocks(tools: Toolbox): Strategy {
  const { random, world } = tools;
  const stock = new Stock();
  let bad: { readonly hash: Hash; readonly height: number } | undefined;
  return {
    name: 'invalid-blocks',
    width: 1,
    redial: 4000,
    every: 6000,
    tick: (sessions) => {
      const crafted = blockOnTips(tools, brokenPlan(random, Math.floor(world.clock.now() / 1000), bad));
      if (!crafted) return;
      const { block, height } = crafted;
      stock.add(block);
      bad = { hash: block.hash, height };
      for (const session of sessions) session.send({ command: 'inv', inventory: [blockVector(block.hash, height)] });
    },
    received: (session, message) => deliver(stock, session, message),
  };
}

function spendNothing(txid: Hash): Transaction {
  return transactionOf([finalInput({ hash: txid, index: 0 })], [{ value: 1n, pkScript: Uint8Array.of(0x51) }]);
}

/** Announces every true block first and delivers copies of it with the same hash and something else inside. */
export function malleating(tools: Toolbox): Strategy {
  const stock = new Stock();
  return {
    name: 'malleating',
    machines: 2,
    redial: 3000,
    blockSeen: (block, height, sessions) => {
      stock.add(block);
      for (const session of sessions) session.send({ command: 'inv', inventory: [blockVector(block.hash, height)] });
    },
    received: (session, message) => {
      if (message.command !== 'getdata') return false;
      for (const { hash } of message.inventory) {
        const block = stock.get(hash);
        if (block) session.raw(frame({ command: 'block', block: malleated(block, tools) }));
      }
      return true;
    },
  };
}

/** Another block with the same hash. */
export function malleated(block: Block, { random, clocksAgree }: Pick<Toolbox, 'random' | 'clocksAgree'>): Block {
  const { header, parentsVersion, parents, transactions } = block;
  const build = (fields: { parents?: ParentEntry[]; parentsVersion?: number; transactions?: Transaction[] }) =>
    new Block({ header, parentsVersion, parents, transactions, ...fields });
  const foreign = { hash: randomHash(random), data: new Uint8Array(32) };
  switch (random.below(8)) {
    case 0:
      return build({ parents: [foreign] });
    case 1:
      return build({ parents: [...parents, foreign] });
    case 2:
      return build({ parents: [...parents, ...parents.slice(0, 1)] });
    case 3:
      return build({ parents: parents.slice(1) });
    case 4:
      return build({ transactions: [...transactions, ...transactions] });
    case 5:
      return build({ transactions: [] });
    case 6:
      return build({ parentsVersion: random.uint32() | 0, parents: parents.map(({ hash }) => ({ ...foreign, hash })) });
    default:
      // Which parent comes first decides where a median time is measured: harmless only while clocks are right.
      return clocksAgree ? build({ parents: random.shuffle(parents) }) : build({ parents: [] });
  }
}

/** Sends blocks that nobody asked for: true ones, new ones and old ones. */
export function unrequested(tools: Toolbox): Strategy {
  const { random } = tools;
  return {
    name: 'unrequested',
    width: 1,
    redial: 2000,
    every: 8000,
    tick: (sessions) => {
      const crafted = blockOnTips(tools);
      if (crafted && sessions.length > 0) random.pick(sessions).send({ command: 'block', block: crafted.block });
    },
    blockSeen: (block, _height, sessions) => {
      if (sessions.length > 0) random.pick(sessions).send({ command: 'block', block });
    },
  };
}

/** Mines valid blocks on parents far below the tips, so that others have to put much of the order right again. */
export function lateBranches(tools: Toolbox): Strategy {
  const { random, world } = tools;
  const stock = new Stock();
  const depth = random.pick([15, 60, 400]);
  return {
    name: 'late-branches',
    width: 1,
    redial: 5000,
    every: 20_000,
    tick: (sessions) => {
      const dag = tools.spy();
      if (!dag || sessions.length === 0) return;
      let height = Math.max(0, dag.snapshot().maxHeight - random.between(1, depth));
      let parent = random.pick(dag.blocksAtHeight(height));
      for (let length = random.between(1, 5); length > 0; length--) {
        height++;
        const time = Math.floor(world.clock.now() / 1000);
        const block = craftBlock({ parents: [parent], height, time }, SIM_PARAMS, random);
        parent = block.hash;
        stock.add(block);
        for (const session of sessions) session.send({ command: 'inv', inventory: [blockVector(block.hash, height)] });
      }
    },
    received: (session, message) => deliver(stock, session, message),
  };
}

/** Mines a chain of its own in secret and publishes it all at once; every block of it is valid. */
export function selfish(tools: Toolbox): Strategy {
  const { random, world } = tools;
  const stock = new Stock(5000);
  const secret: { readonly block: Block; readonly height: number }[] = [];
  const published = new Map<string, { readonly block: Block; readonly height: number }>();
  const mine = () => {
    const last = secret.at(-1);
    const time = Math.floor(world.clock.now() / 1000);
    const plan = last && {
      parents: [last.block.hash],
      height: last.height + 1,
      time: Math.max(time, last.block.header.timestamp + 1),
    };
    const crafted = plan ? { block: craftBlock(plan, SIM_PARAMS, random), height: plan.height } : blockOnTips(tools);
    if (crafted) secret.push(crafted);
  };
  const patience = random.between(5, 40);
  return {
    name: 'selfish',
    width: 1,
    every: 8000,
    redial: 5000,
    version: () => ({ lastBlock: tools.spy()?.snapshot().maxHeight ?? 0 }),
    tick: (sessions) => {
      mine();
      if (secret.length < patience || sessions.length === 0) return;
      for (const each of secret.splice(0)) {
        stock.add(each.block);
        published.set(hashKey(each.block.hash), each);
      }
      const tip = [...published.values()].at(-1)!;
      for (const session of sessions) {
        session.send({ command: 'inv', inventory: [blockVector(tip.block.hash, tip.height)] });
      }
    },
    received: (session, message) => {
      if (message.command === 'getblocks') {
        const above = (message.locatorHeights[0] ?? 0) + 1;
        const listed = [...published.values()].filter(({ height }) => height >= above).slice(0, 500);
        session.send({
          command: 'inv',
          inventory: listed.map(({ block, height }) => blockVector(block.hash, height)),
        });
        return true;
      }
      return deliver(stock, session, message);
    },
  };
}
