import type { Logger } from '../util/log.ts';

/** Failures that are told; further ones say nothing new, and anybody could make the log grow by asking. */
const MAX_TOLD = 20;

/** Reads something; undefined if it is not there or cannot be read. */
export type Read = <T>(load: () => T | undefined) => T | undefined;

/**
 * How peers are served from a disk that may be damaged: what cannot be read is missing for them and told in the log. It
 * must not stop the node, or everybody could do that who asks for it.
 */
export function readable(logger: Logger): Read {
  let told = 0;
  return (load) => {
    try {
      return load();
    } catch (error) {
      if (told++ < MAX_TOLD) {
        logger.error(`cannot serve a peer: ${error instanceof Error ? error.message : String(error)}`);
      }
      return undefined;
    }
  };
}
