import { describe, expect, test } from 'vitest';
import type { Dag } from '../dag/index.ts';
import { Dag as RealDag } from '../dag/index.ts';
import { makeBlock, noWork, testParams } from '../dag/testing/fixture.ts';
import { ScriptedRemote } from '../peer/testing-remote.ts';
import { MemoryStore } from '../store/index.ts';
import { hashToHex } from '../util/hash.ts';
import { Block, InvType } from '../wire/index.ts';
import type { PeerHandlerOptions } from './ports.ts';
import { VirtualNetwork, type VirtualPeer } from './testing/virtual-network.ts';

/** A node of a virtual network with the real consensus core, its store in memory. */
class RealNode {
  readonly dag: Dag;
  peer!: VirtualPeer;
  /** Transactions of the store. */
  commits = 0;
  readonly #network: VirtualNetwork;
  #salt: number;

  constructor(network: VirtualNetwork, salt: number) {
    this.#network = network;
    this.#salt = salt;
    const store = new MemoryStore();
    const transaction = store.transaction.bind(store);
    store.transaction = (work) => {
      this.commits++;
      return transaction(work);
    };
    this.dag = new RealDag({ params: testParams }, { store, clock: network.world.clock, pow: noWork });
    this.dag.open();
  }

  async start(name: string, options: Partial<PeerHandlerOptions> = {}): Promise<this> {
    this.peer = await this.#network.node(name, { params: testParams, ...options }, { dag: this.dag });
    return this;
  }

  /** A block on all tips, a second later than the last one and never older than an hour. */
  next(): Block {
    const { parents, height, medianTime } = this.dag.nextTemplateContext();
    const time = Math.max(medianTime + 1, Math.floor(this.#network.world.now / 1000) - 3600);
    return makeBlock({ parents, height, salt: this.#salt++, time });
  }

  mine(count = 1): void {
    for (let i = 0; i < count; i++) this.dag.processBlock(this.next());
  }

  /** Parallel blocks on the same tips. */
  mineWide(width: number): void {
    const blocks = Array.from({ length: width }, () => this.next());
    for (const block of blocks) this.dag.processBlock(block);
  }

  /** Tips, order and outputs as one text. */
  get state(): string {
    const { hash, blockCount } = this.dag.snapshot();
    return [hash, this.dag.orderHash(), this.dag.outputSetHash()].map(hashToHex).concat(String(blockCount)).join(' ');
  }
}

function agree(network: VirtualNetwork, nodes: readonly RealNode[], limit: number): Promise<boolean> {
  return network.world.runUntil(
    () => new Set(nodes.map(({ dag }) => hashToHex(dag.snapshot().hash))).size === 1,
    limit,
  );
}

describe('with the real consensus core', () => {
  test('1200 blocks of four columns: same tips, order and outputs, few commits', async () => {
    const network = new VirtualNetwork();
    const a = await new RealNode(network, 0).start('a');
    for (let i = 0; i < 300; i++) a.mineWide(4);
    const b = await new RealNode(network, 1e6).start('b', { addPeers: [a.peer.address] });
    expect(await agree(network, [a, b], 60_000)).toBe(true);
    expect(b.state).toBe(a.state);
    expect(b.commits).toBeLessThan(200);
    expect(b.peer.handler.isCurrent()).toBe(true);
    expect([...a.peer.failures, ...b.peer.failures]).toEqual([]);
  });

  test('forks of equal height merge after connecting', async () => {
    const network = new VirtualNetwork();
    const a = await new RealNode(network, 0).start('a');
    const b = await new RealNode(network, 1e6).start('b');
    a.mine(40);
    b.mine(40);
    expect(a.state).not.toBe(b.state);
    await b.peer.handler.operations.connect(a.peer.address, true);
    expect(await agree(network, [a, b], 60_000)).toBe(true);
    expect(a.dag.snapshot().tips).toHaveLength(2);
    a.mine();
    expect(await agree(network, [a, b], 5000)).toBe(true);
    expect(a.state).toBe(b.state);
  });

  test('forks deeper than the orphans that a DAG keeps merge as well', async () => {
    const network = new VirtualNetwork();
    const a = await new RealNode(network, 0).start('a');
    const b = await new RealNode(network, 1e6).start('b');
    a.mine(760);
    b.mine(740);
    await b.peer.handler.operations.connect(a.peer.address, true);
    expect(await agree(network, [a, b], 120_000)).toBe(true);
    expect(a.dag.snapshot().blockCount).toBe(1501);
    expect([...a.peer.failures, ...b.peer.failures]).toEqual([]);
  });

  test('malleated copies and invalid blocks neither shut the true block out nor stop anybody', async () => {
    const network = new VirtualNetwork();
    const victim = await new RealNode(network, 0).start('victim', { banThreshold: 100 });
    const honest = await new RealNode(network, 1e6).start('honest', { addPeers: [victim.peer.address] });
    await network.world.advance(500);
    const block = honest.next();
    const { header, parentsVersion, transactions } = block;
    const data = new Uint8Array(32);
    const forgeries = [
      new Block({ header, parentsVersion, parents: [], transactions }),
      new Block({ header, parentsVersion, parents: [{ hash: Buffer.alloc(32, 5), data }], transactions }),
      new Block({ header, parentsVersion, parents: block.parents, transactions: [...transactions, ...transactions] }),
    ];
    for (const [i, forgery] of forgeries.entries()) {
      const forger = new ScriptedRemote(network.connect(`198.51.100.${i + 1}`, victim.peer.address), testParams);
      forger.introduce();
      await network.world.advance(100);
      forger.send({ command: 'inv', inventory: [{ type: InvType.block, hash: block.hash, height: 1 }] });
      await network.world.advance(100);
      expect(forger.all('getdata')).toHaveLength(1);
      forger.send({ command: 'block', block: forgery });
      await network.world.advance(100);
      expect(forger.all('reject')[0]).toMatchObject({ rejectedCommand: 'block', code: 0x10 });
      expect(victim.dag.haveBlock(block.hash)).toBe(false);
    }
    await honest.peer.handler.submitBlock(block);
    expect(await agree(network, [victim, honest], 5000)).toBe(true);
    expect(victim.dag.blockStatus(block.hash)).toBe('connected');
    expect(victim.peer.failures).toEqual([]);
  });

  test('a forger that goes on is banned', async () => {
    const network = new VirtualNetwork();
    const victim = await new RealNode(network, 0).start('victim');
    const forger = new ScriptedRemote(network.connect('198.51.100.1', victim.peer.address), testParams);
    forger.introduce();
    await network.world.advance(100);
    for (let i = 0; i < 3; i++) {
      const { header, parentsVersion, parents, transactions } = victim.next();
      const block = new Block({ header, parentsVersion, parents, transactions: [...transactions, ...transactions] });
      forger.send({ command: 'inv', inventory: [{ type: InvType.block, hash: block.hash, height: 1 }] });
      await network.world.advance(100);
      forger.send({ command: 'block', block });
      await network.world.advance(100);
    }
    expect(forger.closed).toBe(true);
    expect(victim.peer.handler.operations.bans().map(({ host }) => host)).toEqual(['198.51.100.1']);
  });

  test('a failure of the store reaches the node, and no peer is blamed', async () => {
    const network = new VirtualNetwork();
    const a = await new RealNode(network, 0).start('a');
    a.mine(3);
    const b = await new RealNode(network, 1e6).start('b');
    b.dag.processBlock = () => {
      throw Object.assign(new Error('disk full'), { name: 'StoreError' });
    };
    await b.peer.handler.operations.connect(a.peer.address, false);
    await network.world.advance(2000);
    expect(b.peer.failures.length).toBeGreaterThan(0);
    expect(b.peer.handler.operations.bans()).toEqual([]);
  });
});
