/** What decides whether an incoming connection gives way to a new one. */
export interface EvictionCandidate {
  readonly id: number;
  /** Steady time of the connection, milliseconds. */
  readonly connectedAt: number;
  /** Best known round trip in microseconds, 0 if unknown. */
  readonly pingMicros: number;
  /** Steady time when it last gave us an accepted block; -Infinity for never. */
  readonly usefulAt: number;
  /** Network group. */
  readonly group: string;
}

/** Peers kept for each kind of merit. An attacker must excel in all of them at once to displace everybody else. */
const KEPT_BY_GROUP = 4;
const KEPT_BY_PING = 8;
const KEPT_BY_BLOCKS = 8;

/**
 * Chooses the incoming connection that is missed least: out of those that are neither near, nor useful, nor old, nor
 * from a rare network, the youngest of the network group with the most connections (as Bitcoin Core does it).
 * @param groupRank a secret order of groups, so that nobody can aim for the protected ones.
 * @returns undefined if all deserve protection, as in small tables.
 */
export function selectForEviction(
  candidates: readonly EvictionCandidate[],
  groupRank: (group: string) => number,
): number | undefined {
  let left = [...candidates];
  left = withoutBest(left, KEPT_BY_GROUP, (peer) => groupRank(peer.group));
  left = withoutBest(left, KEPT_BY_PING, ({ pingMicros }) => pingMicros || Number.MAX_SAFE_INTEGER);
  const useful = left.filter(({ usefulAt }) => usefulAt !== Number.NEGATIVE_INFINITY);
  const kept = new Set(best(useful, KEPT_BY_BLOCKS, ({ usefulAt }) => -usefulAt));
  left = left.filter((peer) => !kept.has(peer));
  left = withoutBest(left, Math.ceil(left.length / 2), ({ connectedAt }) => connectedAt);
  const groups = new Map<string, EvictionCandidate[]>();
  for (const peer of left) groups.set(peer.group, [...(groups.get(peer.group) ?? []), peer]);
  const [largest] = [...groups.values()].sort((a, b) => b.length - a.length || youngest(b) - youngest(a));
  return largest?.sort((a, b) => b.connectedAt - a.connectedAt)[0]?.id;
}

function best<T>(peers: readonly T[], count: number, cost: (peer: T) => number): T[] {
  return [...peers].sort((a, b) => cost(a) - cost(b)).slice(0, count);
}

function withoutBest<T>(peers: readonly T[], count: number, cost: (peer: T) => number): T[] {
  const kept = new Set(best(peers, count, cost));
  return peers.filter((peer) => !kept.has(peer));
}

function youngest(peers: readonly EvictionCandidate[]): number {
  return Math.max(...peers.map(({ connectedAt }) => connectedAt));
}
