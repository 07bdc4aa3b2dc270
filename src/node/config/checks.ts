import {
  MAX_AMOUNT,
  NANO_PER_COIN,
  type NetworkParams,
  userAgentCommentProblem,
  userAgentLengthProblem,
} from '../../params/index.ts';
import { type Address, AddressError, decodeAddress, isForNet } from '../../script/index.ts';
import { ipFromString, isMappedIpv4 } from '../../wire/index.ts';
import { LOG_FORMATS, type LogFormat } from '../logging/index.ts';
import { checkProxyAddress, rpcHostOf } from './addresses.ts';
import { ConfigError } from './config-error.ts';
import { formatDuration } from './duration-text.ts';
import type { IpNetwork } from './node-config.ts';
import type { SoterdOptions } from './soterd-options.ts';

// The checks of option values, each with the exact text of the reference node. The order in which they run is in
// validate.ts.

/** Bounds of the block size options: the limits of a block less room for header and coinbase. */
const MAX_BLOCK_SIZE = 999_520;
const MIN_BLOCK_SIZE = 1000;
const MAX_BLOCK_WEIGHT = 3_998_080;
const MIN_BLOCK_WEIGHT = 4000;
/** Longest user name and password that SOCKS5 can carry (RFC 1929). */
const MAX_PROXY_CREDENTIAL = 255;
const ONE_SECOND = 1_000_000_000n;
const ONE_DAY = 86_400n * ONE_SECOND;
/** No fee can be greater. */
const MAX_COINS = Number(MAX_AMOUNT / NANO_PER_COIN);
const LOCAL_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '::1'];

/** At most one network may be chosen. */
export function checkOneNetwork({
  testnet,
  regtest,
  simnet,
}: Pick<SoterdOptions, 'testnet' | 'regtest' | 'simnet'>): void {
  if ([testnet, regtest, simnet].filter(Boolean).length > 1)
    throw new ConfigError(
      "The testnet, regtest, segnet, and simnet params can't be used together -- choose one of the four",
    );
}

/** The policies for non-standard transactions exclude each other. */
export function checkNonStandard({ relaynonstd, rejectnonstd }: SoterdOptions): void {
  if (relaynonstd && rejectnonstd)
    throw new ConfigError('rejectnonstd and relaynonstd cannot be used together -- choose only one');
}

/** Form of log lines. */
export function readLogFormat({ logformat }: SoterdOptions): LogFormat {
  const format = LOG_FORMATS.find((known) => known === logformat);
  if (!format)
    throw new ConfigError(
      `The specified log format [${logformat}] is invalid -- supported formats [${LOG_FORMATS.join(' ')}]`,
    );
  return format;
}

/** There is one kind of database. */
export function checkDatabase({ dbtype }: SoterdOptions): void {
  if (dbtype !== 'ffldb')
    throw new ConfigError(`The specified database type [${dbtype}] is invalid -- supported types [ffldb]`);
}

/** A port that needs no privileges. */
export function checkProfiler({ profile }: SoterdOptions): void {
  if (profile === '') return;
  const port = /^[+-]?\d+$/u.test(profile) ? Number(profile) : Number.NaN;
  if (!(port >= 1024 && port <= 65_535)) throw new ConfigError('The profile port must be between 1024 and 65535');
}

/** Bans of less than a second make no sense. */
export function checkBanDuration({ banduration }: SoterdOptions): void {
  if (banduration < ONE_SECOND)
    throw new ConfigError(`The banduration option may not be less than 1s -- parsed [${formatDuration(banduration)}]`);
}

/** Addresses and networks of the whitelist. */
export function readWhitelist({ whitelist }: SoterdOptions): readonly IpNetwork[] {
  return whitelist.map((text) => {
    const slash = text.indexOf('/');
    const address = slash < 0 ? text : text.slice(0, slash);
    const ip = ipFromString(address);
    const bits = ip && isMappedIpv4(ip) ? 32 : 128;
    const prefix = slash < 0 ? bits : Number(/^\d+$/u.exec(text.slice(slash + 1))?.[0] ?? Number.NaN);
    if (!ip || !(prefix <= bits)) throw new ConfigError(`The whitelist value of '${text}' is invalid`);
    return { address, prefix };
  });
}

/** Peers are either added or the only ones. */
export function checkPeerLists({ addpeer, connect }: SoterdOptions): void {
  if (addpeer.length > 0 && connect.length > 0)
    throw new ConfigError('the --addpeer and --connect options can not be mixed');
}

/** Admin and limited user must be told apart. */
export function checkCredentials({ rpcuser, rpcpass, rpclimituser, rpclimitpass }: SoterdOptions): void {
  if (rpcuser === rpclimituser && rpcuser !== '')
    throw new ConfigError('--rpcuser and --rpclimituser must not specify the same username');
  if (rpcpass === rpclimitpass && rpcpass !== '')
    throw new ConfigError('--rpcpass and --rpclimitpass must not specify the same password');
}

/** The message names an option that does not exist, as the reference's does. */
export function checkConcurrency({ rpcmaxconcurrentreqs }: SoterdOptions): void {
  if (rpcmaxconcurrentreqs < 0)
    throw new ConfigError(
      `The rpcmaxwebsocketconcurrentrequests option may not be less than 0 -- parsed [${rpcmaxconcurrentreqs}]`,
    );
}

/** NanoSoter of a fee in coins, rounded half away from zero. The message is the reference's for what is no number. */
export function readRelayFee({ minrelaytxfee }: SoterdOptions): bigint {
  if (!(minrelaytxfee >= 0 && minrelaytxfee <= MAX_COINS))
    throw new ConfigError('invalid minrelaytxfee: invalid soter amount');
  return BigInt(Math.round(minrelaytxfee * Number(NANO_PER_COIN)));
}

/** Sizes of mined blocks. */
export function checkBlockSizes({ blockmaxsize, blockmaxweight }: SoterdOptions): void {
  const check = (name: string, value: number, min: number, max: number) => {
    if (value < min || value > max)
      throw new ConfigError(`The ${name} option must be in between ${min} and ${max} -- parsed [${value}]`);
  };
  check('blockmaxsize', blockmaxsize, MIN_BLOCK_SIZE, MAX_BLOCK_SIZE);
  check('blockmaxweight', blockmaxweight, MIN_BLOCK_WEIGHT, MAX_BLOCK_WEIGHT);
}

/**
 * Bounds of counts and sizes for which the reference has none: less makes no sense, more would exhaust memory or not be exact. Both
 * included.
 */
const BOUNDS = [
  ['maxpeers', 0, 1_000_000],
  ['rpcmaxclients', 0, 1_000_000],
  ['rpcmaxwebsockets', 0, 1_000_000],
  // Thousand bytes a minute; a number at all events.
  ['limitfreerelay', 0, Number.POSITIVE_INFINITY],
  // About 200 bytes each.
  ['sigcachemaxsize', 0, 10_000_000],
  // Megabytes: below that a pool is of no use, as in Bitcoin Core; above is more than any machine has.
  ['maxmempool', 5, 1_000_000_000],
  // Hours, up to a century.
  ['mempoolexpiry', 1, 24 * 366 * 100],
] as const;

/** Numbers of which any is understood, but not every one can be used. */
export function checkBounds(options: SoterdOptions): void {
  for (const [name, least, most] of BOUNDS) {
    if (!(options[name] >= least && options[name] <= most))
      throw new ConfigError(
        most === Number.POSITIVE_INFINITY
          ? `The ${name} option must be at least ${least} -- parsed [${options[name]}]`
          : `The ${name} option must be in between ${least} and ${most} -- parsed [${options[name]}]`,
      );
  }
  const { trickleinterval } = options;
  if (trickleinterval > ONE_DAY)
    throw new ConfigError(
      `The trickleinterval option may not be more than 24h -- parsed [${formatDuration(trickleinterval)}]`,
    );
}

/** A count that may be zero. */
export function checkOrphans({ maxorphantx }: SoterdOptions): void {
  if (maxorphantx < 0)
    throw new ConfigError(`The maxorphantx option may not be less than 0 -- parsed [${maxorphantx}]`);
}

/** Comments become part of the user agent. */
export function checkUserAgent({ uacomment }: SoterdOptions, { generation }: NetworkParams): void {
  const problem = userAgentCommentProblem(uacomment) ?? userAgentLengthProblem(generation, uacomment);
  if (problem !== undefined) throw new ConfigError(problem);
}

/** An index can not be kept and dropped at once. The double blank is the reference's. */
export function checkIndexes(options: SoterdOptions): void {
  const { txindex, droptxindex, addrindex, dropaddrindex } = options;
  if (txindex && droptxindex)
    throw new ConfigError('the --txindex and --droptxindex options may  not be activated at the same time');
  if (addrindex && dropaddrindex)
    throw new ConfigError('the --addrindex and --dropaddrindex options may not be activated at the same time');
  if (addrindex && droptxindex)
    throw new ConfigError(
      'the --addrindex and --droptxindex options may not be activated at the same time because the address index relies on the transaction index',
    );
}

/** Addresses that mined blocks pay. */
export function readMiningAddresses({ miningaddr }: SoterdOptions, params: NetworkParams): readonly Address[] {
  return miningaddr.map((text) => {
    const address = decode(text, params);
    if (!isForNet(address, params)) throw new ConfigError(`mining address '${text}' is on the wrong network`);
    return address;
  });
}

function decode(text: string, params: NetworkParams): Address {
  try {
    return decodeAddress(text, params);
  } catch (error) {
    if (error instanceof AddressError)
      throw new ConfigError(`mining address '${text}' failed to decode: ${error.message}`);
    throw error;
  }
}

/** Mining needs an address. The blank at the end is the reference's. */
export function checkGenerate({ generate, miningaddr }: SoterdOptions): void {
  if (generate && miningaddr.length === 0)
    throw new ConfigError('the generate flag is set, but there are no mining addresses specified ');
}

/** Without TLS passwords are readable on the wire, so only this machine may be served. */
export function checkPlainRpc(listen: readonly string[]): void {
  for (const address of listen)
    if (!LOCAL_HOSTS.includes(rpcHostOf(address)))
      throw new ConfigError(
        `the --notls option may not be used when binding RPC to non localhost addresses: ${address}`,
      );
}

/** Options for .onion addresses and the proxies. */
export function checkProxies(options: SoterdOptions): void {
  const { noonion, onion, torisolation, proxy } = options;
  if (noonion && onion !== '')
    throw new ConfigError('the --noonion and --onion options may not be activated at the same time');
  if (torisolation && proxy === '' && onion === '')
    throw new ConfigError('Tor stream isolation requires either proxy or onionproxy to be set');
  checkProxyAddress('Proxy address', proxy);
  checkProxyAddress('Onion proxy address', onion);
  for (const name of ['proxyuser', 'proxypass', 'onionuser', 'onionpass'] as const)
    if (Buffer.byteLength(options[name]) > MAX_PROXY_CREDENTIAL)
      throw new ConfigError(`the --${name} option may not be longer than ${MAX_PROXY_CREDENTIAL} bytes`);
}
