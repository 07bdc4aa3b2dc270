import { equalBytes } from '../util/bytes.ts';
import { type Hash, isZeroHash } from '../util/hash.ts';
import type { Random } from '../util/ports.ts';
import type { MessageOf, NetAddress } from '../wire/index.ts';
import { MAX_ADDRESSES } from './limits.ts';

/** The three lists of a generation 4 address exchange. */
export interface AddressLists {
  /** Peers that connected to us. */
  readonly inbound: readonly NetAddress[];
  /** Peers that we connected to. */
  readonly outbound: readonly NetAddress[];
  /** Everything else. */
  readonly known: readonly NetAddress[];
}

/** At most `count` of the items, chosen at random if there are more (partial Fisher-Yates). */
export function sample<T>(items: readonly T[], count: number, random: Random): readonly T[] {
  if (items.length <= count) return items;
  const pool = [...items];
  for (let i = 0; i < count; i++) {
    const j = i + random.below(pool.length - i);
    [pool[i], pool[j]] = [pool[j]!, pool[i]!];
  }
  return pool.slice(0, count);
}

/** Generation 2: everything in messages of at most 1000; none if there is nothing. */
export function addressCacheMessages(addresses: readonly NetAddress[]): MessageOf<'addrcache'>[] {
  const messages: MessageOf<'addrcache'>[] = [];
  for (let i = 0; i < addresses.length; i += MAX_ADDRESSES) {
    messages.push({ command: 'addrcache', addresses: addresses.slice(i, i + MAX_ADDRESSES) });
  }
  return messages;
}

/** Generation 4: filled in the order outbound, inbound, known; a new message begins when the three hold 1000. */
export function addressListMessages(lists: AddressLists): MessageOf<'addrcache'>[] {
  const messages: MessageOf<'addrcache'>[] = [];
  const total = lists.outbound.length + lists.inbound.length + lists.known.length;
  for (let start = 0; start < total; start += MAX_ADDRESSES) {
    let skip = start;
    let room = MAX_ADDRESSES;
    const take = (list: readonly NetAddress[]) => {
      const part = list.slice(skip, skip + room);
      skip = Math.max(0, skip - list.length);
      room -= part.length;
      return part;
    };
    const outbound = take(lists.outbound);
    const inbound = take(lists.inbound);
    messages.push({ command: 'addrcache', inbound, outbound, known: take(lists.known) });
  }
  return messages;
}

/** Remembers the last request with a locator to suppress its repetition. */
export class LocatorMemory {
  #height: number | undefined;
  #stopHash: Hash | undefined;

  /**
   * Notes a request. @returns false if it repeats the one before, both with a height and with a stop hash that is not
   * zero. Open-ended requests are never repetitions: their answer changes as the remote's DAG grows.
   */
  isNew(height: number | undefined, stopHash: Hash): boolean {
    const repeated =
      height !== undefined &&
      height === this.#height &&
      this.#stopHash !== undefined &&
      equalBytes(stopHash, this.#stopHash) &&
      !isZeroHash(stopHash);
    this.#height = height;
    this.#stopHash = stopHash;
    return !repeated;
  }
}
