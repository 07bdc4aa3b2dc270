import type { DnsSeed } from '../params/index.ts';
import type { Logger } from '../util/log.ts';
import type { World } from '../util/ports.ts';
import { ipFromString, type NetAddress, Services } from '../wire/index.ts';
import type { Resolver } from './types.ts';

/** A lookup is given up after this, milliseconds. */
const LOOKUP_TIMEOUT = 30_000;
/** Addresses taken from one seed: more can hardly be honest. */
const MAX_ADDRESSES_PER_SEED = 256;
const DAY_SECONDS = 86_400;

/** What a seeding needs. */
export interface DnsSeedOptions {
  readonly seeds: readonly DnsSeed[];
  /** Port of the network: seeds give only IPs. */
  readonly port: number;
  readonly resolver: Resolver;
  readonly world: World;
  readonly logger: Logger;
  /** Services that peers should have; a seed that can filter is asked for them if they are more than Network. */
  readonly services?: bigint;
  /** Ends the seeding early. */
  readonly signal?: AbortSignal;
  /** Receives the addresses of one seed: services 0, last seen 3 to 7 days ago (to be tried after better ones). */
  found(addresses: readonly NetAddress[]): void;
}

/**
 * Asks every seed at once for addresses of nodes. Seeds that fail or know nothing are only logged. A seed that is a
 * plain IP stands for itself.
 */
export async function seedFromDns(options: DnsSeedOptions): Promise<void> {
  await Promise.all(options.seeds.map((seed) => askSeed(seed, options)));
}

async function askSeed(seed: DnsSeed, options: DnsSeedOptions): Promise<void> {
  const { logger, world, port } = options;
  const services = options.services ?? Services.network;
  const filtered = seed.filtering && services !== Services.network && !ipFromString(seed.host);
  const host = filtered ? `x${services.toString(16)}.${seed.host}` : seed.host;
  let texts: readonly string[];
  try {
    texts = await lookup(host, options);
  } catch (error) {
    logger.info(`DNS discovery failed on seed ${host}: ${error instanceof Error ? error.message : String(error)}`);
    return;
  }
  if (options.signal?.aborted) return;
  const now = Math.floor(world.clock.now() / 1000);
  const addresses: NetAddress[] = [];
  for (const text of texts.slice(0, MAX_ADDRESSES_PER_SEED)) {
    const ip = ipFromString(text);
    const age = 3 * DAY_SECONDS + world.random.below(4 * DAY_SECONDS);
    if (ip) addresses.push({ services: 0n, ip, port, timestamp: now - age });
  }
  logger.info(`${addresses.length} addresses found from DNS seed ${host}`);
  if (addresses.length > 0) options.found(addresses);
}

/** Resolves a name within the time limit. */
async function lookup(host: string, { resolver, world, signal }: DnsSeedOptions): Promise<readonly string[]> {
  if (ipFromString(host)) return [host];
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = world.timers.after(LOOKUP_TIMEOUT, abort);
  signal?.addEventListener('abort', abort);
  try {
    const aborted = new Promise<never>((_, reject) => {
      controller.signal.addEventListener('abort', () => reject(new Error('lookup took too long')));
    });
    if (signal?.aborted) abort();
    return await Promise.race([resolver.resolve(host, controller.signal), aborted]);
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', abort);
  }
}
