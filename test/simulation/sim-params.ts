import { type NetworkParams, networkParams } from '../../src/params/index.ts';

/** The name that the simulated DNS answers to. */
export const SEED_NAME = 'seed.simulation.test';

/**
 * The network of simulations: proofs of work as easy as on simnet, but with automatic connections and address exchange,
 * which simnet lacks. No retarget ever comes, because required bits may then depend on the order of arrival.
 */
export const SIM_PARAMS: NetworkParams = {
  ...networkParams('simnet'),
  name: 'testnet1',
  dnsSeeds: [{ host: SEED_NAME, filtering: false }],
  blocksPerRetarget: 1_000_000,
};
