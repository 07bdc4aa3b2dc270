import type { NetworkParams } from '../../params/index.ts';
import { bytesToHex } from '../../util/bytes.ts';
import { hashKey, hashToHex } from '../../util/hash.ts';
import type { Block, OutPoint, Transaction } from '../../wire/index.ts';
import { encodeJson } from '../json/encode.ts';
import { coins } from '../objects/amount.ts';
import { transactionObject } from '../objects/transaction.ts';
import { notification, plainText } from './message.ts';
import { type SeenBlock, SeenTransaction } from './seen-transaction.ts';
import { MAX_WATCHED, type Subscriber } from './subscriber.ts';
import type { TransactionFilter } from './transaction-filter.ts';
import { Watches } from './watches.ts';

/** What the notifier works with. */
export interface NotifierDeps {
  readonly params: NetworkParams;
  /** The transaction of the memory pool that spends an output. */
  poolSpender(outpoint: OutPoint): Transaction | undefined;
}

/** How transactions that enter the pool are told. */
export type TransactionNotices = 'plain' | 'verbose';

/**
 * Tells clients what they subscribed to. It works within the event that it tells of, so that everyone hears of everything in the
 * order in which it happened; each text is made once, when the first client needs it. Without subscribers an event costs nothing.
 */
export class Notifier {
  readonly watches: Watches;
  readonly #params: NetworkParams;
  readonly #blocks = new Set<Subscriber>();
  readonly #transactions = new Map<Subscriber, TransactionNotices>();
  readonly #filters = new Map<Subscriber, TransactionFilter>();
  /** The block that is being told of, and the ids of its transactions if somebody asked for them. */
  #telling: { readonly block: Block; txids?: ReadonlySet<string> } | undefined;

  constructor({ params, poolSpender }: NotifierDeps) {
    this.#params = params;
    this.watches = new Watches((outpoint) => {
      const spender = poolSpender(outpoint);
      return spender && !this.#isInToldBlock(spender) ? new SeenTransaction(spender, params) : undefined;
    });
  }

  /** Subscribes to blocks, or ends that. */
  setBlocks(client: Subscriber, wanted: boolean): void {
    if (wanted) this.#blocks.add(client);
    else this.#blocks.delete(client);
  }

  /** Subscribes to transactions that enter the pool, or ends that. */
  setTransactions(client: Subscriber, notices: TransactionNotices | undefined): void {
    if (notices) this.#transactions.set(client, notices);
    else this.#transactions.delete(client);
  }

  /** The filter of a client, if it has loaded one. */
  filterOf(client: Subscriber): TransactionFilter | undefined {
    return this.#filters.get(client);
  }

  setFilter(client: Subscriber, filter: TransactionFilter): void {
    this.#filters.set(client, filter);
  }

  /** Forgets a client that has left. */
  remove(client: Subscriber): void {
    this.#blocks.delete(client);
    this.#transactions.delete(client);
    this.#filters.delete(client);
    this.watches.remove(client);
  }

  /**
   * A block became part of the DAG: `redeemingtx` and `recvtx` for each transaction in order, then `blockconnected` and
   * `filteredblockconnected`.
   */
  blockConnected(connected: SeenBlock): void {
    if (this.#blocks.size === 0 && !this.watches.isActive) return;
    const { block } = connected;
    const transactions = block.transactions.map((tx, index) => new SeenTransaction(tx, this.#params, connected, index));
    this.#telling = { block };
    try {
      for (const seen of transactions) {
        if (!this.watches.isActive) break;
        this.watches.see(seen);
      }
    } finally {
      this.#telling = undefined;
    }
    this.#tellBlock(connected, transactions);
  }

  /**
   * A transaction entered the pool: `txaccepted` or `txacceptedverbose`, `redeemingtx` and `recvtx`, then `relevanttxaccepted`.
   */
  transactionAccepted(transaction: Transaction): void {
    if (this.#transactions.size > 0) this.#tellAccepted(transaction);
    if (!this.watches.isActive && this.#filters.size === 0) return;
    const seen = new SeenTransaction(transaction, this.#params);
    this.watches.see(seen);
    for (const [client, filter] of [...this.#filters]) {
      if (this.#matches(client, filter, seen)) client.notify(notification('relevanttxaccepted', seen.hexText));
    }
  }

  #tellBlock({ block, height }: SeenBlock, transactions: readonly SeenTransaction[]): void {
    if (this.#blocks.size === 0) return;
    const { header, hash } = block;
    const connected = notification('blockconnected', plainText(hashToHex(hash)), `${height}`, `${header.timestamp}`);
    const headerText = plainText(bytesToHex(header.toBytes()));
    const unfiltered = notification('filteredblockconnected', `${height}`, headerText, 'null');
    for (const client of [...this.#blocks]) {
      client.notify(connected);
      const filter = this.#filters.get(client);
      const found = filter ? transactions.filter((seen) => this.#matches(client, filter, seen)) : [];
      if (found.length === 0) {
        client.notify(unfiltered);
        continue;
      }
      const list = `[${found.map(({ hexText }) => hexText).join(',')}]`;
      client.notify(notification('filteredblockconnected', `${height}`, headerText, list));
    }
  }

  #tellAccepted(transaction: Transaction): void {
    let plain: string | undefined;
    let verbose: string | undefined;
    for (const [client, notices] of [...this.#transactions]) {
      if (notices === 'verbose') {
        verbose ??= notification(
          'txacceptedverbose',
          encodeJson(transactionObject(transaction, this.#params, undefined)),
        );
        client.notify(verbose);
      } else {
        plain ??= acceptedText(transaction);
        client.notify(plain);
      }
    }
  }

  #matches(client: Subscriber, filter: TransactionFilter, seen: SeenTransaction): boolean {
    const matches = filter.take(seen);
    if (matches && filter.size > MAX_WATCHED) client.refuse('its filter holds too many outputs');
    return matches;
  }

  #isInToldBlock({ txid }: Transaction): boolean {
    if (!this.#telling) return false;
    this.#telling.txids ??= new Set(this.#telling.block.transactions.map((tx) => hashKey(tx.txid)));
    return this.#telling.txids.has(hashKey(txid));
  }
}

function acceptedText({ txid, outputs }: Transaction): string {
  const amount = coins(outputs.reduce((sum, { value }) => sum + value, 0n));
  return notification('txaccepted', plainText(hashToHex(txid)), encodeJson(amount));
}
