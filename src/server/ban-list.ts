import type { Logger } from '../util/log.ts';
import type { Clock } from '../util/ports.ts';
import { ipFromString } from '../wire/index.ts';
import { canonicalHost, siteOf } from './host.ts';
import type { StateFile } from './ports.ts';
import { parseSubnet, type Subnet } from './subnet.ts';

/** Banned hosts kept; beyond it the ban that ends first is dropped. */
const MAX_BANS = 10_000;
/** Banned networks kept: every connection is compared with each of them. */
const MAX_NETWORKS = 1000;
const FILE_VERSION = 1;

/** One ban. Times are Unix milliseconds. */
export interface Ban {
  /** IP text in canonical form, a network such as `10.0.0.0/8`, or a host name. */
  readonly host: string;
  readonly since: number;
  readonly until: number;
}

interface Term {
  readonly since: number;
  readonly until: number;
}

/** Hosts and networks that may not connect for a while. Kept over restarts where there is a file. */
export class BanList {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #file: StateFile | undefined;
  readonly #hosts = new Map<string, Term>();
  readonly #networks = new Map<string, Term & { readonly subnet: Subnet }>();
  #writing: Promise<void> = Promise.resolve();
  /** A write has not begun yet. */
  #waiting = false;

  constructor(clock: Clock, logger: Logger, file?: StateFile) {
    this.#clock = clock;
    this.#logger = logger;
    this.#file = file;
  }

  /** Bans a host or a network (CIDR) for so many milliseconds from now; a ban that it has already is replaced. */
  ban(host: string, duration: number): void {
    const since = this.#clock.now();
    this.#set({ host, since, until: since + duration });
    this.#save();
  }

  /** Ends the ban of exactly this host or network. @returns whether there was one. */
  lift(host: string): boolean {
    const key = keyOf(host);
    const found = this.#hosts.delete(key) || this.#networks.delete(key);
    if (found) this.#save();
    return found;
  }

  /** Ends all bans. */
  clear(): void {
    this.#hosts.clear();
    this.#networks.clear();
    this.#save();
  }

  /** True if exactly this host or network is banned, whether or not it lies in a banned network. */
  has(host: string): boolean {
    const key = keyOf(host);
    const term = this.#hosts.get(key) ?? this.#networks.get(key);
    return term !== undefined && this.#clock.now() < term.until;
  }

  /** True while the host, or a network that it belongs to, is banned. */
  isBanned(host: string): boolean {
    const key = canonicalHost(host);
    const now = this.#clock.now();
    for (const name of [key, siteOf(key)]) {
      const term = this.#hosts.get(name);
      if (!term) continue;
      if (now < term.until) return true;
      this.#hosts.delete(name);
    }
    return this.#networks.size > 0 && this.#isInBannedNetwork(key, now);
  }

  /** Bans in force, the one that ends first first. */
  list(): Ban[] {
    const now = this.#clock.now();
    const bans = Array.from([...this.#hosts, ...this.#networks], ([host, { since, until }]) => ({
      host,
      since,
      until,
    }));
    return bans.filter(({ until }) => until > now).sort((a, b) => a.until - b.until);
  }

  /** Reads the bans of the last run. A file that cannot be understood is set aside with a warning. */
  async load(): Promise<void> {
    try {
      const text = await this.#file?.load();
      if (text === undefined) return;
      const bans = parseBans(text, this.#clock.now());
      for (const ban of bans ?? []) this.#set(ban);
      if (bans) return;
      this.#logger.warn('the list of bans is damaged: it is set aside, and nobody is banned');
      await this.#file?.setAside?.();
    } catch (error) {
      this.#logger.warn(`cannot read the list of bans: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Waits until what was changed is written. */
  flush(): Promise<void> {
    return this.#writing;
  }

  #set({ host, since, until }: Ban): void {
    const subnet = parseSubnet(host);
    // The network of one customer counts as a host.
    if (!subnet || subnet.single || siteOf(hostOfNetwork(subnet.text)) === subnet.text)
      put(this.#hosts, keyOf(host), { since, until }, MAX_BANS);
    else put(this.#networks, subnet.text, { since, until, subnet }, MAX_NETWORKS);
  }

  #isInBannedNetwork(host: string, now: number): boolean {
    const ip = ipFromString(host);
    if (!ip) return false;
    for (const [key, { subnet, until }] of this.#networks) {
      if (now >= until) this.#networks.delete(key);
      else if (subnet.contains(ip)) return true;
    }
    return false;
  }

  /** Writes the list; what changes until the write begins goes with it, so that a flood of bans is no flood of writes. */
  #save(): void {
    const file = this.#file;
    if (!file || this.#waiting) return;
    this.#waiting = true;
    this.#writing = this.#writing.then(async () => {
      this.#waiting = false;
      try {
        await file.save(`${JSON.stringify({ version: FILE_VERSION, bans: this.list() })}\n`);
      } catch (error) {
        this.#logger.error(`cannot write the list of bans: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
  }
}

function hostOfNetwork(network: string): string {
  return network.slice(0, network.indexOf('/'));
}

/** The text by which a ban is known. */
function keyOf(host: string): string {
  return parseSubnet(host)?.text ?? canonicalHost(host);
}

/** Adds an entry; if there are too many then, the one that ends first leaves. */
function put<T extends Term>(terms: Map<string, T>, key: string, term: T, limit: number): void {
  terms.set(key, term);
  if (terms.size <= limit) return;
  let earliest: [string, T] = [key, term];
  for (const entry of terms) if (entry[1].until < earliest[1].until) earliest = entry;
  terms.delete(earliest[0]);
}

/** The bans of a file; undefined if it is none. */
function parseBans(text: string, now: number): Ban[] | undefined {
  const content = parseJson(text);
  if (typeof content !== 'object' || content === null || !('bans' in content) || !Array.isArray(content.bans)) {
    return undefined;
  }
  const bans: unknown[] = content.bans;
  return bans
    .filter(isBan)
    .slice(0, MAX_BANS + MAX_NETWORKS)
    .map(({ host, since, until }) => ({ host, since: since ?? now, until }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A ban in the file; those of early versions do not say since when. */
function isBan(value: unknown): value is Omit<Ban, 'since'> & { readonly since?: number } {
  if (typeof value !== 'object' || value === null || !('host' in value) || !('until' in value)) return false;
  if ('since' in value && typeof value.since !== 'number') return false;
  return typeof value.host === 'string' && typeof value.until === 'number';
}
