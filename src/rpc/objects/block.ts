import { hashToHex } from '../../util/hash.ts';
import type { BlockHeader } from '../../wire/index.ts';
import type { JsonResult } from '../json/encode.ts';
import type { RpcPorts } from '../ports.ts';
import { difficultyOf } from './difficulty.ts';

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
