import { readFileSync } from 'node:fs';
import type { NetworkParams } from '../../params/index.ts';
import { bytesToHex, hexToBytes } from '../../util/bytes.ts';
import { hashToHex } from '../../util/hash.ts';
import { Block, type OutPoint, Transaction } from '../../wire/index.ts';
import type { NamedKey } from './key-ring.ts';
import type { Coin, TestKey } from './keys.ts';

/** Questions that one request asks: the node takes 1,000. */
const BATCH = 500;
/** Blocks that one request asks for: a full one is two million characters, and the node sends at most 64 MiB. */
const BLOCK_BATCH = 25;

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
    const outputs = await this.#outputs(found.map(({ outpoint }) => outpoint));
    const unspent = found.map((coin, i) => {
      const output = outputs[i];
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
    const heights = Array.from({ length: maxheight }, (_, index) => [index + 1]);
    const hashes = await this.#askAll<string[]>('getblockhash', heights);
    const names = hashes.flat().map((hash) => [hash, false]);
    const blocks = await this.#askAll<string>('getblock', names, BLOCK_BATCH);
    const byId = new Map<string, Transaction>();
    for (const hex of blocks) {
      const { transactions } = Block.fromBytes(hexToBytes(hex), this.#params.generation);
      for (const tx of transactions) byId.set(hashToHex(tx.txid), tx);
    }
    return [...byId.values()];
  }

  #outputs(outpoints: readonly OutPoint[]): Promise<({ confirmations: number; coinbase: boolean } | null)[]> {
    const params = outpoints.map(({ hash, index }) => [hashToHex(hash), index, false]);
    return this.#askAll('gettxout', params);
  }

  /** Outputs that transactions of the pool spend. */
  async #reserved(): Promise<Set<string>> {
    const txids = await this.#call<string[]>('getrawmempool');
    const names = txids.map((txid) => [txid]);
    const reserved = new Set<string>();
    // What has left the pool since is in a block, whose outputs were asked about, or gone.
    for (const hex of await this.#askAll<string | undefined>('getrawtransaction', names, BATCH, () => undefined)) {
      if (hex === undefined) continue;
      for (const { prevout } of Transaction.fromBytes(hexToBytes(hex)).inputs) reserved.add(nameOf(prevout));
    }
    return reserved;
  }

  /**
   * One question with many parameters, as few requests as possible; answers in the order of the parameters.
   * @param refused what stands for an answer that is an error; default: the error is thrown.
   */
  async #askAll<T>(
    method: string,
    params: readonly (readonly unknown[])[],
    batch = BATCH,
    refused: (message: string) => T = (message) => {
      throw new RpcWalletError(message);
    },
  ): Promise<T[]> {
    const results: T[] = [];
    for (let first = 0; first < params.length; first += batch) {
      const requests = params
        .slice(first, first + batch)
        .map((each, id) => ({ jsonrpc: '2.0', id, method, params: each }));
      const answers = await this.#post<readonly { result: T; error?: { message: string } }[]>(requests);
      for (const { result, error } of answers) results.push(error ? refused(error.message) : result);
    }
    return results;
  }

  async #call<T>(method: string, ...params: readonly unknown[]): Promise<T> {
    const request = { jsonrpc: '1.0', id: 1, method, params };
    const { result, error } = await this.#post<{ result: T; error: { message: string } | null }>(request);
    if (error) throw new RpcWalletError(error.message);
    return result;
  }

  async #post<T>(request: unknown): Promise<T> {
    const headers = { authorization: this.#authorization };
    let response: Response;
    try {
      response = await fetch(this.#url, { method: 'POST', headers, body: JSON.stringify(request) });
    } catch {
      throw new RpcWalletError(`no node answers at ${this.#url}: is soterd devnet running?`);
    }
    if (!response.ok) throw new RpcWalletError(`the node answers with ${response.status} ${response.statusText}`);
    return (await response.json()) as T;
  }
}

function nameOf({ hash, index }: OutPoint): string {
  return `${hashToHex(hash)}:${index}`;
}
