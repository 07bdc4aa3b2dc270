import type { ConnectedPeer } from './connected-peer.ts';

/** The peers whose handshake was accepted. */
export class PeerTable {
  readonly #peers = new Map<number, ConnectedPeer>();
  readonly #outboundGroups = new Map<string, number>();

  /** Peers of all kinds. */
  get size(): number {
    return this.#peers.size;
  }

  add(peer: ConnectedPeer): void {
    this.#peers.set(peer.id, peer);
    if (!peer.inbound) this.#countGroup(peer.group, 1);
  }

  /** @returns whether the peer was in the table. */
  remove(peer: ConnectedPeer): boolean {
    if (this.#peers.get(peer.id) !== peer) return false;
    this.#peers.delete(peer.id);
    if (!peer.inbound) this.#countGroup(peer.group, -1);
    return true;
  }

  get(id: number): ConnectedPeer | undefined {
    return this.#peers.get(id);
  }

  has(peer: ConnectedPeer): boolean {
    return this.#peers.get(peer.id) === peer;
  }

  /** All peers, in the order in which they were added. */
  all(): Iterable<ConnectedPeer> {
    return this.#peers.values();
  }

  /** Peers that have not begun to disconnect. */
  *connected(): Iterable<ConnectedPeer> {
    for (const peer of this.#peers.values()) if (peer.peer.connected) yield peer;
  }

  /** True if there is an outgoing connection. */
  get hasOutbound(): boolean {
    return this.#outboundGroups.size > 0;
  }

  /** True if an outgoing connection leads into this network group. */
  hasOutboundGroup(group: string): boolean {
    return this.#outboundGroups.has(group);
  }

  #countGroup(group: string, change: number): void {
    const count = (this.#outboundGroups.get(group) ?? 0) + change;
    if (count > 0) this.#outboundGroups.set(group, count);
    else this.#outboundGroups.delete(group);
  }
}
