import { hashKey, ZERO_HASH } from '../../../src/util/hash.ts';
import { InvType, type InvVector, ipFromString, type NetAddress, Transaction } from '../../../src/wire/index.ts';
import { SIM_PARAMS } from '../sim-params.ts';
import { craftBlock, randomHash } from './craft.ts';
import type { Strategy } from './mob.ts';
import type { Session } from './session.ts';
import { blockVector, Stock, type Toolbox } from './toolbox.ts';

/** Delivers chains of well-formed blocks whose beginning does not exist. */
export function orphanFlood(tools: Toolbox): Strategy {
  const { random, world } = tools;
  const stock = new Stock(2000);
  const chain = (length: number): InvVector[] => {
    const vectors: InvVector[] = [];
    let parent = randomHash(random);
    const height = (tools.spy()?.snapshot().maxHeight ?? 0) + 1;
    for (let i = 0; i < length; i++) {
      const time = Math.floor(world.clock.now() / 1000);
      const block = craftBlock({ parents: [parent], height: height + i, time }, SIM_PARAMS, random);
      stock.add(block);
      parent = block.hash;
      vectors.push(blockVector(parent, height + i));
    }
    return vectors;
  };
  return {
    name: 'orphan-flood',
    width: 1,
    redial: 3000,
    every: 12_000,
    tick: (sessions) => {
      for (const session of sessions) {
        const vectors = chain(random.between(1, 25));
        session.send({ command: 'inv', inventory: random.chance(0.5) ? vectors : vectors.slice(-1) });
      }
    },
    received: (session, message) => {
      if (message.command !== 'getdata') return false;
      for (const { hash } of message.inventory) {
        const block = stock.get(hash);
        if (block) session.send({ command: 'block', block });
      }
      return true;
    },
  };
}

/** Announces masses of blocks that do not exist. */
export function invFlood(tools: Toolbox): Strategy {
  const { random } = tools;
  let once = true;
  const vectors = (count: number, height: number): InvVector[] =>
    Array.from({ length: count }, (_, i) => blockVector(randomHash(random), height + i));
  return {
    name: 'inv-flood',
    width: 2,
    redial: 3000,
    every: 30_000,
    tick: (sessions) => {
      const height = tools.spy()?.snapshot().maxHeight ?? 0;
      for (const session of sessions)
        session.send({ command: 'inv', inventory: vectors(random.pick([1, 20, 200]), height) });
      if (!once || sessions.length === 0 || random.chance(0.7)) return;
      once = false;
      random.pick(sessions).send({ command: 'inv', inventory: vectors(45_000, height) });
    },
    received: (session, message) => {
      if (message.command === 'getblocks') session.send({ command: 'inv', inventory: vectors(500, 1) });
      return message.command === 'getdata' || message.command === 'getblocks';
    },
  };
}

/** Fills the address tables with addresses of nobody and of itself, so that nodes connect to its machines only. */
export function addressFlood(tools: Toolbox): Strategy {
  const { random, world, ips } = tools;
  const address = (ip: Uint8Array): NetAddress => ({
    services: 13n,
    ip,
    port: SIM_PARAMS.p2pPort,
    timestamp: Math.floor(world.clock.now() / 1000) - random.between(-2000, 2000),
  });
  const invented = () => ipFromString(`${random.between(1, 223)}.${random.below(256)}.${random.below(256)}.7`)!;
  const flood = (session: Session) => {
    const own = ips.map((ip) => address(ipFromString(ip)!));
    const addresses = [...own, ...Array.from({ length: random.pick([5, 50, 500]) }, () => address(invented()))];
    session.send(random.chance(0.8) ? { command: 'addr', addresses } : { command: 'addrcache', addresses });
  };
  return {
    name: 'address-flood',
    machines: 5,
    listens: true,
    redial: 15_000,
    every: 60_000,
    version: () => ({ lastBlock: (tools.spy()?.snapshot().maxHeight ?? 0) + 1 }),
    opened: flood,
    tick: (sessions) => sessions.forEach(flood),
    received: (session, { command }) => {
      if (command === 'getaddr') flood(session);
      return command === 'getaddr';
    },
  };
}

/** Asks for everything there is, again and again, and does not read a byte of the answers. */
export function greedy(tools: Toolbox): Strategy {
  const { random } = tools;
  // Who asks for blocks is answered nothing else before he reads them.
  const asksForBlocks = random.chance(0.5);
  const ask = (session: Session) => {
    const located = tools.spy()?.locate([0], ZERO_HASH, 500) ?? [];
    const inventory = located.map(({ hash }) => ({ type: InvType.witnessBlock, hash, height: -1 }));
    for (let i = 0; i < 60; i++) {
      session.send({ command: 'getblocks', protocolVersion: 70_013, locatorHeights: [0], stopHash: ZERO_HASH });
      session.send({ command: 'ping', nonce: BigInt(random.uint32()) });
    }
    if (inventory.length > 0 && asksForBlocks) session.send({ command: 'getdata', inventory });
    session.send({ command: 'getaddrcache' });
    session.send({ command: 'getheaders', protocolVersion: 0, locatorHeights: [0], stopHash: ZERO_HASH });
  };
  return {
    name: 'greedy',
    width: 1,
    redial: 8000,
    every: 5000,
    opened: (session) => {
      session.stopReading();
      ask(session);
    },
    tick: (sessions) => sessions.forEach(ask),
  };
}

/** Sends transactions that can never be mined: without known inputs, unpayable, not final, malformed. */
export function junkTransactions(tools: Toolbox): Strategy {
  const { random } = tools;
  const stock = new Map<string, Transaction>();
  const make = (): Transaction => {
    const foreign = () => ({ hash: randomHash(random), index: random.below(3) });
    const prevouts = Array.from({ length: random.pick([1, 1, 2, 200]) }, foreign);
    const old = tools.spy()?.blocksAtHeight(1)[0];
    const coinbase = old && tools.spy()?.getBlock(old)?.transactions[0];
    // Spends a coin that exists, and more than it is worth: nobody may take it.
    const tooMuch = coinbase !== undefined && random.chance(0.3);
    const inputs = (tooMuch ? [{ hash: coinbase.txid, index: 0 }] : prevouts).map((prevout) => ({
      prevout,
      signatureScript: random.bytes(random.pick([0, 0, 100])),
      sequence: random.pick([0, 0xffffffff]),
      witness: [],
    }));
    return new Transaction({
      version: random.pick([1, 2]),
      inputs,
      outputs: random.chance(0.1) ? [] : [{ value: 10n ** 16n, pkScript: Uint8Array.of(0x51) }],
      lockTime: random.pick([0, 0, 2 ** 31]),
    });
  };
  return {
    name: 'junk-transactions',
    width: 1,
    redial: 3000,
    every: 4000,
    tick: (sessions) => {
      for (const session of sessions) {
        const transactions = Array.from({ length: random.pick([1, 10, 60]) }, make);
        stock.clear();
        for (const tx of transactions) stock.set(hashKey(tx.txid), tx);
        const inventory = transactions.map(({ txid }) => ({ type: InvType.tx, hash: txid, height: -1 }));
        if (random.chance(0.7)) session.send({ command: 'inv', inventory });
        else for (const tx of transactions) session.send({ command: 'tx', tx });
      }
    },
    received: (session, message) => {
      if (message.command !== 'getdata') return false;
      for (const { hash } of message.inventory) {
        const tx = stock.get(hashKey(hash));
        if (tx) session.send({ command: 'tx', tx });
      }
      return true;
    },
  };
}

/** Takes as many places as it can get and does nothing with them. */
export function crowd(): Strategy {
  return { name: 'crowd', machines: 12, width: 2, redial: 20_000 };
}
