import type { BlockTracker } from './block-tracker.ts';
import { timeText } from './event-log.ts';
import type { VirtualInternet } from './network/virtual-internet.ts';
import { type SimNode, shortHash } from './sim-node.ts';
import type { Fingerprint } from './sim-program.ts';

/** Takes what must never be. */
export type Report = (problem: string) => void;

/** Longest time that a block may take to reach everybody while attackers are there but nothing is broken. */
const REACH_WITHIN_MS = 30_000;

/** A node knows that it is not behind at least so much of the time. */
const LEAST_CURRENT_SHARE = 0.5;

/** Bounds that no flood may push a node over; see docs/limits.md. */
const BOUNDS = {
  orphans: 700,
  orphanTransactions: 100,
  /** All payments of a run, and no junk. */
  transactions: 5000,
  openBlocks: 50_000,
  openTransactions: 50_000,
  missingParents: 5000,
  /** Blocks that wait to be processed: those that one peer may have collected, times the peers of the smallest table. */
  queuedBlocks: 32 * 125,
  sharedBlocks: 2000,
  /** The limit, and the next block. */
  heldBytes: 16 * 1024 * 1024 + 4_000_000,
  pending: 64 + 64,
  bans: 10_000,
  addresses: 82_000,
  requests: 200,
  /** The limit, and one message on top. */
  queuedBytes: 16 * 1024 * 1024 + 4_000_000,
  /** Read-ahead, one message, and what the operating systems held. */
  bufferedBytes: 256 * 1024 + 4_000_000 + 1024 * 1024,
} as const;

/** All honest nodes must hold the same DAG, order and outputs. */
export function checkAgreement(nodes: readonly SimNode[], report: Report): void {
  const states = nodes.map((node) => ({ node, state: node.fingerprint() }));
  const [first] = states;
  for (const { node, state } of states) {
    if (!state) report(`${node.name} does not run`);
    else if (first?.state) compare(first.node, first.state, node, state, report);
  }
}

function compare(a: SimNode, expected: Fingerprint, b: SimNode, found: Fingerprint, report: Report): void {
  for (const key of ['blocks', 'tips', 'order', 'outputs'] as const) {
    if (expected[key] === found[key]) continue;
    report(`${a.name} and ${b.name} differ in ${key}: ${expected[key]} and ${found[key]}`);
    return;
  }
}

/** No honest node may have banned another one. */
export function checkBans(nodes: readonly SimNode[], report: Report): void {
  const names = new Map(nodes.map(({ host, name }) => [host.ip, name]));
  for (const node of nodes) {
    for (const { host } of node.peers?.operations.bans() ?? []) {
      const name = names.get(host);
      if (name !== undefined) report(`${node.name} has banned ${name}`);
    }
  }
}

/** No queue or table of any node may be larger than it is meant to get. */
export function checkBounds(nodes: readonly SimNode[], report: Report): void {
  for (const { name, peers, dag, poolLoad, setup } of nodes) {
    if (!peers || !dag) continue;
    const { sync, peers: peerCount, ...rest } = peers.operations.load();
    const sizes: Readonly<Record<string, number>> = { ...sync, ...rest, ...poolLoad, orphans: dag.orphanCount };
    for (const [key, bound] of Object.entries(BOUNDS)) {
      const size = sizes[key];
      if (size === undefined) report(`${name} does not tell ${key}`);
      else if (size > bound) report(`${name} has ${size} ${key}, more than ${bound}`);
    }
    if (peerCount > setup.maxPeers) report(`${name} has ${peerCount} peers, more than ${setup.maxPeers}`);
  }
}

/** Every node must run and be connected with every other one, directly or through honest nodes. */
export function checkConnected(nodes: readonly SimNode[], internet: VirtualInternet, report: Report): void {
  const byHost = new Map(nodes.map((node) => [node.host, node]));
  const neighbours = new Map<SimNode, SimNode[]>(nodes.map((node) => [node, []]));
  for (const end of internet.connections((a, b) => byHost.has(a) && byHost.has(b))) {
    const [a, b] = [byHost.get(end.owner.host)!, byHost.get(end.other.owner.host)!];
    neighbours.get(a)!.push(b);
    neighbours.get(b)!.push(a);
  }
  const [start] = nodes;
  const reached = new Set<SimNode>(start ? [start] : []);
  for (const node of reached) for (const next of neighbours.get(node) ?? []) reached.add(next);
  for (const node of nodes) {
    if (!node.running) report(`${node.name} does not run`);
    else if (!reached.has(node)) report(`${node.name} has no connection to ${start?.name}`);
  }
}

/** How often each node is asked whether it is current. */
export class CurrentMonitor {
  readonly #counts = new Map<SimNode, { asked: number; current: number }>();

  /** Asks everybody. */
  sample(nodes: readonly SimNode[]): void {
    for (const node of nodes) {
      const count = this.#counts.get(node) ?? { asked: 0, current: 0 };
      this.#counts.set(node, count);
      count.asked++;
      if (node.peers?.isCurrent()) count.current++;
    }
  }

  /** Every node must be current most of the time: while it is not, it does not mine. */
  check(report: Report): void {
    for (const [{ name }, { asked, current }] of this.#counts) {
      const share = current / asked;
      if (share < LEAST_CURRENT_SHARE) report(`${name} was current only ${Math.round(share * 100)} % of the time`);
    }
  }
}

/** Every block of a period must have reached every node in time, and there must be some. */
export function checkRelay(
  tracker: BlockTracker,
  nodes: readonly SimNode[],
  period: { readonly from: number; readonly until: number; readonly expected: number },
  report: Report,
): void {
  const blocks = tracker.between(period.from, period.until - REACH_WITHIN_MS);
  // Chance may halve what is expected, but hardly more than that.
  if (blocks.length < Math.floor(period.expected / 3) - 1) {
    report(`only ${blocks.length} blocks were mined where about ${Math.round(period.expected)} were to be expected`);
  }
  for (const { hash, miner, minedAt, seen } of blocks) {
    const missing = nodes.filter((node) => (seen.get(node) ?? Number.POSITIVE_INFINITY) - minedAt > REACH_WITHIN_MS);
    if (missing.length === 0) continue;
    const names = missing.map(({ name }) => name).join(' ');
    report(`block ${shortHash(hash)} of ${miner.name}, mined at ${timeText(minedAt)}, did not reach ${names} in time`);
  }
}
