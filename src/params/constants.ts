/** Protocol version that this software speaks and announces. */
export const PROTOCOL_VERSION = 70_013;
/** Oldest protocol version of a peer that is spoken to. */
export const MIN_PROTOCOL_VERSION = 209;

/** PHANTOM's k: how many unrelated blue blocks a blue block may have. */
export const PHANTOM_K = 3;

/** nanoSoter of one whole coin. */
export const NANO_PER_COIN = 1_000_000_000n;
/** Largest amount of one output, and of the outputs or inputs of one transaction, in nanoSoter. No supply limit. */
export const MAX_AMOUNT = 2_100_000_000_000_000n;
/** Subsidy before the first halving, nanoSoter: 50 coins. */
export const BASE_SUBSIDY = 50_000_000_000n;

/** Most bytes of a block with its transactions in base form: header, parent sub-header, count and transactions. */
export const MAX_BLOCK_BASE_SIZE = 1_000_520;
/** Most weight of a block template. Block validation does not enforce it. */
export const MAX_BLOCK_WEIGHT = 4_002_080;
/** Most signature operation cost of a block: four times the legacy count. */
export const MAX_SIGOP_COST = 80_000;
/** Factor between base size and weight, and between legacy operations and cost (BIP 141). */
export const WITNESS_SCALE_FACTOR = 4;
/** Fewest bytes of a coinbase script. */
export const MIN_COINBASE_SCRIPT_SIZE = 2;
/** Most bytes of a coinbase script. */
export const MAX_COINBASE_SCRIPT_SIZE = 100;
/** Parents that a block template provides room for. No rule limits the parents of a received block. */
export const NOMINAL_MAX_PARENTS = 8;

/** A block's time may be this far ahead of the adjusted time, seconds. */
export const MAX_FUTURE_SECONDS = 7_200;
/** Blocks over which the median time is taken. */
export const MEDIAN_TIME_BLOCKS = 11;

/** Blocks that wait for missing parents. */
export const MAX_ORPHAN_BLOCKS = 700;
/** How long a block waits for missing parents, seconds. */
export const ORPHAN_BLOCK_SECONDS = 3_600;
