import { bytesToHex } from '../util/bytes.ts';
import { hash160 } from '../util/hash.ts';
import { AddressError } from './address-error.ts';
import { decodeBase58Check, encodeBase58Check } from './base58check.ts';
import { isPublicKey } from './ecdsa.ts';
import { normalizePublicKey } from './public-key.ts';
import { decodeSegwit, encodeSegwit } from './segwit-text.ts';
import { payToPubKey, payToPubKeyHash, payToScriptHash, payToWitness } from './standard-scripts.ts';
import { classifyScript, type ScriptClass } from './templates.ts';

/** The constants of a network that addresses depend on; network parameters have them. */
export interface AddressNet {
  /** Version byte of pay-to-pubkey-hash addresses. */
  readonly pubKeyHashPrefix: number;
  /** Version byte of pay-to-script-hash addresses. */
  readonly scriptHashPrefix: number;
  /** Human-readable part of witness addresses. */
  readonly bech32Prefix: string;
}

/** What an output can be sent to, with the mark of the network it was written for. */
export type Address =
  | {
      readonly type: 'pubkey' | 'pubkeyhash' | 'scripthash';
      /** The serialised key, or a hash of 20 bytes. */
      readonly payload: Uint8Array;
      /** Version byte of the text form; of the pay-to-pubkey-hash form for a key. */
      readonly version: number;
    }
  | {
      readonly type: 'witness_v0_keyhash' | 'witness_v0_scripthash';
      /** The program, 20 or 32 bytes. */
      readonly payload: Uint8Array;
      /** Human-readable part of the text form. */
      readonly prefix: string;
    };

/** Version bytes and prefixes of all networks: an address of another network decodes, and is told apart afterwards. */
const PUBKEY_HASH_VERSIONS: readonly number[] = [0x00, 0x6f, 0x3f];
const SCRIPT_HASH_VERSIONS: readonly number[] = [0x05, 0xc4, 0x7b];
const BECH32_PREFIXES: readonly string[] = ['bc', 'tb', 'bcrt', 'sb'];

/**
 * Decodes an address or a public key in hex.
 * @param net the active network: which network a bare public key is for.
 * @returns an address of any network, see {@link isForNet}.
 * @throws {AddressError} in the words of the reference.
 */
export function decodeAddress(text: string, net: AddressNet): Address {
  const separator = text.lastIndexOf('1');
  if (separator > 1) {
    const prefix = text.slice(0, separator).toLowerCase();
    if (BECH32_PREFIXES.includes(prefix)) return decodeWitnessAddress(text, prefix);
  }
  const size = Buffer.byteLength(text);
  if (size === 130 || size === 66) return addressOfKey(normalizePublicKey(decodeHex(text)), net);

  const decoded = decodeBase58Check(text);
  if ('problem' in decoded)
    throw new AddressError(
      decoded.problem === 'checksum' ? 'checksum mismatch' : 'decoded address is of unknown format',
    );
  const { version, payload } = decoded;
  if (payload.length !== 20) throw new AddressError('decoded address is of unknown size');
  if (PUBKEY_HASH_VERSIONS.includes(version)) return { type: 'pubkeyhash', payload, version };
  if (SCRIPT_HASH_VERSIONS.includes(version)) return { type: 'scripthash', payload, version };
  throw new AddressError('unknown address type');
}

function decodeWitnessAddress(text: string, prefix: string): Address {
  const { version, program } = decodeSegwit(text);
  // The reference prints the version as a character, not as a number.
  if (version !== 0) throw new AddressError(`unsupported witness version: ${String.fromCharCode(version)}`);
  return witnessAddress(program, prefix);
}

/** Hex as Go's decoder reads it, with its error text for a foreign byte. */
function decodeHex(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8');
  const strange = bytes.find((byte) => !/[0-9a-fA-F]/u.test(String.fromCharCode(byte)));
  if (strange !== undefined) throw new AddressError(`encoding/hex: invalid byte: ${describeByte(strange)}`);
  return Buffer.from(text, 'hex');
}

function describeByte(byte: number): string {
  const code = `U+${byte.toString(16).toUpperCase().padStart(4, '0')}`;
  const printable = (byte >= 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  return printable ? `${code} '${String.fromCharCode(byte)}'` : code;
}

function witnessAddress(program: Uint8Array, prefix: string): Address {
  return { type: program.length === 20 ? 'witness_v0_keyhash' : 'witness_v0_scripthash', payload: program, prefix };
}

/** Address of a public key (33 or 65 bytes, known to be valid). */
function addressOfKey(key: Uint8Array, net: AddressNet): Address {
  return { type: 'pubkey', payload: key, version: net.pubKeyHashPrefix };
}

/** Address of a key hash. @param hash 20 bytes, HASH160 of the public key. */
export function pubKeyHashAddress(hash: Uint8Array, net: AddressNet): Address {
  return { type: 'pubkeyhash', payload: hash, version: net.pubKeyHashPrefix };
}

/** Address of a redeem script. @param hash 20 bytes, HASH160 of the script. */
export function scriptHashAddress(hash: Uint8Array, net: AddressNet): Address {
  return { type: 'scripthash', payload: hash, version: net.scriptHashPrefix };
}

/** Address of a version 0 witness program of 20 or 32 bytes. */
export function witnessProgramAddress(program: Uint8Array, net: AddressNet): Address {
  return witnessAddress(program, net.bech32Prefix);
}

/** The text that payments go to. A public key is written as the address of its hash. */
export function encodeAddress(address: Address): string {
  switch (address.type) {
    case 'pubkey':
      return encodeBase58Check(Uint8Array.of(address.version), hash160(address.payload));
    case 'pubkeyhash':
    case 'scripthash':
      return encodeBase58Check(Uint8Array.of(address.version), address.payload);
    case 'witness_v0_keyhash':
    case 'witness_v0_scripthash':
      return encodeSegwit(address.prefix, 0, address.payload);
  }
}

/** Like {@link encodeAddress}, but a public key is written in hex. */
export function addressText(address: Address): string {
  return address.type === 'pubkey' ? bytesToHex(address.payload) : encodeAddress(address);
}

/** True if the mark of the address is that of the network. Testnet1 and regtest share theirs except for witness programs. */
export function isForNet(address: Address, net: AddressNet): boolean {
  if ('prefix' in address) return address.prefix === net.bech32Prefix;
  return address.version === (address.type === 'scripthash' ? net.scriptHashPrefix : net.pubKeyHashPrefix);
}

/** The public key script that pays to an address. */
export function payToAddress(address: Address): Uint8Array {
  switch (address.type) {
    case 'pubkey':
      return payToPubKey(address.payload);
    case 'pubkeyhash':
      return payToPubKeyHash(address.payload);
    case 'scripthash':
      return payToScriptHash(address.payload);
    case 'witness_v0_keyhash':
    case 'witness_v0_scripthash':
      return payToWitness(address.payload);
  }
}

/** Who can spend an output. */
export interface ScriptAddresses {
  readonly class: ScriptClass;
  /** See `ScriptTemplate.requiredSigs`. */
  readonly requiredSigs: number;
  /** In the order of the script; keys that are no curve points are left out. */
  readonly addresses: readonly Address[];
}

/** Class and addresses of a public key script, written for a network. */
export function addressesOf(pkScript: Uint8Array, net: AddressNet): ScriptAddresses {
  const { class: name, requiredSigs, pushes } = classifyScript(pkScript);
  return { class: name, requiredSigs, addresses: addresses(name, pushes, net) };
}

function addresses(name: ScriptClass, pushes: readonly Uint8Array[], net: AddressNet): readonly Address[] {
  switch (name) {
    case 'pubkey':
    case 'multisig':
      return pushes.filter(isPublicKey).map((key) => addressOfKey(normalizePublicKey(key), net));
    case 'pubkeyhash':
      return [pubKeyHashAddress(pushes[0], net)];
    case 'scripthash':
      return [scriptHashAddress(pushes[0], net)];
    case 'witness_v0_keyhash':
    case 'witness_v0_scripthash':
      return [witnessProgramAddress(pushes[0], net)];
    case 'nulldata':
    case 'nonstandard':
      return [];
  }
}
