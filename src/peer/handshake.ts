import { parseUserAgent } from '../params/index.ts';
import { equalBytes } from '../util/bytes.ts';
import { hashToHex, ZERO_HASH } from '../util/hash.ts';
import type { Random } from '../util/ports.ts';
import {
  type Command,
  type Generation,
  type MessageOf,
  type NetAddress,
  RejectCode,
  Services,
  UNKNOWN_IP,
} from '../wire/index.ts';
import { ProtocolGate } from './limits.ts';
import type { SentNonces } from './nonces.ts';
import type { PeerOptions } from './types.ts';

/** 0.0.0.0:0, named as receiver when the remote is reached through a proxy. */
const UNSPECIFIED_IPV4 = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0]);

/** Why a remote is not talked to. */
export interface Refusal {
  /** For our log. */
  readonly reason: string;
  /** Sent before the connection ends; absent for a silent end. */
  readonly reject?: MessageOf<'reject'>;
}

/** A random nonce with the top bit clear. */
export function versionNonce(random: Random): bigint {
  const bytes = random.bytes(8);
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true) & 0x7fff_ffff_ffff_ffffn;
}

/** What our version says besides the options of the peer. */
export interface VersionFacts {
  readonly protocolVersion: number;
  readonly remote: NetAddress;
  /** Unix seconds. */
  readonly time: number;
  readonly nonce: bigint;
  /** Greatest height in the DAG. */
  readonly height: number;
}

/** The version message that we send. Our own address is never told here. */
export function versionMessage(options: PeerOptions, facts: VersionFacts): MessageOf<'version'> {
  const receiver = options.proxied
    ? { ip: UNSPECIFIED_IPV4, port: 0 }
    : { ip: facts.remote.ip, port: facts.remote.port };
  return {
    command: 'version',
    protocolVersion: facts.protocolVersion,
    services: options.services,
    timestamp: BigInt(facts.time),
    receiver: { services: Services.network, ...receiver },
    sender: { services: options.services, ip: UNKNOWN_IP, port: 0 },
    nonce: facts.nonce,
    userAgent: options.userAgent,
    genesisHash: options.params.genesisHash,
    lastBlock: facts.height,
    relay: options.relay ?? true,
  };
}

/** The refusal of a message that came in place of the version. */
export function notAVersion(command: Command, generation: Generation): Refusal {
  const reason =
    generation === 2 ? 'A version message must precede all others' : 'a version message must precede all others';
  return { reason: `${command} before version`, reject: reject(command, RejectCode.malformed, reason) };
}

/**
 * Judges the remote's version. The order of the checks is visible to the remote. Nodes of generation 2 hang up without
 * a word, those of generation 4 say why, except to remotes whose protocol version is too old for reject messages.
 */
export function checkVersion(
  remote: MessageOf<'version'>,
  { params, userAgent }: PeerOptions,
  nonces: SentNonces,
): Refusal | undefined {
  const explain = params.generation !== 2;
  if (nonces.has(remote.nonce)) return { reason: 'connected to ourselves' };
  if (!equalBytes(remote.genesisHash, params.genesisHash)) {
    const hashes = `${hashToHex(remote.genesisHash)} != ${hashToHex(params.genesisHash)}`;
    return refuse(`peer genesis block hash different from ours (${hashes})`, explain);
  }
  const theirs = softwareVersion(remote.userAgent);
  const ours = softwareVersion(userAgent);
  if (theirs !== undefined && ours !== undefined && major(theirs) !== major(ours)) {
    return refuse(`peer version ${theirs} is incompatible with our version ${ours}`, explain);
  }
  if (remote.protocolVersion >>> 0 < ProtocolGate.minimum) {
    return { reason: `protocol version must be ${ProtocolGate.minimum} or greater` };
  }
  return undefined;
}

function refuse(reason: string, explain: boolean): Refusal {
  return { reason, ...(explain && { reject: reject('version', RejectCode.invalid, reason) }) };
}

/** A reject message; for blocks and transactions it carries a hash, zero if there is none to name. */
export function reject(command: string, code: number, reason: string, hash = ZERO_HASH): MessageOf<'reject'> {
  const hasHash = command === 'block' || command === 'tx';
  return { command: 'reject', rejectedCommand: command, code, reason, ...(hasHash && { hash }) };
}

/** The version of the `soterd` part of a user agent. */
function softwareVersion(userAgent: string): string | undefined {
  return parseUserAgent(userAgent).get('soterd');
}

function major(version: string): string {
  return version.slice(0, version.indexOf('.'));
}
