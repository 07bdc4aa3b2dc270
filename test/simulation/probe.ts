import { Dag } from '../../src/dag/index.ts';
import { sha256dPow } from '../../src/pow/index.ts';
import { MemoryStore } from '../../src/store/index.ts';
import { type Hash, hashKey, hashToHex, isZeroHash, ZERO_HASH } from '../../src/util/hash.ts';
import type { VirtualWorld } from '../../src/util/testing/virtual-world.ts';
import { type Block, InvType, type InvVector, type Message, UNKNOWN_HEIGHT } from '../../src/wire/index.ts';
import { Session } from './hostile/session.ts';
import type { Report } from './invariants.ts';
import type { Host } from './network/host.ts';
import type { VirtualInternet } from './network/virtual-internet.ts';
import type { SimNode } from './sim-node.ts';
import { SIM_PARAMS } from './sim-params.ts';

/** Longest time that a whole download may take, milliseconds. */
const TIME_LIMIT = 600_000;
/** Entries of a list that has no room for more. */
const FULL_LIST = 500;

/** What a probe works with. */
export interface ProbeDeps {
  readonly world: VirtualWorld;
  readonly internet: VirtualInternet;
  /** The machine on which it runs. */
  readonly host: Host;
}

/**
 * Downloads the whole DAG of a node as simple-mindedly as soterd 2.1.1 does: it asks for inventory, fetches what is
 * listed, and asks for more only when the node invites it to. Everything goes into a fresh DAG, in another order than
 * that in which the node got it, and must give the same state there.
 */
export class Probe {
  readonly #deps: ProbeDeps;
  readonly #node: SimNode;
  readonly #dag: Dag;
  /** Blocks that were asked for and have not come. */
  readonly #wanted = new Set<string>();
  #session: Session | undefined;
  /** Entries of the latest list. */
  #listed = 0;
  /** What the answer to the latest question must be. */
  #expected = '';
  /** The node has said that there is more. */
  #invited = false;
  /** Nothing lies above our greatest height; asked whether everything at that height was listed. */
  #atTop = false;
  #done = false;
  #problem: string | undefined;

  constructor(node: SimNode, deps: ProbeDeps) {
    this.#node = node;
    this.#deps = deps;
    this.#dag = new Dag({ params: SIM_PARAMS }, { store: new MemoryStore(), clock: deps.world.clock, pow: sha256dPow });
    this.#dag.open();
  }

  /** Downloads and compares. */
  async run(report: Report): Promise<void> {
    const { world, internet, host } = this.#deps;
    const attachment = internet.attach(host);
    const fail = (problem: string) => report(`a simple client of ${this.#node.name}: ${problem}`);
    try {
      const dialled = attachment.dialer.dial(this.#node.address, new AbortController().signal);
      this.#session = new Session(
        await world.waitFor(dialled, 30_000),
        false,
        { version: { timestamp: BigInt(Math.floor(world.now / 1000)), nonce: 7n }, silent: false },
        {
          opened: () => this.#ask(),
          received: (message) => this.#received(message),
          closed: () => this.#fail('the connection was closed'),
        },
      );
      const finished = await world.runUntil(() => this.#done || this.#problem !== undefined, TIME_LIMIT);
      if (this.#problem !== undefined) fail(this.#problem);
      else if (!finished) fail(`got ${this.#dag.snapshot().blockCount} blocks and was left waiting`);
      else this.#compare(fail);
    } finally {
      attachment.leave('process');
    }
  }

  #fail(problem: string): void {
    if (!this.#done) this.#problem ??= problem;
  }

  #ask(): void {
    this.#invited = false;
    const { maxHeight } = this.#dag.snapshot();
    // A list may end in the middle of a height. That matters only for the last one, whose blocks have no children.
    const above = this.#atTop ? maxHeight - 1 : maxHeight;
    this.#expected = expectedList(this.#node, above);
    const locatorHeights = [above];
    this.#session?.send({ command: 'getblocks', protocolVersion: 70_013, locatorHeights, stopHash: ZERO_HASH });
  }

  #received(message: Message): boolean {
    switch (message.command) {
      case 'inv':
        this.#inventory(message.inventory);
        return true;
      case 'block':
        this.#block(message.block);
        return true;
      case 'notfound':
      case 'reject':
        this.#fail(`was answered ${message.command}`);
        return true;
      default:
        return false;
    }
  }

  #inventory(inventory: readonly InvVector[]): void {
    const [first] = inventory;
    if (first && isZeroHash(first.hash)) {
      this.#invited = true;
      this.#goOn();
      return;
    }
    this.#listed = inventory.length;
    const listed = inventory.map(({ hash, height }) => `${height} ${hashToHex(hash)}`).join('\n');
    if (listed !== this.#expected) this.#fail(`a list of ${inventory.length} blocks is not the right one`);
    this.#fetch(inventory.map(({ hash }) => hash));
    if (this.#wanted.size > 0) return;
    if (this.#atTop) this.#done = true;
    this.#atTop = true;
    this.#ask();
  }

  /** Asks on when invited to, or when the list was too short to have been cut. */
  #goOn(): void {
    if (this.#wanted.size === 0 && (this.#invited || this.#listed < FULL_LIST)) this.#ask();
  }

  #fetch(hashes: readonly Hash[]): void {
    const missing = hashes.filter((hash) => !this.#dag.haveBlock(hash) && !this.#wanted.has(hashKey(hash)));
    if (missing.length === 0) return;
    for (const hash of missing) this.#wanted.add(hashKey(hash));
    const inventory = missing.map((hash) => ({ type: InvType.witnessBlock, hash, height: UNKNOWN_HEIGHT }));
    this.#session?.send({ command: 'getdata', inventory });
  }

  #block(block: Block): void {
    if (!this.#wanted.delete(hashKey(block.hash))) {
      this.#fail(`got block ${hashToHex(block.hash)} unasked`);
      return;
    }
    const result = this.#dag.processBlock(block);
    if (result.status === 'orphan') this.#fetch(result.missing);
    this.#goOn();
  }

  #compare(fail: Report): void {
    const theirs = this.#node.fingerprint();
    const { blockCount } = this.#dag.snapshot();
    if (!theirs) fail('the node does not run');
    else if (theirs.blocks !== String(blockCount)) fail(`got ${blockCount} of ${theirs.blocks} blocks`);
    else {
      const order = hashToHex(this.#dag.orderHash()).slice(0, 16);
      const outputs = hashToHex(this.#dag.outputSetHash()).slice(0, 16);
      if (order !== theirs.order) fail(`computes order ${order} where the node has ${theirs.order}`);
      if (outputs !== theirs.outputs) fail(`computes outputs ${outputs} where the node has ${theirs.outputs}`);
    }
  }
}

/** The blocks above a height, one line each, as they must be listed. */
function expectedList({ dag }: SimNode, above: number): string {
  const lines: string[] = [];
  const { maxHeight } = dag?.snapshot() ?? { maxHeight: 0 };
  for (let height = above + 1; height <= maxHeight && lines.length < FULL_LIST; height++) {
    for (const hash of dag?.blocksAtHeight(height) ?? []) lines.push(`${height} ${hashToHex(hash)}`);
  }
  return lines.slice(0, FULL_LIST).join('\n');
}
