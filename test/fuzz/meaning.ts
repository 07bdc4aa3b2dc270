import type { Hash } from '../../src/util/hash.ts';
import { ZERO_HASH } from '../../src/util/hash.ts';
import type { SeededRandom } from '../../src/util/testing/seeded-random.ts';
import { COMMANDS, InvType, type InvVector, type Message, type NetAddress, RejectCode } from '../../src/wire/index.ts';
import { versionMessage } from '../simulation/hostile/session.ts';
import type { FuzzChain } from './chain.ts';
import { strangeBlock, strangeTransaction } from './forgeries.ts';

const INV_TYPES: readonly number[] = Object.values(InvType);
const REJECT_CODES: readonly number[] = Object.values(RejectCode);
/** Entries of lists; the largest are rare. */
const COUNTS = [0, 1, 1, 1, 2, 2, 7, 40, 200];
const LARGE_COUNTS = [500, 501, 1000, 2000];
const LARGE_SHARE = 0.03;
const MIN_I64 = -(2n ** 63n);
const MAX_U64 = 2n ** 64n - 1n;

/** Commands that end most connections at once, whatever they say: others would not get their turn. */
export const FINAL_COMMANDS: readonly string[] = ['version', 'verack', 'headers', 'filterclear', 'filteradd'];
/** How often they are sent all the same. */
const FINAL_SHARE = 0.03;
const LASTING_COMMANDS = COMMANDS.filter((command) => !FINAL_COMMANDS.includes(command));

/** Any command, but seldom one that ends the connection. */
export function drawCommand(random: SeededRandom): string {
  return random.pick(random.chance(FINAL_SHARE) ? FINAL_COMMANDS : LASTING_COMMANDS);
}

/** Messages that are well-formed and say something strange. */
export class StrangeMessages {
  readonly #random: SeededRandom;
  readonly #chain: FuzzChain;

  constructor(chain: FuzzChain, random: SeededRandom) {
    this.#chain = chain;
    this.#random = random;
  }

  /** A message of some command. */
  next(): Message {
    const random = this.#random;
    // Blocks and transactions go deepest into the node.
    if (random.chance(0.2)) return { command: 'block', block: strangeBlock(this.#chain, random) };
    if (random.chance(0.25)) return { command: 'tx', tx: strangeTransaction(this.#chain, random) };
    return this.of(drawCommand(random));
  }

  /** A message of a command. */
  of(command: string): Message {
    const random = this.#random;
    switch (command) {
      case 'version':
        return this.version();
      case 'verack':
      case 'getaddr':
      case 'getaddrcache':
      case 'mempool':
      case 'filterclear':
      case 'sendheaders':
        return { command };
      case 'addr':
        return { command, addresses: this.#list(1000, () => this.#address()) };
      case 'addrcache':
        return { command, addresses: this.#list(1000, () => this.#address()) };
      case 'getblocks':
      case 'getheaders':
        return {
          command,
          protocolVersion: random.uint32(),
          locatorHeights: random.chance(0.9) ? [this.#height()] : [],
          stopHash: this.#hash(),
        };
      case 'inv':
      case 'getdata':
      case 'notfound':
        return { command, inventory: this.#list(2000, () => this.#vector()) };
      case 'block':
        return { command, block: strangeBlock(this.#chain, random) };
      case 'tx':
        return { command, tx: strangeTransaction(this.#chain, random) };
      case 'headers':
        return { command, headers: this.#list(2000, () => random.pick(this.#chain.blocks).block.header) };
      case 'ping':
      case 'pong':
        return { command, nonce: this.#number(MAX_U64) };
      case 'reject':
        return this.#reject();
      case 'merkleblock':
        return {
          command,
          header: random.pick(this.#chain.blocks).block.header,
          transactionCount: random.uint32(),
          hashes: this.#list(200, () => this.#hash()),
          flags: random.bytes(random.below(30)),
        };
      case 'feefilter':
        return { command, minFee: random.pick([MIN_I64, -1n, 0n, 1n, 1000n, 2n ** 63n - 1n]) };
      case 'alert':
        return { command, payload: random.bytes(random.between(1, 300)), signature: random.bytes(random.below(80)) };
      default:
        return this.#bloomOrFilter(command);
    }
  }

  /** A version; half of them are as they should be. */
  version(): Message {
    const random = this.#random;
    const proper = {
      timestamp: BigInt(this.#chain.time),
      nonce: BigInt(random.uint32()),
      genesisHash: this.#chain.params.genesisHash,
    };
    if (random.chance(0.5)) return versionMessage(proper);
    return versionMessage({
      ...proper,
      ...random.pick([
        {
          protocolVersion: random.pick([0, -1, 208, 209, 60_000, 60_001, 70_001, 70_002, 70_012, 70_014, 2 ** 31 - 1]),
        },
        { services: this.#number(MAX_U64) },
        { timestamp: random.pick([MIN_I64, 0n, 2n ** 40n, 2n ** 63n - 1n]) },
        { userAgent: random.pick(['', '/', '/soterwire:0.6.0/soterd:4.0.0/', '\u0000\uffff', 'x'.repeat(230)]) },
        { genesisHash: this.#hash() },
        { lastBlock: this.#height() },
        { relay: false },
      ]),
    });
  }

  #bloomOrFilter(command: string): Message {
    const random = this.#random;
    const filterType = random.pick([0, 0, 0, 1, 255]);
    const stopHash = this.#hash();
    switch (command) {
      case 'filterload':
        return {
          command,
          filter: random.bytes(random.pick([0, 1, 8, 300, 36_000])),
          hashFunctions: random.pick([0, 1, 11, 50]),
          tweak: random.uint32(),
          flags: random.pick([0, 1, 2, 3, 255]),
        };
      case 'filteradd':
        return { command, data: random.bytes(random.pick([0, 1, 20, 32, 520])) };
      case 'getcfilters':
      case 'getcfheaders':
        return { command, filterType, startHeight: random.pick([0, 1, 100, 2 ** 31, 2 ** 32 - 1]), stopHash };
      case 'getcfcheckpt':
        return { command, filterType, stopHash };
      case 'cfilter':
        return { command, filterType, blockHash: stopHash, filter: random.bytes(random.below(300)) };
      case 'cfheaders':
        return {
          command,
          filterType,
          stopHash,
          previousFilterHeader: this.#hash(),
          filterHashes: this.#list(2000, () => this.#hash()),
        };
      case 'cfcheckpt':
        return { command, filterType, stopHash, filterHeaders: this.#list(2000, () => this.#hash()) };
      default:
        return { command: 'filterclear' };
    }
  }

  #reject(): Message {
    const random = this.#random;
    const rejectedCommand = random.pick([
      'block',
      'tx',
      'version',
      'getdata',
      'malformed',
      '',
      'é\u0000',
      'x'.repeat(300),
    ]);
    const hash = rejectedCommand === 'block' || rejectedCommand === 'tx' ? { hash: this.#hash() } : {};
    const reason = random.pick(['', 'no', '\u0007\u001b[31m\r\n', 'y'.repeat(3000)]);
    return { command: 'reject', rejectedCommand, code: random.pick(REJECT_CODES), reason, ...hash };
  }

  #list<T>(limit: number, make: () => T): T[] {
    const random = this.#random;
    const count = random.pick(random.chance(LARGE_SHARE) ? LARGE_COUNTS : COUNTS);
    return Array.from({ length: Math.min(limit, count) }, make);
  }

  #vector(): InvVector {
    const random = this.#random;
    const type = random.chance(0.9) ? random.pick(INV_TYPES) : random.uint32();
    return { type, hash: this.#hash(), height: this.#height() };
  }

  /** Known and unknown blocks and transactions. */
  #hash(): Hash {
    const random = this.#random;
    const { blocks, coinbases, params } = this.#chain;
    switch (random.below(6)) {
      case 0:
        return ZERO_HASH;
      case 1:
        return params.genesisHash;
      case 2:
      case 3:
        return random.pick(blocks).block.hash;
      case 4:
        return random.pick(coinbases).txid;
      default:
        return random.bytes(32);
    }
  }

  #height(): number {
    const random = this.#random;
    const top = this.#chain.blocks.at(-1)?.height ?? 0;
    return random.pick([-1, 0, 1, random.below(top + 1), top, top + 1, top + 1000, 2 ** 31 - 1, -(2 ** 31)]);
  }

  #number(most: bigint): bigint {
    return this.#random.pick([0n, 1n, BigInt(this.#random.uint32()), most]);
  }

  #address(): NetAddress {
    const random = this.#random;
    const ip = random.bytes(16);
    if (random.chance(0.8)) ip.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]);
    return {
      services: this.#number(MAX_U64),
      ip: random.chance(0.05) ? new Uint8Array(16) : ip,
      port: random.pick([0, 1, 18_555, 65_535]),
      timestamp: random.pick([0, this.#chain.time, this.#chain.time + 10_000, 2 ** 32 - 1]),
    };
  }
}
