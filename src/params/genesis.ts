import { hexToBytes } from '../util/bytes.ts';
import { ZERO_HASH } from '../util/hash.ts';
import { Block, BlockHeader, type Generation, merkleRoot, Transaction } from '../wire/index.ts';

/** What tells one network's genesis block from another's. */
interface GenesisFields {
  /** Unix seconds. */
  readonly timestamp: number;
  readonly bits: number;
  readonly nonce: number;
}

/** Bitcoin's first transaction with a tenth of its amount in base units; its output can not be spent. */
const COINBASE =
  '01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d65' +
  '732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062' +
  '616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4c' +
  'ef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000';

/** A genesis block: no parents, no proof of work to check, and in generation 4 an empty cycle. */
export function genesisBlock(fields: GenesisFields, generation: Generation): Block {
  const coinbase = Transaction.fromBytes(hexToBytes(COINBASE));
  return new Block({
    header: new BlockHeader({ version: 1, prevBlock: ZERO_HASH, merkleRoot: merkleRoot([coinbase.txid]), ...fields }),
    parentsVersion: 1,
    parents: [],
    ...(generation === 4 && { verification: { version: 1, nonces: [] } }),
    transactions: [coinbase],
  });
}
