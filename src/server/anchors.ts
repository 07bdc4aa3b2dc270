import type { Logger } from '../util/log.ts';
import type { StateFile } from './ports.ts';

/** Connections remembered. */
const MAX_ANCHORS = 8;

/**
 * Outgoing connections of the last run. Beginning with them makes it harder to lead a restarted node into a false
 * network, because an attacker would have had to win them all before the restart.
 */
export class Anchors {
  readonly #logger: Logger;
  readonly #file: StateFile | undefined;
  #addresses: string[] = [];

  constructor(logger: Logger, file?: StateFile) {
    this.#logger = logger;
    this.#file = file;
  }

  /** Reads the addresses of the last run. */
  async load(): Promise<void> {
    try {
      const text = await this.#file?.load();
      const lines = text?.split('\n') ?? [];
      this.#addresses = lines.filter((line) => line !== '').slice(0, MAX_ANCHORS);
    } catch (error) {
      this.#logger.warn(`cannot read the anchors: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** The next address, each once. */
  take(): string | undefined {
    return this.#addresses.shift();
  }

  /** Keeps addresses for the next run. Those of the last run stay if there are none: a node may end while it is offline. */
  async save(addresses: readonly string[]): Promise<void> {
    if (addresses.length === 0) return;
    try {
      await this.#file?.save(
        addresses
          .slice(0, MAX_ANCHORS)
          .map((address) => `${address}\n`)
          .join(''),
      );
    } catch (error) {
      this.#logger.warn(`cannot write the anchors: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
