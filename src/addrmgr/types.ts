import type { Logger } from '../util/log.ts';
import type { World } from '../util/ports.ts';
import type { KnownAddress } from './known-address.ts';

/** Where the pool of addresses survives a restart. */
export interface PeersFile {
  /** The whole content; undefined if there is none yet. */
  load(): Promise<string | undefined>;
  /** Replaces the content in one step: a crash leaves the old or the new one. */
  save(text: string): Promise<void>;
  /** Moves a content that cannot be read out of the way, so that it can be looked at and does not come back. */
  setAside(): Promise<void>;
}

/** What a manager is told about this node. */
export interface AddressManagerOptions {
  /** Our own services, in the placeholder for "no own address". Default 0x0d. */
  readonly ownServices?: bigint;
}

/** What the manager needs. */
export interface AddressManagerDeps {
  readonly world: World;
  readonly logger: Logger;
  /** Without a file nothing is kept. */
  readonly file?: PeersFile;
}

/** A candidate for an outgoing connection. */
export type AddressCandidate = Readonly<
  Pick<KnownAddress, 'key' | 'address' | 'attempts' | 'lastAttempt' | 'lastSuccess' | 'tried'>
>;
