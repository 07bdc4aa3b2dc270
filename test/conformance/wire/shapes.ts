import { bytesToHex } from '../../../src/util/bytes.ts';
import { hashToHex, sha256d } from '../../../src/util/hash.ts';
import {
  type Block,
  type BlockHeader,
  ByteWriter,
  FRAME_HEADER_SIZE,
  type Generation,
  type InvVector,
  type Message,
  type NetAddress,
  type Transaction,
  type TxEncoding,
  type WireContext,
  WireError,
} from '../../../src/wire/index.ts';

/** Magic number of simnet, on which most recordings were made. */
export const SIMNET = 0x12141c16;

/** A context for codecs. */
export function context(
  generation: Generation,
  protocolVersion = 70_013,
  encoding: TxEncoding = 'witness',
  magic = SIMNET,
): WireContext {
  return { magic, protocolVersion, encoding, generation };
}

/** The text of the WireError that a body throws, null if it throws none; every other exception passes. */
export function wireErrorOf(body: () => unknown): string | null {
  try {
    body();
    return null;
  } catch (error) {
    if (error instanceof WireError) return error.message;
    throw error;
  }
}

/** The payload of a frame as hex. */
export function payloadHex(frame: Uint8Array): string {
  return bytesToHex(frame.subarray(FRAME_HEADER_SIZE));
}

function address({ ip, port, services, timestamp }: NetAddress): object {
  return { ip: bytesToHex(ip), port, services: `${services}`, timestamp: timestamp ?? null };
}

function header({ bits, merkleRoot, nonce, prevBlock, timestamp, version }: BlockHeader): object {
  return { bits, merkleRoot: hashToHex(merkleRoot), nonce, prevBlock: hashToHex(prevBlock), timestamp, version };
}

function transaction({ inputs, lockTime, outputs, version }: Transaction): object {
  return {
    lockTime,
    txIn: inputs.map(({ prevout, sequence, signatureScript, witness }) => ({
      previousOutPoint: { hash: hashToHex(prevout.hash), index: prevout.index },
      sequence,
      signatureScript: bytesToHex(signatureScript),
      witness: witness.map(bytesToHex),
    })),
    txOut: outputs.map(({ pkScript, value }) => ({ pkScript: bytesToHex(pkScript), value: `${value}` })),
    version,
  };
}

function blockShape(block: Block): object {
  const { parents, parentsVersion, verification } = block;
  return {
    header: header(block.header),
    parents: {
      parents: parents.map(({ data, hash }) => ({ data: bytesToHex(data), hash: hashToHex(hash) })),
      size: parents.length,
      version: parentsVersion,
    },
    transactions: block.transactions.map(transaction),
    ...(verification && {
      verification: {
        cycleNonces: verification.nonces,
        size: verification.nonces.length,
        version: verification.version,
      },
    }),
  };
}

function inventory({ hash, height, type }: InvVector): object {
  return { hash: hashToHex(hash), height, type };
}

/** A message in the shape of the recordings. */
export function messageShape(message: Message): object {
  switch (message.command) {
    case 'version':
      return {
        addrMe: address(message.sender),
        addrYou: address(message.receiver),
        disableRelayTx: !message.relay,
        genesisHash: bytesToHex(message.genesisHash),
        lastBlock: message.lastBlock,
        nonce: `${message.nonce}`,
        protocolVersion: message.protocolVersion,
        services: `${message.services}`,
        timestamp: `${message.timestamp}`,
        userAgent: message.userAgent,
      };
    case 'addr':
      return { addrList: message.addresses.map(address) };
    case 'addrcache':
      return 'addresses' in message
        ? { addrList: message.addresses.map(address) }
        : {
            inbound: message.inbound.map(address),
            known: message.known.map(address),
            outbound: message.outbound.map(address),
          };
    case 'getblocks':
    case 'getheaders':
      return {
        blockLocatorHeight: message.locatorHeights,
        hashStop: hashToHex(message.stopHash),
        protocolVersion: message.protocolVersion,
      };
    case 'inv':
    case 'getdata':
    case 'notfound':
      return { invList: message.inventory.map(inventory) };
    case 'block':
      return blockShape(message.block);
    case 'tx':
      return transaction(message.tx);
    case 'headers':
      return { headers: message.headers.map(header) };
    case 'ping':
    case 'pong':
      return { nonce: `${message.nonce}` };
    case 'reject':
      return {
        cmd: message.rejectedCommand,
        code: message.code,
        hash: message.hash ? hashToHex(message.hash) : '0'.repeat(64),
        reason: message.reason,
      };
    case 'filterload':
      return {
        filter: bytesToHex(message.filter),
        flags: message.flags,
        hashFuncs: message.hashFunctions,
        tweak: message.tweak,
      };
    case 'filteradd':
      return { data: bytesToHex(message.data) };
    case 'merkleblock':
      return {
        flags: bytesToHex(message.flags),
        hashes: message.hashes.map(hashToHex),
        header: header(message.header),
        transactions: message.transactionCount,
      };
    case 'feefilter':
      return { minFee: `${message.minFee}` };
    case 'getcfilters':
    case 'getcfheaders':
      return {
        filterType: message.filterType,
        startHeight: message.startHeight,
        stopHash: hashToHex(message.stopHash),
      };
    case 'getcfcheckpt':
      return { filterType: message.filterType, stopHash: hashToHex(message.stopHash) };
    case 'cfilter':
      return {
        blockHash: hashToHex(message.blockHash),
        data: bytesToHex(message.filter),
        filterType: message.filterType,
      };
    case 'cfheaders':
      return {
        filterHashes: message.filterHashes.map(hashToHex),
        filterType: message.filterType,
        prevFilterHeader: hashToHex(message.previousFilterHeader),
        stopHash: hashToHex(message.stopHash),
      };
    case 'cfcheckpt':
      return {
        filterHeaders: message.filterHeaders.map(hashToHex),
        filterType: message.filterType,
        stopHash: hashToHex(message.stopHash),
      };
    case 'alert':
      return { serializedPayload: bytesToHex(message.payload), signature: bytesToHex(message.signature) };
    default:
      return {};
  }
}

/** A frame around any payload, limits not checked. */
export function rawFrame(command: string, payload: Uint8Array, magic = SIMNET): Uint8Array {
  const writer = new ByteWriter(FRAME_HEADER_SIZE + payload.length);
  writer.u32(magic);
  writer.bytes(Buffer.from(command.padEnd(12, '\0'), 'latin1'));
  writer.u32(payload.length);
  writer.bytes(sha256d(payload).subarray(0, 4));
  writer.bytes(payload);
  return writer.finish();
}
