/** Longest signature, public key or witness script, in bytes. */
export const MAX_SCRIPT_SIZE = 10_000;

/** Longest item on the stack, in bytes. */
export const MAX_ELEMENT_SIZE = 520;

/** Most operations (opcodes above OP_16, plus the keys of each CHECKMULTISIG) in one script. */
export const MAX_OPERATIONS = 201;

/** Most keys of one CHECKMULTISIG. */
export const MAX_MULTISIG_KEYS = 20;

/** Most items on the stack and the alternative stack together. */
export const MAX_STACK_ITEMS = 1_000;

/** Most data bytes of an output that still counts as `nulldata`. */
export const MAX_NULL_DATA_SIZE = 80;

/** Transaction lock times below are block heights, all others unix seconds. */
export const LOCK_TIME_THRESHOLD = 500_000_000;

/** Sequence number that switches the lock time of a transaction off for its input. */
export const FINAL_SEQUENCE = 0xffffffff;
