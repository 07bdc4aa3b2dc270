import type { World } from '../util/ports.ts';
import type { BanList } from './ban-list.ts';
import type { ConnectedPeer } from './connected-peer.ts';
import { type EvictionCandidate, selectForEviction } from './eviction.ts';
import { isThisMachine, siteOf } from './host.ts';
import type { PeerTable } from './peer-table.ts';

/** An incoming connection may take this long for its handshake before it gives way to newer ones, milliseconds. */
const PATIENCE_MS = 3000;

/** What decides about connections. */
export interface AdmissionDeps {
  readonly table: PeerTable;
  /** Connections whose handshake is not finished, oldest first. */
  readonly pending: ReadonlySet<ConnectedPeer>;
  readonly bans: BanList;
  readonly world: World;
  readonly maxPeers: number;
  readonly maxInboundPerHost: number;
  readonly maxPendingInbound: number;
}

/** Decides who may connect: at accept time already, so that nobody costs a handshake who will be refused after it. */
export class Admission {
  readonly #deps: AdmissionDeps;
  /** Secret of this process by which network groups are ranked. */
  readonly #secret: Uint8Array;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
    this.#secret = deps.world.random.bytes(4);
  }

  /**
   * Judges an incoming connection before anything was read from it.
   * @returns the reason to refuse it, or undefined.
   */
  refuseStream(host: string, whitelisted: boolean): string | undefined {
    const { table, pending, bans, maxPeers, maxPendingInbound } = this.#deps;
    if (!whitelisted && bans.isBanned(host)) return 'banned';
    if (table.size >= maxPeers && this.#evictable() === undefined) return 'no slot is free';
    if (!whitelisted && this.#isCrowded(host)) return 'too many connections of this host';
    let waiting = 0;
    for (const peer of pending) if (peer.inbound) waiting++;
    if (waiting < maxPendingInbound) return undefined;
    const oldest = [...pending].find((peer) => peer.inbound);
    const patience = whitelisted ? 0 : PATIENCE_MS;
    if (!oldest || this.#deps.world.clock.monotonic() - oldest.connectedAt < patience) return 'too many handshakes';
    oldest.disconnect('gives way to a newer handshake');
    return undefined;
  }

  /**
   * Judges a peer whose version was accepted. If the table is full an incoming peer that is missed least makes room; for
   * an outgoing one even if all deserve protection, or whoever fills the table with connections decides whom we hear.
   * @returns the reason to refuse it, or undefined.
   */
  refusePeer(peer: ConnectedPeer): string | undefined {
    const { table, bans, maxPeers } = this.#deps;
    if (!peer.origin.whitelisted && bans.isBanned(peer.remoteHost)) return 'banned';
    if (table.size < maxPeers) return undefined;
    const victim = this.#evictable(!peer.inbound);
    if (victim === undefined) return 'no slot is free';
    table.get(victim)?.disconnect('gives way to a newer peer');
    return table.size < maxPeers ? undefined : 'no slot is free';
  }

  /** @param anyone choose one even if all deserve protection. */
  #evictable(anyone = false): number | undefined {
    const candidates: EvictionCandidate[] = [];
    for (const peer of this.#deps.table.all()) {
      if (!peer.inbound || peer.origin.whitelisted) continue;
      const { id, connectedAt, usefulAt, group } = peer;
      candidates.push({ id, connectedAt, usefulAt, group, pingMicros: peer.peer.stats().bestPingMicros });
    }
    const chosen = selectForEviction(candidates, (group) => this.#rank(group));
    return chosen ?? (anyone ? candidates.at(-1)?.id : undefined);
  }

  /** More connections of one host than one host needs. Those of this machine are not limited. */
  #isCrowded(host: string): boolean {
    if (isThisMachine(host)) return false;
    const site = siteOf(host);
    let count = 0;
    for (const peers of [this.#deps.table.all(), this.#deps.pending]) {
      for (const peer of peers) if (peer.inbound && siteOf(peer.remoteHost) === site) count++;
    }
    return count >= this.#deps.maxInboundPerHost;
  }

  /** FNV-1a over secret and group: any order will do that nobody outside can predict. */
  #rank(group: string): number {
    let hash = 0x811c9dc5;
    for (const byte of [...this.#secret, ...Buffer.from(group)]) hash = Math.imul(hash ^ byte, 0x01000193);
    return hash >>> 0;
  }
}
