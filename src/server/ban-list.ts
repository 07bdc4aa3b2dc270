import type { Logger } from '../util/log.ts';
import type { Clock } from '../util/ports.ts';
import { canonicalHost } from './host.ts';
import type { StateFile } from './ports.ts';

/** Bans kept; beyond it the one that ends first is dropped. */
const MAX_BANS = 10_000;
const FILE_VERSION = 1;

/** One banned host. */
export interface Ban {
  /** IP text in canonical form, or a host name. */
  readonly host: string;
  /** Unix milliseconds. */
  readonly until: number;
}

/** Hosts that may not connect for a while. Kept over restarts where there is a file. */
export class BanList {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #file: StateFile | undefined;
  readonly #bans = new Map<string, number>();
  #writing: Promise<void> = Promise.resolve();

  constructor(clock: Clock, logger: Logger, file?: StateFile) {
    this.#clock = clock;
    this.#logger = logger;
    this.#file = file;
  }

  /** Bans a host for so many milliseconds from now. */
  ban(host: string, duration: number): void {
    const key = canonicalHost(host);
    this.#bans.delete(key);
    this.#bans.set(key, this.#clock.now() + duration);
    if (this.#bans.size > MAX_BANS) this.#dropEarliest();
    this.#save();
  }

  /** Ends a ban. @returns whether there was one. */
  lift(host: string): boolean {
    const found = this.#bans.delete(canonicalHost(host));
    if (found) this.#save();
    return found;
  }

  /** True while the host is banned. */
  isBanned(host: string): boolean {
    const key = canonicalHost(host);
    const until = this.#bans.get(key);
    if (until === undefined) return false;
    if (this.#clock.now() < until) return true;
    this.#bans.delete(key);
    return false;
  }

  /** Bans in force, the one that ends first first. */
  list(): Ban[] {
    const now = this.#clock.now();
    const bans = Array.from(this.#bans, ([host, until]) => ({ host, until }));
    return bans.filter(({ until }) => until > now).sort((a, b) => a.until - b.until);
  }

  /** Reads the bans of the last run. A file that cannot be read is left aside with a warning. */
  async load(): Promise<void> {
    try {
      const text = await this.#file?.load();
      if (text === undefined) return;
      for (const { host, until } of parseBans(text)) this.#bans.set(canonicalHost(host), until);
    } catch (error) {
      this.#logger.warn(`cannot read the list of bans: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Waits until what was changed is written. */
  flush(): Promise<void> {
    return this.#writing;
  }

  #dropEarliest(): void {
    const [first] = [...this.#bans].sort((a, b) => a[1] - b[1]);
    if (first) this.#bans.delete(first[0]);
  }

  #save(): void {
    const file = this.#file;
    if (!file) return;
    this.#writing = this.#writing.then(async () => {
      try {
        await file.save(`${JSON.stringify({ version: FILE_VERSION, bans: this.list() })}\n`);
      } catch (error) {
        this.#logger.error(`cannot write the list of bans: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
  }
}

function parseBans(text: string): Ban[] {
  const content: unknown = JSON.parse(text);
  if (typeof content !== 'object' || content === null || !('bans' in content) || !Array.isArray(content.bans)) {
    throw new Error('not a list of bans');
  }
  const bans: unknown[] = content.bans;
  return bans.filter(isBan).slice(0, MAX_BANS);
}

function isBan(value: unknown): value is Ban {
  if (typeof value !== 'object' || value === null || !('host' in value) || !('until' in value)) return false;
  return typeof value.host === 'string' && typeof value.until === 'number';
}
