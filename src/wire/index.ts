/** Bytes to messages, blocks and transactions and back. See docs/protocol.md. */

export {
  AmountError,
  amountToUnit,
  amountUnitName,
  coinsToNano,
  formatAmount,
  multiplyAmount,
} from './amount.ts';
export {
  Block,
  type BlockFields,
  type Generation,
  MAX_BLOCK_TRANSACTIONS,
  type ParentEntry,
  type TransactionLocation,
  type Verification,
} from './block.ts';
export { type BlockBindingProblem, checkBlockBinding } from './block-binding.ts';
export { type BloomFields, BloomFilter, BloomUpdate } from './bloom.ts';
export { COMMANDS, decodePayload, maxPayload } from './codec.ts';
export { endOfData, messageError, WireError, type WireErrorKind } from './errors.ts';
export { FrameDecoder, type FrameLimits } from './frame-decoder.ts';
export { encodeFrame, encodeMessage } from './frame-encoder.ts';
export { FRAME_HEADER_SIZE, MAX_PAYLOAD, magicToString } from './frame-header.ts';
export { BlockHeader, type BlockHeaderFields, HEADER_SIZE } from './header.ts';
export {
  INV_WITNESS_FLAG,
  InvType,
  type InvVector,
  inventoryKey,
  invTypeToString,
  MAX_INVENTORY,
  MAX_INVENTORY_SENT,
  UNKNOWN_HEIGHT,
} from './inventory.ts';
export { hostPort, ipFromString, ipToString, isMappedIpv4 } from './ip-text.ts';
export { merkleLevels, merkleRoot, witnessMerkleRoot } from './merkle.ts';
export { type FilteredBlock, filterBlock } from './merkle-block.ts';
export type * from './message.ts';
export { MAX_ADDRESSES } from './messages/addresses.ts';
export { MAX_BLOCK_PAYLOAD, MAX_HEADERS } from './messages/blocks.ts';
export { MAX_CFHEADERS } from './messages/cfilters.ts';
export type { WireContext } from './messages/codec.ts';
export { checkUserAgent, MAX_USER_AGENT_SIZE } from './messages/version.ts';
export { murmur3 } from './murmur3.ts';
export { type NetAddress, UNKNOWN_IP } from './net-address.ts';
export { outpointKey, outputKey } from './outpoint-key.ts';
export { ByteReader } from './reader.ts';
export { RejectCode, rejectCodeToString } from './reject-code.ts';
export { Services, servicesToString } from './services.ts';
export { compactToTarget, hashToTarget, targetToCompact, workFromBits } from './target.ts';
export { tipsHash } from './tips-hash.ts';
export {
  NULL_INDEX,
  type OutPoint,
  Transaction,
  type TransactionFields,
  type TxEncoding,
  type TxInput,
  type TxOutput,
} from './transaction.ts';
export {
  checkWitnessCommitment,
  findWitnessCommitment,
  type WitnessCommitmentProblem,
  witnessCommitment,
  witnessCommitmentScript,
} from './witness-commitment.ts';
export { ByteWriter, varintSize } from './writer.ts';
