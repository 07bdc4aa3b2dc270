import type { Hash } from '../util/hash.ts';
import type { Block, Generation } from '../wire/index.ts';

/** The built-in networks. */
export type NetworkName = 'mainnet' | 'testnet1' | 'regtest' | 'simnet';

/** A DNS name (or plain IP) that lists nodes. */
export interface DnsSeed {
  readonly host: string;
  /** True if the seed answers for `x<services hex>.<host>` as well. */
  readonly filtering: boolean;
}

/** One deployment of BIP 9. The figures are shown by RPC; no rule depends on them. */
export interface Deployment {
  readonly name: 'dummy' | 'csv' | 'segwit';
  readonly bit: number;
  /** Unix seconds. */
  readonly startTime: bigint;
  /** Unix seconds; 9223372036854775807 is never. */
  readonly expireTime: bigint;
}

/** Everything in which one network differs from another. Heights and counts are numbers, durations seconds. */
export interface NetworkParams {
  readonly name: NetworkName;
  readonly generation: Generation;
  /** Folder below the data and log folders. */
  readonly dataFolder: string;

  /** u32 in front of every message. */
  readonly magic: number;
  readonly p2pPort: number;
  readonly rpcPort: number;
  /** Port at which the control tool expects a wallet. */
  readonly walletRpcPort: number;
  readonly dnsSeeds: readonly DnsSeed[];

  readonly genesis: Block;
  readonly genesisHash: Hash;

  /** Easiest target. */
  readonly powLimit: bigint;
  /** The easiest target in compact form. */
  readonly powLimitBits: number;
  /** Heights before a coinbase output may be spent. */
  readonly coinbaseMaturity: number;
  /** Heights between two halvings of the subsidy. */
  readonly subsidyInterval: number;
  /** Time that the blocks between two retargets should take. May be fractional. */
  readonly targetTimespan: number;
  /** Time that one block should take. May be fractional. */
  readonly targetTimePerBlock: number;
  /** Heights between two retargets: `targetTimespan / targetTimePerBlock`, both in whole milliseconds, rounded down. */
  readonly blocksPerRetarget: number;
  /** Most by which one retarget may change the difficulty. */
  readonly retargetAdjustmentFactor: number;
  /** A block long after its parent may have the easiest target. */
  readonly reduceMinDifficulty: boolean;
  /** What "long after" means. */
  readonly minDiffReductionTime: number;
  /** The `generate` command is allowed. */
  readonly generateSupported: boolean;

  /** Heights of old rule changes: shown by RPC, enforced nowhere. */
  readonly bip34Height: number;
  readonly bip65Height: number;
  readonly bip66Height: number;
  /** Blocks of a window that must signal a deployment. */
  readonly ruleChangeThreshold: number;
  readonly minerConfirmationWindow: number;
  readonly deployments: readonly Deployment[];

  /** Relay non-standard transactions unless configured otherwise. */
  readonly relayNonStdTxs: boolean;

  /** Base58 version bytes. */
  readonly pubKeyHashPrefix: number;
  readonly scriptHashPrefix: number;
  readonly wifPrefix: number;
  readonly witnessPubKeyHashPrefix: number;
  readonly witnessScriptHashPrefix: number;
  /** Human-readable part of segwit addresses. */
  readonly bech32Prefix: string;
  /** Version of extended private keys (BIP 32), u32. */
  readonly hdPrivateKeyId: number;
  /** Version of extended public keys (BIP 32), u32. */
  readonly hdPublicKeyId: number;
  /** Coin type of BIP 44. */
  readonly hdCoinType: number;
}
