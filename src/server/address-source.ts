import { type AddressManager, addressKey, type Endpoint, groupKey, parseAddressKey } from '../addrmgr/index.ts';
import { type ConnectionRequest, type Dialer, RequestState } from '../connmgr/index.ts';
import type { Transport } from '../peer/index.ts';
import type { Clock } from '../util/ports.ts';
import type { Anchors } from './anchors.ts';
import { chooseOutbound } from './outbound-choice.ts';
import type { PeerTable } from './peer-table.ts';

/** What addresses of outgoing connections come from. */
export interface AddressSourceDeps {
  readonly addresses: AddressManager;
  readonly anchors: Anchors;
  readonly table: PeerTable;
  /** Port of the network. */
  readonly defaultPort: number;
  readonly clock: Clock;
  /** Wishes for outgoing connections: those that are being dialled are not in the table yet. */
  requests(): readonly ConnectionRequest[];
  /** False for addresses that are not wanted at all: banned, or out of reach. */
  isAllowed(address: Endpoint): boolean;
}

/** Proposes addresses for automatic connections and keeps the record of every attempt. */
export class AddressSource {
  readonly #deps: AddressSourceDeps;

  constructor(deps: AddressSourceDeps) {
    this.#deps = deps;
  }

  /** The address of the next automatic connection: one of the last run's first. Undefined if nothing suits now. */
  next(): string | undefined {
    const { addresses, anchors, table, defaultPort, clock, isAllowed } = this.#deps;
    for (let anchor = anchors.take(); anchor !== undefined; anchor = anchors.take()) {
      const endpoint = parseAddressKey(anchor);
      if (!endpoint || isAllowed(endpoint)) return anchor;
    }
    const dialled = this.#dialledGroups();
    const chosen = chooseOutbound({
      select: () => addresses.select(),
      hasGroup: (group) => dialled.has(group) || table.hasOutboundGroup(group),
      isAllowed,
      defaultPort,
      now: Math.floor(clock.now() / 1000),
    });
    return chosen && addressKey(chosen.address);
  }

  /** Groups into which a connection is on its way: all that are begun at once must differ as well. */
  #dialledGroups(): ReadonlySet<string> {
    const groups = new Set<string>();
    for (const { state, address = '' } of this.#deps.requests()) {
      const active = state === RequestState.pending || state === RequestState.established;
      const endpoint = active ? parseAddressKey(address) : undefined;
      if (endpoint) groups.add(groupKey(endpoint.ip));
    }
    return groups;
  }

  /**
   * A dialer whose every attempt counts, not only those that succeed: dead addresses lose rank. A node without any
   * outgoing connection is perhaps offline itself, and does not hold that against all the addresses that it knows.
   */
  recording(dialer: Dialer<Transport>): Dialer<Transport> {
    return {
      dial: (address, signal) => {
        const endpoint = parseAddressKey(address);
        if (endpoint) this.#deps.addresses.attempt({ services: 0n, ...endpoint }, this.#deps.table.hasOutbound);
        return dialer.dial(address, signal);
      },
    };
  }
}
