import type { NetworkParams } from '../../src/params/index.ts';
import type { Transport } from '../../src/peer/index.ts';
import type { Hash } from '../../src/util/hash.ts';
import type { World } from '../../src/util/ports.ts';

/** The node under attack, and the place where it lives. */
export interface FuzzTarget {
  /** Clock and timers of the place. Its randomness is not used. */
  readonly world: World;
  readonly params: NetworkParams;
  /** Connects to the node. @param source IP to come from. Rejects if there is no connection. */
  dial(source: string): Promise<Transport>;
  /** Lets the node mine a block. */
  mine(): Promise<Hash>;
  /** Blocks that the node holds, genesis included. */
  blockCount(): Promise<number>;
  /** What is wrong with the node: it has ended, or has complained of itself. */
  readonly problems: readonly string[];
  /** Memory of the node's process; undefined if it has none of its own, or it is not known. */
  memory(): MemoryUse | undefined;
}

/** Memory of a process, bytes. */
export interface MemoryUse {
  /** What the program can still reach, in the heap and outside of it. */
  readonly live: number;
  /** What it has taken from the system, mapped pages of its database left aside. */
  readonly resident: number;
}

const DIAL_LIMIT = 10_000;

/** Whose connections they are, by IP. The node must be told to ban nobody of the first network of attackers. */
export const SOURCES = {
  /** Honest peers. */
  honest: '127.0.0.1',
  /** Attackers that are never banned. */
  immune: (number: number) => `127.1.0.${number + 1}`,
  /** Attackers that come back under another address when they are banned. */
  banned: (number: number) => `127.${2 + ((number >> 16) % 200)}.${(number >> 8) & 255}.${number & 255}`,
} as const;

/** The network whose addresses are never banned. */
export const IMMUNE_NETWORK = '127.1.0.0/16';

/** Gives up dialling after a while. */
export async function dialWithin(target: FuzzTarget, source: string): Promise<Transport> {
  let timer: { cancel(): void } | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = target.world.timers.after(DIAL_LIMIT, () => reject(new Error('nobody answers')));
  });
  try {
    return await Promise.race([target.dial(source), late]);
  } finally {
    timer?.cancel();
  }
}
