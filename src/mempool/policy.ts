/** An operator's choices for the memory pool. Absent means default. */
export interface PoolOptions {
  /** Least fee of relayed transactions and base of the dust limit, nanoSoter per 1,000 bytes. Default 1,000. */
  readonly minRelayFee?: bigint;
  /** Take transactions that are valid but follow no usual form. Default false. */
  readonly acceptNonStandard?: boolean;
  /** Thousand bytes a minute of transactions below the relay fee that peers may bring in. Default 15. */
  readonly freeRelayLimit?: number;
  /** Transactions below the relay fee must have priority. Default true. */
  readonly relayPriority?: boolean;
  /** Transactions with unknown parents that are kept. 0: none. Default 100. */
  readonly maxOrphans?: number;
  /** Memory that the pool may use, bytes, an estimate that includes bookkeeping. Default 300 MB. */
  readonly maxUsage?: number;
  /** How long a transaction may wait for its block, seconds. Default 14 days. */
  readonly expiry?: number;
}

/** {@link PoolOptions} with all choices made. */
export type PoolPolicy = Required<PoolOptions>;

const DAY_SECONDS = 86_400;

const DEFAULTS: PoolPolicy = {
  minRelayFee: 1000n,
  acceptNonStandard: false,
  freeRelayLimit: 15,
  relayPriority: true,
  maxOrphans: 100,
  maxUsage: 300_000_000,
  expiry: 14 * DAY_SECONDS,
};

/** Completes an operator's choices. */
export function poolPolicy(options: PoolOptions = {}): PoolPolicy {
  return { ...DEFAULTS, ...options };
}

/** Signature operation cost of one transaction: a quarter of a block's. */
export const MAX_TRANSACTION_SIGOP_COST = 20_000;
/**
 * Time after which the scripts of a peer's transaction are given up, milliseconds: the event loop stands still meanwhile. Those of
 * a usual form take a tenth of a second at most, others of a megabyte could take many seconds.
 */
export const MAX_SCRIPT_MS = 500;
/** Largest orphan that is kept, bytes of the witness form. */
export const MAX_ORPHAN_SIZE = 100_000;
/** From this virtual size on no priority makes up for a missing fee. */
export const MAX_FREE_VIRTUAL_SIZE = 49_000;
/** Priority above which a transaction may go without a fee: one coin for a day, in 250 bytes. */
export const MIN_FREE_PRIORITY = (1e9 * 144) / 250;
