import { hashToHex } from '../../util/hash.ts';
import type { BlockHeader } from '../../wire/index.ts';
import type { JsonResult } from '../json/encode.ts';
import type { RpcPorts } from '../ports.ts';
import { decimal, hash, list, maybe, record, text, whole } from '../schema/result.ts';
import { difficultyOf } from './difficulty.ts';
import { transactionSchema } from './transaction.ts';

const frontSchema = {
  height: whole(),
  version: whole(),
  versionHex: text('', 'hex'),
  merkleroot: hash(),
};

const backSchema = {
  time: whole('', 'Unix seconds'),
  nonce: whole(),
  bits: text('Compact target', 'hex'),
  difficulty: decimal(),
  previousblockhash: hash('Digest of the tips it was built on; zeros for genesis'),
  nextblockhashes: maybe(list(hash(), 'All blocks of the next height')),
};

const CONFIRMATIONS = 'Difference between the greatest height and that of the block, plus 1';

/** The verbose form of a header. */
export const headerSchema = record({
  hash: text('As it was given', 'given hash'),
  confirmations: whole(CONFIRMATIONS),
  ...frontSchema,
  ...backSchema,
});

/** The verbose form of a block. */
export const blockSchema = record({
  hash: text('As it was given', 'given hash'),
  confirmations: whole(CONFIRMATIONS),
  strippedsize: whole('Without witness data', 'bytes'),
  size: whole('', 'bytes'),
  weight: whole(),
  ...frontSchema,
  tx: maybe(list(hash(), 'Ids of the transactions, with verbosetx=false')),
  rawtx: maybe(list(transactionSchema, 'With verbosetx=true')),
  ...backSchema,
  parents: maybe(
    list(
      record({
        version: whole('Of the parent sub-header'),
        parentdata: list(whole('', 'byte')),
        hash: hash(),
      }),
      'In the order of the block; left out for genesis',
    ),
  ),
});

/** A signed 32-bit number as eight hexadecimal digits; the sign of a negative one takes the place of the first. */
function signedHex(value: number): string {
  return value < 0 ? `-${(-value).toString(16).padStart(7, '0')}` : value.toString(16).padStart(8, '0');
}

/** Difference between the greatest height and that of a block, plus one. It says nothing about descendants. */
export function confirmations(ports: Pick<RpcPorts, 'dag'>, height: number): number {
  return 1 + ports.dag.snapshot().maxHeight - height;
}

/** Members that getblock and getblockheader share, split where getblock puts its own between them. */
export function headerMembers(ports: RpcPorts, header: BlockHeader, height: number) {
  const next = ports.dag.blocksAtHeight(height + 1);
  const front = {
    height,
    version: header.version,
    versionHex: signedHex(header.version),
    merkleroot: hashToHex(header.merkleRoot),
  };
  const back: { readonly [name: string]: JsonResult | undefined } = {
    time: header.timestamp,
    nonce: header.nonce,
    bits: header.bits.toString(16),
    difficulty: difficultyOf(header.bits, ports.params),
    previousblockhash: hashToHex(header.prevBlock),
    nextblockhashes: next.length > 0 ? next.map(hashToHex) : undefined,
  };
  return { front, back };
}
