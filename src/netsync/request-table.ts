import { type Hash, hashKey } from '../util/hash.ts';

/** An item that was requested and has neither come nor been refused. */
export interface OpenRequest {
  readonly key: string;
  readonly hash: Hash;
  /** Height as announced, -1 if unknown. */
  readonly height: number;
  /** The peer that was asked last. */
  readonly peer: number;
  /** Steady time of the last asking, milliseconds. */
  readonly askedAt: number;
  /** Other peers that announced the item meanwhile and can be asked if this one fails. */
  readonly sources: number[];
  /** Milliseconds after which another peer that announces the item is asked instead. */
  readonly patience: number;
  /** The peer announced the item. */
  readonly promised: boolean;
}

/** How an item is asked for. */
export interface AskOptions {
  /** The request that was closed because its peer failed, if this one continues it. */
  readonly closed?: OpenRequest;
  /** See {@link OpenRequest.patience}. Default, and at most: the expiry. */
  readonly patience?: number;
  /** The peer announced the item. Default false: it is only supposed to have it. */
  readonly promised?: boolean;
  /** Also if it is open with somebody else who still has time. */
  readonly overtake?: boolean;
}

/** Bounds of a request table. */
export interface RequestTableOptions {
  /** Open requests over all peers; beyond it each peer may still have a few. */
  readonly limit: number;
  /** Items that one peer can owe us. */
  readonly limitPerPeer: number;
  /** Milliseconds without a delivery of the asked peer until an item may be asked of somebody else. */
  readonly expiry: number;
}

/** Items that may be open with one peer even if the table is full: so many peers that never answer keep nobody out. */
const RESERVED = 64;
/** Alternative sources remembered for one item. */
const MAX_SOURCES = 4;
/** A peer that delivers other things may keep an item back for so many times the expiry. */
const HARD_EXPIRY_FACTOR = 8;

interface PeerRequests {
  /** Everything asked of the peer and neither delivered nor refused, and how often: it will come as often. */
  readonly asked: Map<string, number>;
  /** What of it is open with this peer, and since when; insertion order is order of asking. */
  readonly waiting: Map<string, number>;
  lastDelivery: number;
}

/**
 * Who was asked for what. Each item is open with one peer at a time; it can be given to another one when the first
 * refuses, leaves, or lets the expiry pass without delivering anything. A late delivery of the first is still
 * recognised as requested. Every operation costs the same however many requests are open, and the table is bounded.
 */
export class RequestTable {
  readonly #options: RequestTableOptions;
  readonly #open = new Map<string, OpenRequest>();
  readonly #peers = new Map<number, PeerRequests>();

  constructor(options: RequestTableOptions) {
    this.#options = options;
  }

  /** Open requests over all peers. */
  get size(): number {
    return this.#open.size;
  }

  /** Items this peer owes us, expired ones included. */
  owedBy(peer: number): number {
    return this.#peers.get(peer)?.asked.size ?? 0;
  }

  /** When the peer last delivered something, or was first asked; steady milliseconds. */
  lastDelivery(peer: number): number {
    return this.#peers.get(peer)?.lastDelivery ?? Number.NEGATIVE_INFINITY;
  }

  /** True if the item is open with some peer and may not yet be asked of another. */
  isOpen(key: string, now: number): boolean {
    const request = this.#open.get(key);
    return request !== undefined && now < this.#deadline(request);
  }

  /** True if the item was asked of this peer and has not come from it yet. */
  wasAsked(peer: number, key: string): boolean {
    return this.#peers.get(peer)?.asked.has(key) ?? false;
  }

  /** What is open with this peer, in the order of asking. */
  openWith(peer: number): OpenRequest[] {
    const keys = this.#peers.get(peer)?.waiting.keys() ?? [];
    return Array.from(keys).flatMap((key) => this.#open.get(key) ?? []);
  }

  /** True if the item is open with this peer, expired or not. */
  isWaiting(peer: number, key: string): boolean {
    return this.#open.get(key)?.peer === peer;
  }

  /**
   * Opens a request, or moves an expired one to another peer.
   * @returns false if it is open elsewhere or a bound is reached; the item is then not to be asked.
   */
  ask(
    peer: number,
    hash: Hash,
    height: number,
    now: number,
    { closed, patience, promised = false, overtake = false }: AskOptions = {},
  ): boolean {
    const key = hashKey(hash);
    const open = this.#open.get(key);
    if (open && !overtake && now < this.#deadline(open)) return false;
    const previous = open ?? closed;
    const requests = this.#requestsOf(peer, now);
    if (!open && this.#open.size >= this.#options.limit && requests.waiting.size >= RESERVED) return false;
    if (!requests.asked.has(key) && requests.asked.size >= this.#options.limitPerPeer) return false;
    this.#close(key);
    this.#open.set(key, {
      key,
      hash: previous?.hash ?? Uint8Array.from(hash),
      height,
      peer,
      askedAt: now,
      sources: previous?.sources.filter((source) => source !== peer) ?? [],
      patience: Math.min(patience ?? this.#options.expiry, this.#options.expiry),
      promised,
    });
    requests.asked.set(key, (requests.asked.get(key) ?? 0) + 1);
    requests.waiting.set(key, now);
    return true;
  }

  /** Remembers a peer that could be asked instead, if the item is open with another one. */
  addSource(key: string, peer: number): void {
    const request = this.#open.get(key);
    if (!request || request.peer === peer || request.sources.includes(peer)) return;
    if (request.sources.length < MAX_SOURCES) request.sources.push(peer);
  }

  /**
   * The item came from this peer: the request is closed whoever was asked last.
   * @returns the request, or undefined if the item was not asked of this peer.
   */
  delivered(peer: number, key: string, now: number): { readonly request: OpenRequest | undefined } | undefined {
    const requests = this.#peers.get(peer);
    if (!requests?.asked.has(key)) return undefined;
    answered(requests, key);
    requests.lastDelivery = now;
    return { request: this.#close(key) };
  }

  /**
   * The peer does not have the item.
   * @returns the request if nobody else is being asked for it now.
   */
  refused(peer: number, key: string): OpenRequest | undefined {
    const requests = this.#peers.get(peer);
    if (requests) answered(requests, key);
    return this.#open.get(key)?.peer === peer ? this.#close(key) : undefined;
  }

  /** The peer left. @returns the requests that were open with it; they are closed. */
  release(peer: number): OpenRequest[] {
    const requests = this.#peers.get(peer);
    this.#peers.delete(peer);
    const released: OpenRequest[] = [];
    for (const key of requests?.waiting.keys() ?? []) {
      const request = this.#close(key);
      if (request) released.push(request);
    }
    return released;
  }

  /**
   * Requests whose peer let the expiry pass, oldest of each peer first. They stay open, and are returned every time,
   * until somebody else is asked or they are dropped.
   */
  expired(now: number): OpenRequest[] {
    const out: OpenRequest[] = [];
    for (const { waiting, lastDelivery } of this.#peers.values()) {
      const soft = now - lastDelivery >= this.#options.expiry;
      for (const [key, askedAt] of waiting) {
        const age = now - askedAt;
        if (age < this.#options.expiry || (!soft && age < this.#options.expiry * HARD_EXPIRY_FACTOR)) break;
        const request = this.#open.get(key);
        if (request) out.push(request);
      }
    }
    return out;
  }

  /** Closes a request that nobody else can answer. A late delivery is still recognised. */
  drop(key: string): void {
    this.#close(key);
  }

  #close(key: string): OpenRequest | undefined {
    const request = this.#open.get(key);
    if (!request) return undefined;
    this.#open.delete(key);
    this.#peers.get(request.peer)?.waiting.delete(key);
    return request;
  }

  #deadline({ peer, askedAt, patience }: OpenRequest): number {
    const { expiry } = this.#options;
    const soft = Math.max(askedAt, this.lastDelivery(peer)) + patience;
    return Math.min(soft, askedAt + expiry * HARD_EXPIRY_FACTOR);
  }

  #requestsOf(peer: number, now: number): PeerRequests {
    let requests = this.#peers.get(peer);
    if (!requests) {
      requests = { asked: new Map(), waiting: new Map(), lastDelivery: now };
      this.#peers.set(peer, requests);
    }
    return requests;
  }
}

function answered({ asked }: PeerRequests, key: string): void {
  const times = asked.get(key) ?? 0;
  if (times > 1) asked.set(key, times - 1);
  else asked.delete(key);
}
