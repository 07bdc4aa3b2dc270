import { MAX_BLOCK_TRANSACTIONS } from '../block.ts';
import { messageError, type WireError } from '../errors.ts';
import { BlockHeader } from '../header.ts';
import type { FilterAddMessage, FilterLoadMessage, MerkleBlockMessage } from '../message.ts';
import { MAX_BLOCK_PAYLOAD } from './blocks.ts';
import { BLOOM_VERSION, type Codec } from './codec.ts';

/** Most bytes of a bloom filter. */
export const MAX_FILTER_SIZE = 36_000;
/** Most hash functions of a bloom filter. */
export const MAX_HASH_FUNCTIONS = 50;
/** Most bytes of one element added to a filter, the largest push of a script. */
const MAX_FILTER_ADD_SIZE = 520;
/** Most bytes of the flags of a merkle block. */
const MAX_MERKLE_FLAGS = 50_000;

function tooManyFunctions(direction: string, count: number): WireError {
  return messageError(
    `MsgFilterLoad.${direction}`,
    `too many filter hash functions for message [count ${count}, max ${MAX_HASH_FUNCTIONS}]`,
  );
}

function tooManyHashes(direction: string, count: number | bigint): WireError {
  return messageError(
    `MsgMerkleBlock.${direction}`,
    `too many transaction hashes for message [count ${count}, max ${MAX_BLOCK_TRANSACTIONS}]`,
  );
}

const filterLoadCodec: Codec<FilterLoadMessage> = {
  name: 'MsgFilterLoad',
  since: BLOOM_VERSION,
  maxPayload: () => 3 + MAX_FILTER_SIZE + 9,
  read(reader) {
    const filter = reader.varBytes(MAX_FILTER_SIZE, 'filterload filter size');
    const hashFunctions = reader.u32();
    const tweak = reader.u32();
    const flags = reader.u8();
    if (hashFunctions > MAX_HASH_FUNCTIONS) throw tooManyFunctions('SotoDecode', hashFunctions);
    return { command: 'filterload', filter, hashFunctions, tweak, flags };
  },
  write(writer, { filter, hashFunctions, tweak, flags }) {
    if (filter.length > MAX_FILTER_SIZE)
      throw messageError(
        'MsgFilterLoad.SotoEncode',
        `filterload filter size too large for message [size ${filter.length}, max ${MAX_FILTER_SIZE}]`,
      );
    if (hashFunctions > MAX_HASH_FUNCTIONS) throw tooManyFunctions('SotoEncode', hashFunctions);
    writer.varBytes(filter);
    writer.u32(hashFunctions);
    writer.u32(tweak);
    writer.u8(flags);
  },
};

const filterAddCodec: Codec<FilterAddMessage> = {
  name: 'MsgFilterAdd',
  since: BLOOM_VERSION,
  maxPayload: () => 3 + MAX_FILTER_ADD_SIZE,
  read: (reader) => ({ command: 'filteradd', data: reader.varBytes(MAX_FILTER_ADD_SIZE, 'filteradd data') }),
  write(writer, { data }) {
    if (data.length > MAX_FILTER_ADD_SIZE)
      throw messageError(
        'MsgFilterAdd.SotoEncode',
        `filteradd size too large for message [size ${data.length}, max ${MAX_FILTER_ADD_SIZE}]`,
      );
    writer.varBytes(data);
  },
};

const merkleBlockCodec: Codec<MerkleBlockMessage> = {
  name: 'MsgMerkleBlock',
  since: BLOOM_VERSION,
  maxPayload: () => MAX_BLOCK_PAYLOAD,
  read(reader) {
    const header = BlockHeader.read(reader);
    const transactionCount = reader.u32();
    const count = reader.count(MAX_BLOCK_TRANSACTIONS, (n) => tooManyHashes('SotoDecode', n));
    reader.expect(count, 32);
    const hashes = Array.from({ length: count }, () => reader.hash());
    const flags = reader.varBytes(MAX_MERKLE_FLAGS, 'merkle block flags size');
    return { command: 'merkleblock', header, transactionCount, hashes, flags };
  },
  write(writer, { header, transactionCount, hashes, flags }) {
    if (hashes.length > MAX_BLOCK_TRANSACTIONS) throw tooManyHashes('SotoEncode', hashes.length);
    if (flags.length > MAX_MERKLE_FLAGS)
      throw messageError(
        'MsgMerkleBlock.SotoEncode',
        `too many flag bytes for message [count ${flags.length}, max ${MAX_MERKLE_FLAGS}]`,
      );
    writer.bytes(header.toBytes());
    writer.u32(transactionCount);
    writer.varint(hashes.length);
    for (const hash of hashes) writer.hash(hash);
    writer.varBytes(flags);
  },
  sizeHint: ({ hashes, flags }) => 80 + 4 + 9 + 32 * hashes.length + 9 + flags.length,
};

/** Bloom filtering (BIP 37). */
export const bloomCodecs = {
  filterload: filterLoadCodec,
  filteradd: filterAddCodec,
  merkleblock: merkleBlockCodec,
};
