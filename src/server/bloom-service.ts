import { MAX_AMOUNT } from '../params/index.ts';
import type { Hash } from '../util/hash.ts';
import type { World } from '../util/ports.ts';
import {
  BloomFilter,
  type FilterAddMessage,
  type FilterLoadMessage,
  InvType,
  type InvVector,
  MAX_INVENTORY_SENT,
  Services,
  UNKNOWN_HEIGHT,
} from '../wire/index.ts';
import type { ConnectedPeer, ScoreKeeper } from './connected-peer.ts';
import { Pace } from './pace.ts';
import type { ServerPool } from './ports.ts';

/** Transient ban points for asking what is in the pool: four times within seconds bans. */
const MEMPOOL_POINTS = 33;
/** Persistent ban points for filter commands that we said we do not serve. */
const NO_BLOOM_POINTS = 100;
/** From this protocol version on peers know from the service bits whether filters are served (BIP 111). */
const BLOOM_BIT_VERSION = 70_011;

/** What the bloom service works with. */
export interface BloomServiceDeps {
  /** Our service bits. */
  readonly services: bigint;
  readonly pool: Pick<ServerPool, 'entries' | 'entry'> | undefined;
  readonly world: World;
  readonly keepScore: ScoreKeeper;
}

/** What light clients ask for: filters of transactions (BIP 37), the content of the pool (BIP 35), a least fee (BIP 133). */
export class BloomService {
  readonly #deps: BloomServiceDeps;
  readonly #enabled: boolean;

  constructor(deps: BloomServiceDeps) {
    this.#deps = deps;
    this.#enabled = (deps.services & Services.bloom) !== 0n;
  }

  /** Lists the pool, as far as it matches the peer's filter; says nothing if there is nothing. */
  async mempool(peer: ConnectedPeer): Promise<void> {
    if (!this.#enabled) {
      peer.disconnect('mempool request without bloom service');
      return;
    }
    this.#deps.keepScore(peer, 0, MEMPOOL_POINTS, 'mempool');
    if (!peer.peer.connected) return;
    const inventory = peer.bloom ? await this.#matching(peer) : this.#all();
    if (inventory.length > 0) await peer.peer.sendAndWait({ command: 'inv', inventory });
  }

  filterLoad(peer: ConnectedPeer, message: FilterLoadMessage): void {
    if (!this.#served(peer)) return;
    peer.relaysTransactions = true;
    peer.bloom = new BloomFilter(message);
  }

  filterAdd(peer: ConnectedPeer, message: FilterAddMessage): void {
    if (!this.#served(peer)) return;
    if (peer.bloom) peer.bloom.add(message.data);
    else peer.disconnect('filteradd without a filter');
  }

  filterClear(peer: ConnectedPeer): void {
    if (!this.#served(peer)) return;
    if (peer.bloom) peer.bloom = undefined;
    else peer.disconnect('filterclear without a filter');
  }

  feeFilter(peer: ConnectedPeer, minFee: bigint): void {
    if (minFee < 0n || minFee > MAX_AMOUNT) peer.disconnect('fee filter out of range');
    else peer.feeFilter = minFee;
  }

  #all(): InvVector[] {
    const inventory: InvVector[] = [];
    for (const { txid } of this.#deps.pool?.entries() ?? []) {
      if (inventory.push(vectorOf(txid)) === MAX_INVENTORY_SENT) break;
    }
    return inventory;
  }

  /** What the peer's filter matches. A pool may hold hundreds of thousands of transactions, each of which has to be decoded. */
  async #matching(peer: ConnectedPeer): Promise<InvVector[]> {
    const { pool, world } = this.#deps;
    const pace = new Pace(peer.peer, world);
    const inventory: InvVector[] = [];
    for (const txid of Array.from(pool?.entries() ?? [], (entry) => entry.txid)) {
      if (inventory.length === MAX_INVENTORY_SENT || !(await pace.next())) break;
      const matches = pace.costly(() => {
        const entry = pool?.entry(txid);
        return entry && peer.bloom?.matchTransaction(entry.transaction);
      });
      if (matches) inventory.push(vectorOf(txid));
    }
    return inventory;
  }

  /** Filter commands to a node that does not serve them end the connection. */
  #served(peer: ConnectedPeer): boolean {
    if (this.#enabled) return true;
    if (peer.peer.protocolVersion >= BLOOM_BIT_VERSION) {
      this.#deps.keepScore(peer, NO_BLOOM_POINTS, 0, 'filter command without bloom service');
    }
    peer.disconnect('filter command without bloom service');
    return false;
  }
}

function vectorOf(txid: Hash): InvVector {
  return { type: InvType.tx, hash: txid, height: UNKNOWN_HEIGHT };
}
