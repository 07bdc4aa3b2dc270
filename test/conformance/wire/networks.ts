import { deepEqual, equal, match, throws } from 'node:assert/strict';
import {
  NetworkFileError,
  type NetworkName,
  type NetworkParams,
  networkParams,
  parseNetworkFile,
} from '../../../src/params/index.ts';
import { bytesToHex } from '../../../src/util/bytes.ts';
import { hashToHex } from '../../../src/util/hash.ts';
import { type Generation, magicToString } from '../../../src/wire/index.ts';
import type { Suite } from '../suite.ts';

/** Parameters in the shape of the recordings. */
function paramsShape(params: NetworkParams): object {
  const { header, transactions } = params.genesis;
  const hex = (value: number): string => value.toString(16).padStart(8, '0');
  return {
    bech32HRPSegwit: params.bech32Prefix,
    bip0034Height: params.bip34Height,
    bip0065Height: params.bip65Height,
    bip0066Height: params.bip66Height,
    blocksPerRetarget: params.blocksPerRetarget,
    coinbaseMaturity: params.coinbaseMaturity,
    defaultPort: `${params.p2pPort}`,
    deployments: params.deployments.map(({ name, bit, startTime, expireTime }) => ({
      name,
      bit,
      startTime: `${startTime}`,
      expireTime: `${expireTime}`,
    })),
    dnsSeeds: params.dnsSeeds.map(({ host, filtering }) => ({ host, hasFiltering: filtering })),
    generateSupported: params.generateSupported,
    genesisBits: header.bits,
    genesisCoinbaseTxid: hashToHex(transactions[0].txid),
    genesisHash: hashToHex(params.genesisHash),
    genesisHashHex: bytesToHex(params.genesisHash),
    genesisHex: bytesToHex(params.genesis.toBytes()),
    genesisMerkleRoot: hashToHex(header.merkleRoot),
    genesisNonce: header.nonce,
    genesisTime: header.timestamp,
    hdCoinType: params.hdCoinType,
    hdPrivateKeyID: hex(params.hdPrivateKeyId),
    hdPublicKeyID: hex(params.hdPublicKeyId),
    magic: params.magic,
    magicHex: hex(params.magic).match(/../gu)?.reverse().join(''),
    minDiffReductionTimeSeconds: params.minDiffReductionTime,
    minerConfirmationWindow: params.minerConfirmationWindow,
    name: params.name,
    netString: magicToString(params.magic),
    powLimit: params.powLimit.toString(16).padStart(64, '0'),
    powLimitAsCompact: hex(params.powLimitBits),
    powLimitBits: params.powLimitBits,
    powLimitBitsHex: hex(params.powLimitBits),
    privateKeyID: params.wifPrefix,
    pubKeyHashAddrID: params.pubKeyHashPrefix,
    reduceMinDifficulty: params.reduceMinDifficulty,
    relayNonStdTxs: params.relayNonStdTxs,
    retargetAdjustmentFactor: params.retargetAdjustmentFactor,
    ruleChangeActivationThreshold: params.ruleChangeThreshold,
    scriptHashAddrID: params.scriptHashPrefix,
    subsidyReductionInterval: params.subsidyInterval,
    targetTimePerBlockSeconds: params.targetTimePerBlock,
    targetTimespanSeconds: params.targetTimespan,
    witnessPubKeyHashAddrID: params.witnessPubKeyHashPrefix,
    witnessScriptHashAddrID: params.witnessScriptHashPrefix,
  };
}

function params(generation: Generation): Suite {
  return {
    name: `wire/gen${generation}/params`,
    async run(suite) {
      suite.deviation('DNS seeds of mainnet', 'none: the recorded ones list Bitcoin nodes');
      for (const recorded of suite.json<{ name: NetworkName; dnsSeeds: object[] }[]>(
        `wire/gen${generation}/params.json`,
      )) {
        await suite.check(recorded.name, () => {
          const expected = recorded.name === 'mainnet' ? { ...recorded, dnsSeeds: [] } : recorded;
          deepEqual(paramsShape(networkParams(recorded.name, generation)), expected);
        });
      }
    },
  };
}

interface NetworkFiles {
  readonly read: readonly {
    readonly file: string;
    readonly error?: string;
    readonly name?: string;
    readonly targetTimespanNanoseconds?: string;
    readonly targetTimePerBlockNanoseconds?: string;
  }[];
  readonly write: readonly { readonly file: string; readonly name: NetworkName }[];
}

function networkFiles(generation: Generation): Suite {
  return {
    name: `wire/gen${generation}/netcfg`,
    async run(suite) {
      suite.deviation('missing, zero and negative durations', 'refused with a message; the reference divides by zero');
      const recorded = suite.json<NetworkFiles>(`wire/gen${generation}/netcfg.json`);
      const parse = (file: string) => parseNetworkFile(file, '<file>', generation);
      for (const one of recorded.read) {
        await suite.check(JSON.stringify(one.file), () => {
          if (one.error !== undefined) {
            throws(() => parse(one.file), new NetworkFileError(one.error));
          } else if (Number(one.targetTimePerBlockNanoseconds) <= 0) {
            throws(
              () => parse(one.file),
              (error: Error) => {
                match(error.message, /^<file>: TargetTimespan (is missing|must be at least one millisecond)$/u);
                return error instanceof NetworkFileError;
              },
            );
          } else {
            const { name, targetTimespan, targetTimePerBlock } = parse(one.file);
            equal(name, one.name);
            equal(targetTimespan * 1e9, Number(one.targetTimespanNanoseconds));
            equal(targetTimePerBlock * 1e9, Number(one.targetTimePerBlockNanoseconds));
          }
        });
      }
      for (const { file, name } of recorded.write) {
        await suite.check(`file written for ${name}`, () => {
          const { targetTimespan, targetTimePerBlock, ...read } = parse(file);
          const known = networkParams(name, generation);
          equal(read.name, name);
          deepEqual([targetTimespan, targetTimePerBlock], [known.targetTimespan, known.targetTimePerBlock]);
        });
      }
    },
  };
}

export const networkSuites: readonly Suite[] = ([2, 4] as const).flatMap((generation) => [
  params(generation),
  networkFiles(generation),
]);
