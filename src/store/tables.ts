/**
 * Every table of the database and the layout of its rows. Integers in keys are big endian, so that the order of keys is
 * the order of numbers; integers in values are little endian like on the wire; `varint` is the variable-length integer
 * of the
 * protocol (docs/protocol.md). LMDB adds a CRC-32 to every value (see `lmdb.ts`); it is not shown here.
 *
 * Schema version 1:
 *
 * | Table | Key | Value |
 * |---|---|---|
 * | `meta` | `schema` | u32 version of this layout |
 * | | `network` | 32 bytes: hash of the genesis block the data belongs to |
 * | | `state` | the state record, written by every commit: `dag/persist/state-record.ts` |
 * | | `estimatefee` | what the fee estimator has learnt, from an orderly stop to the next start: `mempool/fee-history.ts` |
 * | | `outputs-sum` | 2048 bytes: state of the hash over the stored output set: `dag/outputs/set-hash.ts` |
 * | | `index-transactions`, `index-addresses`, `index-filters` | how far an optional index has come: `index/progress.ts` |
 * | `blocks` | u32 block id | canonical bytes of the block, witness form; also of blocks that failed |
 * | `index` | u32 block id | row of the block index and the DAG engine: `dag/engine/` |
 * | `order` | u32 page number | a page of the order: `dag/engine/` |
 * | `effects` | u32 position in the order | what the block there did to the outputs: `dag/outputs/effects.ts` |
 * | `outputs` | 32 bytes transaction id (wire order), u32 output index | state of one output: `dag/outputs/output-record.ts` |
 * | `txindex` | 32 bytes transaction id (wire order), u32 block id | u32 offset and u32 length in the bytes of the block |
 * | `addrindex` | address (kind, 20 bytes), u32 block id, u32 offset in the bytes of the block | u32 length of the transaction there |
 * | `cfilters` | u32 block id | filter header, filter hash, filter (BIP 157, BIP 158) |
 *
 * The last three are empty unless switched on; each has a version of its own.
 *
 * A block id is the block's place in the order of arrival; genesis is 0. Nothing else is keyed with hashes: the index
 * is
 * read whole at the start and finds ids by hash in memory.
 */
export const TABLES = [
  'meta',
  'blocks',
  'index',
  'order',
  'effects',
  'outputs',
  'txindex',
  'addrindex',
  'cfilters',
] as const;
export type TableName = (typeof TABLES)[number];

/** Version of the layout above. Every change of it gets a migration in `schema.ts`. */
export const SCHEMA_VERSION = 1;

/** Keys of the table `meta`. */
export const MetaKey = {
  schema: Buffer.from('schema'),
  network: Buffer.from('network'),
  state: Buffer.from('state'),
  outputsSum: Buffer.from('outputs-sum'),
  feeEstimates: Buffer.from('estimatefee'),
  transactionIndex: Buffer.from('index-transactions'),
  addressIndex: Buffer.from('index-addresses'),
  filterIndex: Buffer.from('index-filters'),
} as const;

/** Key of a row that is numbered: block id, page or position. */
export function numberKey(number: number): Uint8Array {
  const key = Buffer.allocUnsafe(4);
  key.writeUInt32BE(number);
  return key;
}
