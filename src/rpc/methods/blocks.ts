import { bytesToHex, EMPTY_BYTES } from '../../util/bytes.ts';
import { type Hash, hashToHex, isZeroHash } from '../../util/hash.ts';
import type { Block } from '../../wire/index.ts';
import { hexError, RpcError, RpcErrorCode } from '../errors.ts';
import type { JsonResult } from '../json/encode.ts';
import { blockSchema, confirmations, headerMembers, headerSchema } from '../objects/block.ts';
import { difficultyOf } from '../objects/difficulty.ts';
import { parseHash } from '../objects/hash-param.ts';
import { transactionObject } from '../objects/transaction.ts';
import { optional, required } from '../params/signature.ts';
import { bool, filterType, int32, int64, listOf, string } from '../params/types.ts';
import type { RpcFilters, RpcPorts } from '../ports.ts';
import { choice, decimal, flag, hash, hex, list, record, whole } from '../schema/result.ts';
import { defineMethod, type Method } from './define.ts';

/** Most headers of one answer of getheaders. */
const MAX_HEADERS = 2000;
/** Blocks that verifychain checks before it lets other work run. */
const BLOCKS_PER_TURN = 50;
/** The only committed filter type. */
const BASIC_FILTER = 0;

const hashParam = required('hash', string, 'Hash of a block.');

/** Methods about single blocks and lists of them. */
export const blockMethods: readonly Method[] = [
  defineMethod({
    name: 'getbestblock',
    limited: true,
    about: 'The block that was connected last.',
    result: record({ hash: hash(), height: whole() }),
    run: ({ ports }) => {
      const { hash, height } = ports.dag.bestState();
      return { hash: hashToHex(hash), height };
    },
  }),
  defineMethod({
    name: 'getbestblockhash',
    limited: true,
    about: 'Hash of the block that was connected last.',
    result: hash(),
    run: ({ ports }) => hashToHex(ports.dag.bestState().hash),
  }),
  defineMethod({
    name: 'getblockcount',
    limited: true,
    about: 'How many blocks the DAG has, genesis included.',
    result: whole('', 'blocks'),
    run: ({ ports }) => ports.dag.snapshot().blockCount,
  }),
  defineMethod({
    name: 'getdifficulty',
    limited: true,
    about: 'Difficulty of the block that was connected last, as a multiple of the easiest one.',
    result: decimal(),
    run: ({ ports }) => difficultyOf(ports.dag.bestState().bits, ports.params),
  }),
  defineMethod({
    name: 'getblockhash',
    params: [required('index', int64, 'Height in the DAG; genesis has 0.')],
    limited: true,
    about: 'Hashes of all blocks of a height.',
    result: list(hash(), 'Ascending'),
    run: ({ ports: { dag } }, [height]) => {
      const inRange = height >= 0 && height <= dag.snapshot().maxHeight;
      const hashes = inRange ? dag.blocksAtHeight(height) : [];
      if (hashes.length === 0) throw new RpcError(RpcErrorCode.misc, 'Block number out of range');
      return hashes.map(hashToHex);
    },
  }),
  defineMethod({
    name: 'getblock',
    params: [
      hashParam,
      optional('verbose', bool, 'An object; otherwise the serialised block.', true),
      optional('verbosetx', bool, 'Transactions as objects; otherwise their ids.', false),
    ],
    limited: true,
    about: 'A block.',
    result: choice(['verbose=false', hex('The serialised block')], ['verbose=true', blockSchema]),
    run: ({ ports }, [text, verbose = true, verboseTransactions = false]) => {
      const hash = parseHash(text);
      if (!verbose) {
        const bytes = ports.dag.getBlockBytes(hash);
        if (!bytes) throw blockNotFound();
        return bytesToHex(bytes);
      }
      const block = ports.dag.getBlock(hash);
      if (!block) throw blockNotFound();
      return blockObject(ports, text, block, connectedHeight(ports, hash), verboseTransactions);
    },
  }),
  defineMethod({
    name: 'getblockheader',
    params: [hashParam, optional('verbose', bool, 'An object; otherwise the 80 bytes of the header.', true)],
    limited: true,
    about: 'The header of a block.',
    result: choice(['verbose=false', hex('The 80 bytes of the header')], ['verbose=true', headerSchema]),
    run: ({ ports }, [text, verbose = true]): JsonResult => {
      const hash = parseHash(text);
      const header = ports.dag.getHeader(hash);
      if (!header) throw blockNotFound();
      if (!verbose) return bytesToHex(header.toBytes());
      const height = connectedHeight(ports, hash);
      const { front, back } = headerMembers(ports, header, height);
      return { hash: text, confirmations: confirmations(ports, height), ...front, ...back };
    },
  }),
  defineMethod({
    name: 'getheaders',
    params: [
      required('blocklocators', listOf(string), 'Heights as decimal text; headers after the first one are returned.'),
      required('hashstop', string, 'Last block wanted, or "" for the greatest height.'),
    ],
    limited: true,
    about: 'Headers of all blocks of a range of heights; without locators that of the last block alone.',
    result: list(hex('80 bytes'), `At most ${MAX_HEADERS}`),
    run: ({ ports }, [locators, stop]) => headersBetween(ports, locators.map(parseHeight), parseHash(stop)),
  }),
  defineMethod({
    name: 'verifychain',
    params: [
      optional('checklevel', int32, '0 only reads the blocks, 1 and more checks their own rules.', 3),
      optional('checkdepth', int32, 'How many heights to check, from the greatest down.', 288),
    ],
    about: 'Checks stored blocks.',
    result: flag('Whether all were in order'),
    run: ({ ports }, [level = 0, depth = 0]) => verifyBlocks(ports, level, depth),
  }),
  defineMethod({
    name: 'getcfilter',
    params: [hashParam, required('filtertype', filterType, 'Kind of filter: 0.')],
    limited: true,
    about: 'The committed filter of a block.',
    result: hex('Number of elements and the Golomb-coded set; empty for an unknown block'),
    run: ({ ports }, [text, type]) => {
      const filters = filterIndex(ports);
      const hash = parseHash(text);
      if (type !== BASIC_FILTER) throw blockNotFound();
      return bytesToHex(filters.filter(hash) ?? EMPTY_BYTES);
    },
  }),
  defineMethod({
    name: 'getcfilterheader',
    params: [hashParam, required('filtertype', filterType, 'Kind of filter: 0.')],
    limited: true,
    about: 'The header of the committed filter of a block.',
    result: hash(),
    run: ({ ports }, [text, type]) => {
      const header = filterIndex(ports).filterHeader(parseHash(text));
      if (!header || type !== BASIC_FILTER) throw blockNotFound();
      return hashToHex(header);
    },
  }),
];

function blockNotFound(): RpcError {
  return new RpcError(RpcErrorCode.notFound, 'Block not found');
}

/** Height of a stored block; one that failed to connect has none. */
function connectedHeight({ dag }: RpcPorts, hash: Hash): number {
  const height = dag.blockHeight(hash);
  if (height === undefined)
    throw new RpcError(RpcErrorCode.internal, `block ${hashToHex(hash)} is not in the main chain`);
  return height;
}

/** `text` is the hash as the client wrote it, which the answer repeats. */
function blockObject(
  ports: RpcPorts,
  text: string,
  block: Block,
  height: number,
  verboseTransactions: boolean,
): JsonResult {
  const { front, back } = headerMembers(ports, block.header, height);
  const depth = confirmations(ports, height);
  const place = { header: block.header, confirmations: depth };
  return {
    hash: text,
    confirmations: depth,
    strippedsize: block.strippedSize,
    size: block.size,
    weight: block.weight,
    ...front,
    ...(verboseTransactions
      ? { rawtx: block.transactions.map((transaction) => transactionObject(transaction, ports.params, place)) }
      : { tx: block.transactions.map((transaction) => hashToHex(transaction.txid)) }),
    ...back,
    parents:
      block.parents.length === 0
        ? undefined
        : block.parents.map(({ hash, data }) => ({
            version: block.parentsVersion,
            parentdata: [...data],
            hash: hashToHex(hash),
          })),
  };
}

/** A height as decimal text, 32 bits. */
function parseHeight(text: string): number {
  const height = /^[+-]?\d+$/u.test(text) ? Number(text) : Number.NaN;
  if (!(height >= -(2 ** 31) && height < 2 ** 31)) throw hexError(text);
  return height;
}

function headersBetween({ dag }: RpcPorts, locators: readonly number[], stop: Hash): JsonResult {
  const { maxHeight } = dag.snapshot();
  const last = isZeroHash(stop) ? dag.blocksAtHeight(maxHeight).at(-1) : stop;
  const stopHeight = last && dag.blockHeight(last);
  if (!last || stopHeight === undefined) return [];
  const headers: string[] = [];
  const add = (hash: Hash) => {
    const header = dag.getHeader(hash);
    if (header) headers.push(bytesToHex(header.toBytes()));
  };
  const [first] = locators;
  if (first === undefined) {
    add(last);
    return headers;
  }
  for (let height = Math.max(0, first + 1); height <= stopHeight; height++) {
    for (const hash of dag.blocksAtHeight(height)) {
      if (headers.length === MAX_HEADERS) return headers;
      add(hash);
    }
  }
  return headers;
}

async function verifyBlocks(ports: RpcPorts, level: number, depth: number): Promise<boolean> {
  const { dag } = ports;
  const { maxHeight } = dag.snapshot();
  let read = 0;
  for (let height = maxHeight; height > Math.max(0, maxHeight - depth); height--) {
    for (const hash of dag.blocksAtHeight(height)) {
      const block = dag.getBlock(hash);
      if (!block || (level > 0 && !dag.isSane(block))) return false;
      if (++read % BLOCKS_PER_TURN === 0) await ports.pause();
    }
  }
  return true;
}

function filterIndex({ filters }: RpcPorts): RpcFilters {
  if (!filters) throw new RpcError(RpcErrorCode.notFound, 'The CF index must be enabled for this command');
  return filters;
}
