import type { Generation } from '../wire/index.ts';

/** Most entries of one inv that answers a getblocks; an answer of this size says "there may be more". */
export const MAX_GETBLOCKS_ANSWER = 500;

/**
 * Entries of one inv that are looked at. Honest ones have at most 1000; an inv can hold 45,000, and the rest of it would
 * not fit into the requests that may be open with one peer anyway.
 */
export const MAX_ENTRIES_CONSIDERED = 5000;

/** Entries of one inv that are remembered as known to the sender, the last ones: its memory holds no more. */
export const MAX_ENTRIES_KNOWN = 1000;

/** Rejected transactions that are remembered so as not to fetch and judge them again. */
export const MAX_REJECTED_TRANSACTIONS = 1000;

/**
 * After a transaction that was refused and took so long, milliseconds, its peer is not read for a multiple of that time: nobody
 * pays for what is refused.
 */
export const COSTLY_REFUSAL_MS = 20;
export const REFUSAL_REST_FACTOR = 4;
export const MAX_REFUSAL_REST_MS = 5000;

/** Requests for blocks (and, counted apart, for transactions) that may be open with all peers together. */
export const MAX_OPEN_REQUESTS = 50_000;

/** Blocks that may be open with one peer. A getblocks answer has 500, so an honest peer never comes near it. */
export const MAX_OPEN_BLOCKS_PER_PEER = 2000;

/** Transactions that may be open with one peer. */
export const MAX_OPEN_TRANSACTIONS_PER_PEER = 5000;

/**
 * A peer that announces one block further above our greatest height than this is worth a getblocks: fetching that
 * block and its parents one by one would take a round trip a generation.
 */
export const NEAR_HEIGHTS = 16;

/** After so many orphans in a row from one peer the fork is taken to lie deeper, and the peer is asked for a list. */
export const ORPHANS_BEFORE_WALK = 4;

/** An orphan of a peer that has so many heights above ours is worth a list of what lies between. */
export const GAP_HEIGHTS = 3;

/** Generations that a first look below our own height goes back; doubled at each further look. */
export const WALK_BACK = 100;

/** Missing parents that are remembered over all orphans, and those of one orphan. */
export const MAX_MISSING_PARENTS = 5000;
export const MAX_MISSING_PER_ORPHAN = 500;

/** A sync peer without an accepted block for so long is replaced, and disconnected if it claims to have more. */
export const STALL_AFTER_MS = 3 * 60_000;

/** How often stalls and unproved claims are looked at. */
export const STALL_SAMPLE_MS = 30_000;

/** How often requests are checked for expiry and a quiet synchronisation is moved on. */
export const TICK_MS = 1000;

/** A sync peer that owes blocks and delivers none for so long is replaced if another peer claims to have them. */
export const SLOW_AFTER_MS = 20_000;

/** A sync peer that does not answer the question for a list for so long is replaced if another peer claims to have it. */
export const UNANSWERED_AFTER_MS = 5000;

/** A claimed height above ours keeps us from being current for so long after it was first heard, then it needs proof. */
export const CLAIM_GRACE_MS = 10_000;

/** A peer whose claim turned out empty is given another chance after so long; doubled at each failure, up to an hour. */
export const DISTRUST_MS = 60_000;
export const MAX_DISTRUST_MS = 60 * 60_000;

/** When a request may be given to somebody else: soon in generation 2, later in generation 4 (docs/protocol.md, "Peers"). */
export function requestExpiry(generation: Generation): number {
  return generation === 2 ? 4000 : 30_000;
}

/** A peer that owes so many blocks is being caught up with: its blocks are collected and share commits. */
export const CATCHING_UP_BLOCKS = 8;

/**
 * Blocks of one peer that are collected before its next message is left unread, and their memory (bytes); read on at half. Enough
 * to keep all cores busy with what can be done before a block's turn.
 */
export const COLLECTED_BLOCKS = 256;
export const COLLECTED_BYTES = 16 * 1024 * 1024;

/** Memory of all peers' blocks that are collected, bytes. */
export const COLLECTED_BYTES_IN_ALL = 96 * 1024 * 1024;

/** A block with a parent so many generations below our greatest height is far below the tips: see docs/worst-case.md. */
export const FAR_BELOW = 1000;

/** The scripts of blocks from this size on are run beside the event loop, in threads, also when there is nothing else to do. */
export const HEAVY_BLOCK_BYTES = 50_000;

/** From so many unknown blocks on a list is shared among the peers that claim to have them. */
export const SHARED_FROM = 32;

/** Blocks of all lists that are shared at a time, and how far ahead of the next one blocks are asked for. */
export const PLAN_BLOCKS = 2000;
export const PLAN_AHEAD = 1024;

/** Memory of shared blocks that came before their turn, bytes. */
export const PLAN_BYTES = 64 * 1024 * 1024;

/** With fewer shared blocks than this nobody was asked for, the next list is asked for. */
export const PLAN_LOW = 500;

/** Peers that share a list. */
export const MAX_HELPERS = 8;

/** Shared blocks that a peer is asked for at a time: at first, at least and at most. Half of them must have come first. */
export const FIRST_WINDOW = 16;
export const LEAST_WINDOW = 4;
export const GREATEST_WINDOW = 256;

/** A peer that owes shared blocks and delivers none for so long may be overtaken by one that has nothing to do. */
export const LATE_MS = 1000;

/** Who let the time for shared blocks pass is not asked for others for so long. */
export const BENCH_MS = 60_000;

/** A sync peer that was overtaken with so many blocks gives its place to another one. */
export const OVERTAKEN_BLOCKS = 16;
