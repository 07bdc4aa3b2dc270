import { type Hash, hashKey } from '../util/hash.ts';
import type { BlockHeader } from '../wire/index.ts';
import type { Announcer, SyncBlockInfo } from './ports.ts';

/** Blocks held back from announcement. */
const MAX_UNANNOUNCED = 64;

interface Held {
  readonly hash: Hash;
  readonly height: number;
  readonly header: BlockHeader;
}

/** Newest blocks that are not announced yet because we are far behind; none is a parent of another. */
export class HeldAnnouncements {
  readonly #announcer: Pick<Announcer, 'announceBlock'>;
  readonly #held = new Map<string, Held>();

  constructor(announcer: Pick<Announcer, 'announceBlock'>) {
    this.#announcer = announcer;
  }

  /** A block was taken in; it stands for its parents. */
  add({ hash, height, block }: SyncBlockInfo): void {
    for (const parent of block.parentHashes) this.#held.delete(hashKey(parent));
    if (this.#held.size >= MAX_UNANNOUNCED) return;
    // On memory of its own: a view would keep all bytes of the block.
    this.#held.set(hashKey(hash), { hash, height, header: block.header.detach() });
  }

  /** Announces what is held. */
  release(): void {
    for (const [key, { hash, height, header }] of this.#held) {
      this.#held.delete(key);
      this.#announcer.announceBlock(hash, height, header);
    }
  }
}
