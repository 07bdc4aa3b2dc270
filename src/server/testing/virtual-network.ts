import type { Dialer } from '../../connmgr/index.ts';
import { FakeDag, TEST_PARAMS } from '../../netsync/testing/fake-dag.ts';
import { userAgent } from '../../params/index.ts';
import type { Transport } from '../../peer/index.ts';
import { type LinkOptions, type MemoryTransport, transportPair } from '../../peer/testing.ts';
import { silentLogger } from '../../util/log.ts';
import { VirtualWorld } from '../../util/testing/virtual-world.ts';
import { PeerHandler } from '../peer-handler.ts';
import type { PeerHandlerDeps, PeerHandlerOptions } from '../ports.ts';
import { MemoryListener } from './memory-listener.ts';

/** One node of a virtual network. */
export interface VirtualPeer {
  readonly name: string;
  /** Where it listens. */
  readonly address: string;
  readonly dag: FakeDag;
  readonly handler: PeerHandler;
  /** What its part of the program called a failure. */
  readonly failures: unknown[];
}

/** Nodes with real peer handlers over in-memory links, in virtual time; their DAGs are {@link FakeDag}s. */
export class VirtualNetwork {
  readonly world: VirtualWorld;
  /** Links in the order in which they were made: the dialler's end first. */
  readonly links: [MemoryTransport, MemoryTransport][] = [];
  readonly #listeners = new Map<string, MemoryListener>();
  readonly #link: LinkOptions;
  /** Lines that are not like the others, by the address that they lead to. */
  readonly lines = new Map<string, LinkOptions>();
  #nodes = 0;
  #ports = 40_000;

  /** @param epoch true time at the start, Unix milliseconds. */
  constructor(link: LinkOptions = { latency: 20 }, seed = 1, epoch?: number) {
    this.world = new VirtualWorld({ seed, ...(epoch !== undefined && { epoch }) });
    this.#link = link;
  }

  /** A listener on an address of the caller's choice, whose connections the caller accepts. */
  listen(address: string): MemoryListener {
    const listener = new MemoryListener(address);
    this.#listeners.set(address, listener);
    return listener;
  }

  /** A node on an address of its own, started. */
  async node(
    name: string,
    options: Partial<PeerHandlerOptions> = {},
    deps: Partial<PeerHandlerDeps> = {},
    dag = new FakeDag(),
  ): Promise<VirtualPeer> {
    const number = ++this.#nodes;
    const ip = `10.${number}.0.1`;
    const address = `${ip}:18555`;
    const listener = this.listen(address);
    const failures: unknown[] = [];
    const handler = new PeerHandler(
      { params: TEST_PARAMS, services: 0x0dn, userAgent: userAgent(2), ...options },
      {
        dag,
        world: this.world.node(name),
        logger: silentLogger,
        dialer: this.dialer(ip),
        listeners: [listener],
        failed: (error) => failures.push(error),
        ...deps,
      },
    );
    await this.world.waitFor(handler.start(), 1000);
    return { name, address, dag, handler, failures };
  }

  /** Lets a listener be reached under another address as well, from now on. */
  alias(address: string, target: string): void {
    const listener = this.#listeners.get(target);
    if (listener) this.#listeners.set(address, listener);
  }

  /** Dials from an IP to any listener of the network. */
  dialer(ip: string): Dialer<Transport> {
    return {
      dial: (address) => {
        const listener = this.#listeners.get(address);
        if (!listener?.isOpen) return Promise.reject(new Error('connection refused'));
        return Promise.resolve(this.connect(ip, address));
      },
    };
  }

  /** A connection from an IP to a listener: the dialler's end. */
  connect(ip: string, address: string): MemoryTransport {
    const listener = this.#listeners.get(address);
    if (!listener) throw new Error(`nobody listens on ${address}`);
    const link = this.lines.get(address) ?? this.#link;
    const pair = transportPair(this.world, { ...link, first: `${ip}:${this.#ports++}`, second: address });
    this.links.push(pair);
    listener.push(pair[1]);
    return pair[0];
  }

  /** Waits until all nodes have the same tips. */
  agree(nodes: readonly VirtualPeer[], limit: number): Promise<boolean> {
    return this.world.runUntil(() => new Set(nodes.map(({ dag }) => tipsText(dag))).size === 1, limit);
  }
}

/** The tips of a DAG as one comparable text. */
export function tipsText(dag: FakeDag): string {
  return dag.tips
    .map(({ hash }) => Buffer.from(hash).toString('hex'))
    .sort()
    .join(' ');
}
