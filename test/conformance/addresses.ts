import { deepStrictEqual, strictEqual } from 'node:assert';
import { NETWORK_NAMES, type NetworkName, networkParams } from '../../src/params/index.ts';
import {
  type Address,
  AddressError,
  addressesOf,
  addressText,
  decodeAddress,
  decodeWif,
  encodeAddress,
  encodeWif,
  HARDENED,
  HdKey,
  isForNet,
  payToAddress,
  pubKeyHashAddress,
  publicKeyOf,
  scriptHashAddress,
  witnessProgramAddress,
} from '../../src/script/index.ts';
import { bytesToHex, hexToBytes } from '../../src/util/bytes.ts';
import { hash160, sha256 } from '../../src/util/hash.ts';
import type { Suite } from './suite.ts';

/** Names of the address types in the recordings. */
const TYPES: Readonly<Record<Address['type'], string>> = {
  pubkey: 'AddressPubKey',
  pubkeyhash: 'AddressPubKeyHash',
  scripthash: 'AddressScriptHash',
  witness_v0_keyhash: 'AddressWitnessPubKeyHash',
  witness_v0_scripthash: 'AddressWitnessScriptHash',
};

interface AddressForms {
  class: string;
  decodeError: string | null;
  decodedType: string;
  encoded: string;
  extracted: string[];
  isForNet: NetworkName[];
  pkScriptHex: string;
  reqSigs: number;
  scriptAddressHex: string;
  string: string;
}

interface KeyCase {
  net: NetworkName;
  pubKeyFormat: 'compressed' | 'uncompressed' | 'hybrid';
  privKeyHex: string;
  pubKeyHex: string;
  hash160Hex: string;
  redeemScriptHex: string;
  p2pkh: AddressForms;
  p2pk: AddressForms;
  p2sh: AddressForms;
  p2wpkh?: AddressForms;
  p2wsh?: AddressForms;
  wif?: string;
  wifIsForNet?: NetworkName[];
}

interface DecodeCase {
  string: string;
  defaultNet: NetworkName;
  error: string | null;
  type?: string;
  encoded?: string;
  scriptAddressHex?: string;
  isForDefaultNet?: boolean;
}

interface AddressVectors {
  keys: KeyCase[];
  decode: DecodeCase[];
  versionBytes: { version: number; string: string; error: string | null; type?: string }[];
  wifDecode: { wif: string; error: string | null; compressed?: boolean; privKeyHex?: string; reencoded?: string }[];
  hd: {
    net: NetworkName;
    seedHex: string;
    master: string;
    masterPublic: string;
    childHardened0: string;
    address: string;
  }[];
}

/** Runs a decoder and returns its error text beside its result. */
function attempt<T>(decode: () => T): { value?: T; error: string | null } {
  try {
    return { value: decode(), error: null };
  } catch (error) {
    if (error instanceof AddressError) return { error: error.message };
    throw error;
  }
}

/** Private keys are recorded as integers without leading zeros. */
function asInteger(bytes: Uint8Array): string {
  return bytesToHex(bytes).replace(/^0+(?=.)/u, '');
}

/** Everything the recording knows of one address. */
function describe(address: Address, net: NetworkName): Omit<AddressForms, 'decodedType'> {
  const params = networkParams(net);
  const pkScript = payToAddress(address);
  const extracted = addressesOf(pkScript, params);
  return {
    class: extracted.class,
    decodeError: attempt(() => decodeAddress(addressText(address), params)).error,
    encoded: encodeAddress(address),
    extracted: extracted.addresses.map(encodeAddress),
    isForNet: NETWORK_NAMES.filter((name) => isForNet(address, networkParams(name))),
    pkScriptHex: bytesToHex(pkScript),
    reqSigs: extracted.requiredSigs,
    scriptAddressHex: bytesToHex(address.payload),
    string: addressText(address),
  };
}

function compareForms(expected: AddressForms, address: Address, net: NetworkName): void {
  const { decodedType, ...forms } = expected;
  deepStrictEqual(describe(address, net), forms);
  const decoded = decodeAddress(forms.string, networkParams(net));
  strictEqual(TYPES[decoded.type], decodedType);
  deepStrictEqual(describe(decoded, net), forms);
}

function checkKey(row: KeyCase): void {
  const params = networkParams(row.net);
  const key = hexToBytes(row.pubKeyHex);
  const redeemScript = hexToBytes(row.redeemScriptHex);
  const privateKey = hexToBytes(row.privKeyHex.padStart(64, '0'));
  strictEqual(bytesToHex(hash160(key)), row.hash160Hex);
  if (row.pubKeyFormat !== 'hybrid')
    strictEqual(bytesToHex(publicKeyOf(privateKey, row.pubKeyFormat === 'compressed')), row.pubKeyHex);
  compareForms(row.p2pkh, pubKeyHashAddress(hash160(key), params), row.net);
  compareForms(row.p2pk, decodeAddress(row.pubKeyHex, params), row.net);
  compareForms(row.p2sh, scriptHashAddress(hash160(redeemScript), params), row.net);
  if (row.p2wpkh) compareForms(row.p2wpkh, witnessProgramAddress(hash160(key), params), row.net);
  if (row.p2wsh) compareForms(row.p2wsh, witnessProgramAddress(sha256(redeemScript), params), row.net);
  if (row.wif === undefined) return;
  const compressed = row.pubKeyFormat === 'compressed';
  strictEqual(encodeWif({ privateKey, compressed, version: params.wifPrefix }), row.wif);
  const { version } = decodeWif(row.wif);
  deepStrictEqual(
    NETWORK_NAMES.filter((name) => networkParams(name).wifPrefix === version),
    row.wifIsForNet,
  );
}

function addressSuite(generation: 2 | 4): Suite {
  return {
    name: `wire/gen${generation}/addresses`,
    async run({ json, check }) {
      const vectors = json<AddressVectors>(`wire/gen${generation}/addresses.json`);
      for (const row of vectors.keys)
        await check(`key ${row.net} ${row.pubKeyFormat} ${row.privKeyHex}`, () => checkKey(row));
      for (const row of vectors.decode) {
        await check(`decode ${row.defaultNet} ${row.string}`, () => {
          const params = networkParams(row.defaultNet);
          const { value, error } = attempt(() => decodeAddress(row.string, params));
          strictEqual(error, row.error);
          if (!value) return;
          strictEqual(TYPES[value.type], row.type);
          strictEqual(encodeAddress(value), row.encoded);
          strictEqual(bytesToHex(value.payload), row.scriptAddressHex);
          strictEqual(isForNet(value, params), row.isForDefaultNet);
        });
      }
      for (const row of vectors.versionBytes) {
        await check(`version byte ${row.version}`, () => {
          const { value, error } = attempt(() => decodeAddress(row.string, networkParams('mainnet')));
          strictEqual(error, row.error);
          strictEqual(value && TYPES[value.type], row.type);
        });
      }
      for (const row of vectors.wifDecode) {
        await check(`WIF ${row.wif}`, () => {
          const { value, error } = attempt(() => decodeWif(row.wif));
          strictEqual(error, row.error);
          if (!value) return;
          strictEqual(value.compressed, row.compressed);
          strictEqual(asInteger(value.privateKey), row.privKeyHex);
          strictEqual(encodeWif(value), row.reencoded);
        });
      }
      for (const row of vectors.hd) {
        await check(`extended keys ${row.net}`, () => {
          const params = networkParams(row.net);
          const master = HdKey.fromSeed(hexToBytes(row.seedHex));
          strictEqual(master.toText(params), row.master);
          strictEqual(master.neuter().toText(params), row.masterPublic);
          strictEqual(master.child(HARDENED).toText(params), row.childHardened0);
          strictEqual(encodeAddress(pubKeyHashAddress(hash160(master.publicKey), params)), row.address);
        });
      }
    },
  };
}

/** Suites of addresses and keys. */
export const addressSuites: readonly Suite[] = [addressSuite(2), addressSuite(4)];
