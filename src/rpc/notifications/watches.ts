import { encodeAddress } from '../../script/index.ts';
import { type OutPoint, outpointKey } from '../../wire/index.ts';
import { notification } from './message.ts';
import type { SeenTransaction } from './seen-transaction.ts';
import { MAX_WATCHED, type Subscriber } from './subscriber.ts';

/** What one client watches. */
interface Watched {
  readonly addresses: Set<string>;
  readonly outpoints: Set<string>;
}

/** The transaction of the memory pool that spends an output, unless it is just being told of as part of a block. */
export type PoolSpender = (outpoint: OutPoint) => SeenTransaction | undefined;

/**
 * The older way of watching (`notifyreceived`, `notifyspent`), for all clients together. An output to a watched address is told
 * with `recvtx` and watched from then on; a spend of a watched output is told with `redeemingtx`, and the watch ends when the
 * spend is in a block. At most one of each for a transaction, client and occasion.
 */
export class Watches {
  readonly #byAddress = new Map<string, Set<Subscriber>>();
  readonly #byOutpoint = new Map<string, Set<Subscriber>>();
  readonly #watched = new Map<Subscriber, Watched>();
  readonly #poolSpender: PoolSpender;

  constructor(poolSpender: PoolSpender) {
    this.#poolSpender = poolSpender;
  }

  /** False if nobody watches anything. */
  get isActive(): boolean {
    return this.#byAddress.size > 0 || this.#byOutpoint.size > 0;
  }

  /** Addresses and outputs that a client watches. */
  sizeOf(client: Subscriber): number {
    const watched = this.#watched.get(client);
    return watched ? watched.addresses.size + watched.outpoints.size : 0;
  }

  /** @param addresses as texts, which are compared with those of outputs as they are. */
  addAddresses(client: Subscriber, addresses: readonly string[]): void {
    for (const address of addresses) {
      this.#of(client).addresses.add(address);
      join(this.#byAddress, address, client);
    }
  }

  removeAddresses(client: Subscriber, addresses: readonly string[]): void {
    for (const address of addresses) {
      this.#watched.get(client)?.addresses.delete(address);
      leave(this.#byAddress, address, client);
    }
  }

  /** Watches outputs. A spend that is in the pool already is told at once to all who watch the output. */
  addOutpoints(client: Subscriber, outpoints: readonly OutPoint[]): void {
    for (const { hash, index } of outpoints) this.#watchOutpoint(client, outpointKey(hash, index));
    const spenders = new Map<object, SeenTransaction>();
    for (const outpoint of outpoints) {
      const spender = this.#poolSpender(outpoint);
      if (spender) spenders.set(spender.transaction, spender);
    }
    for (const spender of spenders.values()) this.#tellSpends(spender);
  }

  removeOutpoints(client: Subscriber, outpoints: readonly OutPoint[]): void {
    for (const { hash, index } of outpoints) this.#unwatchOutpoint(client, outpointKey(hash, index));
  }

  /** Forgets everything of a client. */
  remove(client: Subscriber): void {
    const watched = this.#watched.get(client);
    if (!watched) return;
    for (const address of watched.addresses) leave(this.#byAddress, address, client);
    for (const key of watched.outpoints) leave(this.#byOutpoint, key, client);
    this.#watched.delete(client);
  }

  /** Tells whom it concerns of a transaction that entered the pool or came in a block. */
  see(seen: SeenTransaction): void {
    if (this.#byOutpoint.size > 0) this.#tellSpends(seen);
    if (this.#byAddress.size > 0) this.#tellPayments(seen);
  }

  #tellSpends(seen: SeenTransaction): void {
    const told = new Set<Subscriber>();
    for (const { prevout } of seen.transaction.inputs) {
      const key = outpointKey(prevout.hash, prevout.index);
      for (const client of [...(this.#byOutpoint.get(key) ?? [])]) {
        if (seen.isInBlock) this.#unwatchOutpoint(client, key);
        if (told.has(client)) continue;
        told.add(client);
        client.notify(notification('redeemingtx', ...seen.placeTexts));
      }
    }
  }

  #tellPayments(seen: SeenTransaction): void {
    const told = new Set<Subscriber>();
    const { txid } = seen.transaction;
    for (const [index, addresses] of seen.addresses.entries()) {
      for (const address of addresses) {
        for (const client of [...(this.#byAddress.get(encodeAddress(address)) ?? [])]) {
          if (!told.has(client)) client.notify(notification('recvtx', ...seen.placeTexts));
          told.add(client);
          if (this.sizeOf(client) >= MAX_WATCHED) client.refuse('it watches too many outputs');
          else this.addOutpoints(client, [{ hash: txid, index }]);
        }
      }
    }
  }

  #watchOutpoint(client: Subscriber, key: string): void {
    this.#of(client).outpoints.add(key);
    join(this.#byOutpoint, key, client);
  }

  #unwatchOutpoint(client: Subscriber, key: string): void {
    this.#watched.get(client)?.outpoints.delete(key);
    leave(this.#byOutpoint, key, client);
  }

  #of(client: Subscriber): Watched {
    let watched = this.#watched.get(client);
    if (!watched) {
      watched = { addresses: new Set(), outpoints: new Set() };
      this.#watched.set(client, watched);
    }
    return watched;
  }
}

function join(watchers: Map<string, Set<Subscriber>>, key: string, client: Subscriber): void {
  const clients = watchers.get(key);
  if (clients) clients.add(client);
  else watchers.set(key, new Set([client]));
}

function leave(watchers: Map<string, Set<Subscriber>>, key: string, client: Subscriber): void {
  const clients = watchers.get(key);
  if (clients?.delete(client) && clients.size === 0) watchers.delete(key);
}
