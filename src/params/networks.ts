import { type Generation, targetToCompact } from '../wire/index.ts';
import { genesisBlock } from './genesis.ts';
import type { Deployment, NetworkName, NetworkParams } from './network.ts';
import { retargetInterval } from './retarget.ts';

type Described = Omit<
  NetworkParams,
  | 'generation'
  | 'genesis'
  | 'genesisHash'
  | 'powLimitBits'
  | 'blocksPerRetarget'
  | 'coinbaseMaturity'
  | 'retargetAdjustmentFactor'
> & { readonly genesisFields: Parameters<typeof genesisBlock>[0] };

const NEVER = 9_223_372_036_854_775_807n;

function deployments(
  csv: readonly [bigint, bigint],
  segwit: readonly [bigint, bigint],
  dummy: readonly [bigint, bigint],
): Deployment[] {
  return [
    { name: 'dummy', bit: 28, startTime: dummy[0], expireTime: dummy[1] },
    { name: 'csv', bit: 0, startTime: csv[0], expireTime: csv[1] },
    { name: 'segwit', bit: 1, startTime: segwit[0], expireTime: segwit[1] },
  ];
}

/** Bitcoin's test dummy deployment, 2008. */
const DUMMY = [1_199_145_601n, 1_230_767_999n] as const;
const ALWAYS = [0n, NEVER] as const;

// Mainnet's magic, port and genesis header are Bitcoin's. Its recorded DNS seeds list Bitcoin nodes, so there are none here.
const mainnet: Described = {
  name: 'mainnet',
  dataFolder: 'mainnet',
  magic: 0xd9b4bef9,
  p2pPort: 8333,
  rpcPort: 8334,
  walletRpcPort: 8332,
  dnsSeeds: [],
  genesisFields: { timestamp: 1_231_006_505, bits: 0x1d00ffff, nonce: 2_083_236_893 },
  powLimit: (1n << 224n) - 1n,
  subsidyInterval: 210_000,
  targetTimespan: 1_209_600,
  targetTimePerBlock: 600,
  reduceMinDifficulty: false,
  minDiffReductionTime: 0,
  generateSupported: false,
  bip34Height: 227_931,
  bip65Height: 388_381,
  bip66Height: 363_725,
  ruleChangeThreshold: 1916,
  minerConfirmationWindow: 2016,
  deployments: deployments([1_462_060_800n, 1_493_596_800n], [1_479_168_000n, 1_510_704_000n], DUMMY),
  relayNonStdTxs: false,
  pubKeyHashPrefix: 0x00,
  scriptHashPrefix: 0x05,
  wifPrefix: 0x80,
  witnessPubKeyHashPrefix: 0x06,
  witnessScriptHashPrefix: 0x0a,
  bech32Prefix: 'bc',
  hdPrivateKeyId: 0x0488ade4,
  hdPublicKeyId: 0x0488b21e,
  hdCoinType: 0,
};

const testnet1: Described = {
  name: 'testnet1',
  dataFolder: 'testnet',
  magic: 0x0709110b,
  p2pPort: 5070,
  rpcPort: 5071,
  walletRpcPort: 5069,
  dnsSeeds: [
    { host: '134.209.59.43', filtering: true },
    { host: '192.241.147.9', filtering: true },
  ],
  genesisFields: { timestamp: 1_296_688_602, bits: 0x1d7fffff, nonce: 18_091_145 },
  powLimit: (1n << 231n) - 1n,
  subsidyInterval: 210_000,
  targetTimespan: 86_400,
  targetTimePerBlock: 60,
  reduceMinDifficulty: true,
  minDiffReductionTime: 1200,
  generateSupported: false,
  bip34Height: 21_111,
  bip65Height: 581_885,
  bip66Height: 330_776,
  ruleChangeThreshold: 1512,
  minerConfirmationWindow: 2016,
  deployments: deployments([1_456_790_400n, 1_493_596_800n], [1_462_060_800n, 1_493_596_800n], DUMMY),
  relayNonStdTxs: true,
  pubKeyHashPrefix: 0x6f,
  scriptHashPrefix: 0xc4,
  wifPrefix: 0xef,
  witnessPubKeyHashPrefix: 0x03,
  witnessScriptHashPrefix: 0x28,
  bech32Prefix: 'tb',
  hdPrivateKeyId: 0x04358394,
  hdPublicKeyId: 0x043587cf,
  hdCoinType: 1,
};

const regtest: Described = {
  name: 'regtest',
  dataFolder: 'regtest',
  magic: 0xdab5bffa,
  p2pPort: 18_444,
  rpcPort: 18_334,
  walletRpcPort: 8332,
  dnsSeeds: [],
  genesisFields: { timestamp: 1_296_688_602, bits: 0x207fffff, nonce: 2 },
  powLimit: (1n << 255n) - 1n,
  subsidyInterval: 150,
  targetTimespan: 1_209_600,
  targetTimePerBlock: 600,
  reduceMinDifficulty: true,
  minDiffReductionTime: 1200,
  generateSupported: true,
  bip34Height: 100_000_000,
  bip65Height: 1351,
  bip66Height: 1251,
  ruleChangeThreshold: 108,
  minerConfirmationWindow: 144,
  deployments: deployments(ALWAYS, ALWAYS, ALWAYS),
  relayNonStdTxs: true,
  pubKeyHashPrefix: 0x6f,
  scriptHashPrefix: 0xc4,
  wifPrefix: 0xef,
  witnessPubKeyHashPrefix: 0x00,
  witnessScriptHashPrefix: 0x00,
  bech32Prefix: 'bcrt',
  hdPrivateKeyId: 0x04358394,
  hdPublicKeyId: 0x043587cf,
  hdCoinType: 1,
};

const simnet: Described = {
  name: 'simnet',
  dataFolder: 'simnet',
  magic: 0x12141c16,
  p2pPort: 18_555,
  rpcPort: 18_556,
  walletRpcPort: 18_554,
  dnsSeeds: [],
  genesisFields: { timestamp: 1_543_863_094, bits: 0x207fffff, nonce: 2 },
  powLimit: (1n << 255n) - 1n,
  subsidyInterval: 210_000,
  targetTimespan: 1_209_600,
  targetTimePerBlock: 600,
  reduceMinDifficulty: true,
  minDiffReductionTime: 1200,
  generateSupported: true,
  bip34Height: 0,
  bip65Height: 0,
  bip66Height: 0,
  ruleChangeThreshold: 75,
  minerConfirmationWindow: 100,
  deployments: deployments(ALWAYS, ALWAYS, ALWAYS),
  relayNonStdTxs: true,
  pubKeyHashPrefix: 0x3f,
  scriptHashPrefix: 0x7b,
  wifPrefix: 0x64,
  witnessPubKeyHashPrefix: 0x19,
  witnessScriptHashPrefix: 0x28,
  bech32Prefix: 'sb',
  hdPrivateKeyId: 0x0420b900,
  hdPublicKeyId: 0x0420bd3a,
  hdCoinType: 115,
};

const described: Readonly<Record<NetworkName, Described>> = { mainnet, testnet1, regtest, simnet };

/** Names of the built-in networks. */
export const NETWORK_NAMES: readonly NetworkName[] = ['mainnet', 'testnet1', 'regtest', 'simnet'];

/** The parameters of a built-in network. The generations differ in the bytes of the genesis block only. */
export function networkParams(name: NetworkName, generation: Generation = 2): NetworkParams {
  const { genesisFields, ...params } = described[name];
  const genesis = genesisBlock(genesisFields, generation);
  return {
    ...params,
    generation,
    genesis,
    genesisHash: genesis.hash,
    powLimitBits: targetToCompact(params.powLimit),
    coinbaseMaturity: 100,
    retargetAdjustmentFactor: 4,
    blocksPerRetarget: retargetInterval(params.targetTimespan, params.targetTimePerBlock),
  };
}
