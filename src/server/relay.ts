import type { Announcer } from '../netsync/index.ts';
import { equalBytes } from '../util/bytes.ts';
import type { Hash } from '../util/hash.ts';
import type { Clock } from '../util/ports.ts';
import { type BlockHeader, InvType, type Message, type Transaction, UNKNOWN_HEIGHT } from '../wire/index.ts';
import type { ConnectedPeer } from './connected-peer.ts';
import type { PeerTable } from './peer-table.ts';
import type { PoolEntry, ServerPool } from './ports.ts';

/** Passes news on to the peers in the table, to each what it wants to hear. */
export class Relay implements Announcer {
  readonly #table: PeerTable;
  readonly #pool: Pick<ServerPool, 'entry'> | undefined;
  readonly #clock: Clock;

  constructor(table: PeerTable, clock: Clock, pool?: Pick<ServerPool, 'entry'>) {
    this.#table = table;
    this.#clock = clock;
    this.#pool = pool;
  }

  /** At once to everybody who is not known to have it: as inventory, or as header to those who asked for headers. */
  announceBlock(hash: Hash, height: number, header: BlockHeader): void {
    for (const { peer } of this.#table.connected()) {
      if (peer.wantsHeaders) peer.send({ command: 'headers', headers: [header] });
      else peer.queueInventory({ type: InvType.block, hash, height });
    }
  }

  announceTransactions(transactions: readonly Transaction[]): void {
    for (const tx of transactions) {
      const entry = this.#pool?.entry(tx.txid);
      if (entry) this.announceEntry(entry);
    }
  }

  /** With the next trickle to those who want transactions that pay so much and match their filter. */
  announceEntry(entry: PoolEntry): void {
    const { txid, feeRate } = entry;
    // Only filters look at the transaction itself.
    let decoded: Transaction | undefined;
    const transaction = (): Transaction => {
      decoded ??= entry.transaction;
      return decoded;
    };
    for (const peer of this.#table.connected()) {
      if (wantsTransaction(peer, feeRate, transaction)) {
        peer.peer.queueInventory({ type: InvType.tx, hash: txid, height: UNKNOWN_HEIGHT });
      }
    }
  }

  peerHeight(hash: Hash, height: number, originPeer: number): void {
    const origin = this.#table.get(originPeer);
    if (origin) origin.usefulAt = this.#clock.monotonic();
    for (const { peer } of this.#table.connected()) {
      const announced = peer.lastAnnouncedBlock;
      if (peer.id === originPeer || !announced || !equalBytes(announced, hash)) continue;
      peer.raiseMaxHeight(height);
      peer.lastAnnouncedBlock = undefined;
    }
  }

  /** Sends a message to all connected peers. */
  broadcast(message: Message): void {
    for (const { peer } of this.#table.connected()) peer.send(message);
  }
}

function wantsTransaction(peer: ConnectedPeer, feeRate: bigint, transaction: () => Transaction): boolean {
  if (!peer.relaysTransactions) return false;
  if (peer.feeFilter > 0n && feeRate < peer.feeFilter) return false;
  return peer.bloom?.matchTransaction(transaction()) ?? true;
}
