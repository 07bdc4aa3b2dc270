/** Bytes to messages, blocks and transactions and back. See docs/protocol.md. */
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
export { endOfData, messageError, WireError, type WireErrorKind } from './errors.ts';
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
export { hashPair, merkleLevels, merkleRoot, witnessMerkleRoot } from './merkle.ts';
export type * from './message.ts';
export { type NetAddress, UNKNOWN_IP } from './net-address.ts';
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
