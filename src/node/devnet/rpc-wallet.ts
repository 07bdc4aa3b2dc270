import { readFileSync } from 'node:fs';
import type { NetworkParams } from '../../params/index.ts';
import { bytesToHex, hexToBytes } from '../../util/bytes.ts';
import { hashToHex } from '../../util/hash.ts';
import { Block, type OutPoint, Transaction } from '../../wire/index.ts';
import type { NamedKey } from './key-ring.ts';
import type { Coin, TestKey } from './keys.ts';

/** Questions that are on their way at the same time. */
const PARALLEL = 8;

/** The node can not be asked, or refuses; the message is one clear line. */
export class RpcWalletError extends Error {
  override name = 'RpcWalletError';
}

/** An unspent output of one of the keys. */
export interface FoundCoin extends Coin {
  readonly key: TestKey;
  /** A coinbase that is too young to be spent. */
  readonly isImmature: boolean;
}

/** Finds and spends coins by asking a devnet's first node: a look through all blocks at each call, good for test networks. */
export class RpcWallet {
  readonly #params: NetworkParams;
  readonly #url: string;
  readonly #authorization: string;

  /**
   * @param configFile the file that devnet writes for soterctl.
   * @throws {RpcWalletError} if there is none.
   */
  constructor(configFile: string, params: NetworkParams) {
    this.#params = params;
    let text: string;
    try {
      text = readFileSync(configFile, 'utf8');
    } catch {
      throw new RpcWalletError(`${configFile} is missing: start soterd devnet first`);
    }
    const value = (name: string) => new RegExp(`^${name}=(.*)$`, 'mu').exec(text)?.[1] ?? '';
    this.#url = `http://${value('rpcserver')}/`;
    this.#authorization = `Basic ${Buffer.from(`${value('rpcuser')}:${value('rpcpass')}`).toString('base64')}`;
  }

  /** All coins of these keys that the order leaves unspent and no waiting payment spends. */
  async coins(keys: readonly NamedKey[]): Promise<FoundCoin[]> {
    const owners = new Map(keys.map(({ key }) => [bytesToHex(key.pkScript), key]));
    const found = (await this.#transactions()).flatMap((tx) =>
      tx.outputs.flatMap(({ value, pkScript }, index) => {
        const key = owners.get(bytesToHex(pkScript));
        return key ? [{ key, value, outpoint: { hash: tx.txid, index } }] : [];
      }),
    );
    const unspent = await inParallel(found, async (coin) => {
      const output = await this.#output(coin.outpoint);
      const isImmature = output?.coinbase === true && output.confirmations < this.#params.coinbaseMaturity;
      return output && { ...coin, isImmature };
    });
    const reserved = await this.#reserved();
    return unspent.flatMap((coin) => (coin && !reserved.has(nameOf(coin.outpoint)) ? [coin] : []));
  }

  /**
   * Hands a transaction to the node.
   * @returns its txid.
   * @throws {RpcWalletError} with the node's reason if it is refused.
   */
  send(tx: Transaction): Promise<string> {
    return this.#call<string>('sendrawtransaction', bytesToHex(tx.toBytes()));
  }

  /** Each transaction of all blocks once. */
  async #transactions(): Promise<Transaction[]> {
    const { maxheight } = await this.#call<{ maxheight: number }>('getdagtips');
    const heights = Array.from({ length: maxheight }, (_, index) => index + 1);
    const hashes = await inParallel(heights, (height) => this.#call<string[]>('getblockhash', height));
    const blocks = await inParallel(hashes.flat(), (hash) => this.#call<string>('getblock', hash, false));
    const byId = new Map<string, Transaction>();
    for (const hex of blocks) {
      const { transactions } = Block.fromBytes(hexToBytes(hex), this.#params.generation);
      for (const tx of transactions) byId.set(hashToHex(tx.txid), tx);
    }
    return [...byId.values()];
  }

  #output({ hash, index }: OutPoint): Promise<{ confirmations: number; coinbase: boolean } | null> {
    return this.#call('gettxout', hashToHex(hash), index, false);
  }

  /** Outputs that transactions of the pool spend. */
  async #reserved(): Promise<Set<string>> {
    const txids = await this.#call<string[]>('getrawmempool');
    const reserved = new Set<string>();
    await inParallel(txids, async (txid) => {
      const tx = Transaction.fromBytes(hexToBytes(await this.#call<string>('getrawtransaction', txid)));
      for (const { prevout } of tx.inputs) reserved.add(nameOf(prevout));
    });
    return reserved;
  }

  async #call<T>(method: string, ...params: readonly unknown[]): Promise<T> {
    const headers = { authorization: this.#authorization };
    const body = JSON.stringify({ jsonrpc: '1.0', id: 1, method, params });
    let response: Response;
    try {
      response = await fetch(this.#url, { method: 'POST', headers, body });
    } catch {
      throw new RpcWalletError(`no node answers at ${this.#url}: is soterd devnet running?`);
    }
    if (!response.ok) throw new RpcWalletError(`the node answers with ${response.status} ${response.statusText}`);
    const { result, error } = (await response.json()) as { result: T; error: { message: string } | null };
    if (error) throw new RpcWalletError(error.message);
    return result;
  }
}

function nameOf({ hash, index }: OutPoint): string {
  return `${hashToHex(hash)}:${index}`;
}

/** Runs work for each item, a few at a time; results in the order of the items. */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return results;
}
