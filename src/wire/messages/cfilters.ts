import type { Hash } from '../../util/hash.ts';
import { messageError, WireError } from '../errors.ts';
import type {
  CFHeadersMessage,
  CFilterMessage,
  CfCheckptMessage,
  FilterRangeMessage,
  GetCfCheckptMessage,
} from '../message.ts';
import { type ByteReader, MAX_VAR_LENGTH } from '../reader.ts';
import type { ByteWriter } from '../writer.ts';
import { type Codec, MAX_VARINT_SIZE } from './codec.ts';

/** Most bytes of a committed filter. */
const MAX_CFILTER_SIZE = 262_144;
/** Most filter hashes of one message. */
export const MAX_CFHEADERS = 2000;
/** Most filter headers of one checkpoint message. */
const MAX_CHECKPOINTS = 100_000;

function readHashes(reader: ByteReader, max: number, tooMany: (count: number | bigint) => WireError): Hash[] {
  const count = reader.count(max, tooMany);
  reader.expect(count, 32);
  return Array.from({ length: count }, () => reader.hash());
}

function writeHashes(writer: ByteWriter, hashes: readonly Hash[]): void {
  writer.varint(hashes.length);
  for (const hash of hashes) writer.hash(hash);
}

function rangeCodec<C extends FilterRangeMessage['command']>(command: C, name: string): Codec<FilterRangeMessage<C>> {
  return {
    name,
    maxPayload: () => 37,
    read: (reader) => ({
      command,
      filterType: reader.u8(),
      startHeight: reader.u32(),
      stopHash: reader.hash(),
    }),
    write(writer, { filterType, startHeight, stopHash }) {
      writer.u8(filterType);
      writer.u32(startHeight);
      writer.hash(stopHash);
    },
  };
}

const getCfCheckptCodec: Codec<GetCfCheckptMessage> = {
  name: 'MsgGetCFCheckpt',
  maxPayload: () => 33,
  read: (reader) => ({ command: 'getcfcheckpt', filterType: reader.u8(), stopHash: reader.hash() }),
  write(writer, { filterType, stopHash }) {
    writer.u8(filterType);
    writer.hash(stopHash);
  },
};

const cfilterCodec: Codec<CFilterMessage> = {
  name: 'MsgCFilter',
  maxPayload: () => 1 + 32 + 5 + MAX_CFILTER_SIZE,
  read: (reader) => ({
    command: 'cfilter',
    filterType: reader.u8(),
    blockHash: reader.hash(),
    filter: reader.varBytes(MAX_CFILTER_SIZE, 'cfilter data'),
  }),
  write(writer, { filterType, blockHash, filter }) {
    if (filter.length > MAX_CFILTER_SIZE)
      throw messageError(
        'MsgCFilter.SotoEncode',
        `cfilter size too large for message [size ${filter.length}, max ${MAX_CFILTER_SIZE}]`,
      );
    writer.u8(filterType);
    writer.hash(blockHash);
    writer.varBytes(filter);
  },
};

function tooManyFilterHashes(direction: string, count: number | bigint): WireError {
  return messageError(
    `MsgCFHeaders.${direction}`,
    `too many committed filter headers for message [count ${count}, max ${MAX_CFHEADERS}]`,
  );
}

const cfheadersCodec: Codec<CFHeadersMessage> = {
  name: 'MsgCFHeaders',
  maxPayload: () => 1 + 32 + 32 + MAX_VARINT_SIZE + MAX_CFHEADERS * 32,
  read: (reader) => ({
    command: 'cfheaders',
    filterType: reader.u8(),
    stopHash: reader.hash(),
    previousFilterHeader: reader.hash(),
    filterHashes: readHashes(reader, MAX_CFHEADERS, (n) => tooManyFilterHashes('SotoDecode', n)),
  }),
  write(writer, { filterType, stopHash, previousFilterHeader, filterHashes }) {
    if (filterHashes.length > MAX_CFHEADERS) throw tooManyFilterHashes('SotoEncode', filterHashes.length);
    writer.u8(filterType);
    writer.hash(stopHash);
    writer.hash(previousFilterHeader);
    writeHashes(writer, filterHashes);
  },
};

const cfcheckptCodec: Codec<CfCheckptMessage> = {
  name: 'MsgCFCheckpt',
  maxPayload: () => MAX_VAR_LENGTH,
  read: (reader) => ({
    command: 'cfcheckpt',
    filterType: reader.u8(),
    stopHash: reader.hash(),
    filterHeaders: readHashes(
      reader,
      MAX_CHECKPOINTS,
      () => new WireError('other', 'refusing to decode unreasonable number of filter headers'),
    ),
  }),
  write(writer, { filterType, stopHash, filterHeaders }) {
    writer.u8(filterType);
    writer.hash(stopHash);
    writeHashes(writer, filterHeaders);
  },
};

/** Committed filters (BIP 157). */
export const cfilterCodecs = {
  getcfilters: rangeCodec('getcfilters', 'MsgGetCFilters'),
  getcfheaders: rangeCodec('getcfheaders', 'MsgGetCFHeaders'),
  getcfcheckpt: getCfCheckptCodec,
  cfilter: cfilterCodec,
  cfheaders: cfheadersCodec,
  cfcheckpt: cfcheckptCodec,
};
