import { join } from 'node:path';
import type { NetworkParams } from '../../params/index.ts';
import type { Address } from '../../script/index.ts';
import { joinHostPort, splitHostPort, withDefaultPort } from '../../util/host-port.ts';
import { readHostAddresses, readListenAddresses } from './addresses.ts';
import {
  checkBanDuration,
  checkBlockSizes,
  checkBounds,
  checkConcurrency,
  checkCredentials,
  checkDatabase,
  checkGenerate,
  checkIndexes,
  checkOrphans,
  checkPeerLists,
  checkPlainRpc,
  checkProfiler,
  checkProxies,
  checkUserAgent,
  readMiningAddresses,
  readRelayFee,
  readWhitelist,
} from './checks.ts';
import { ConfigError } from './config-error.ts';
import { durationToMilliseconds } from './duration-text.ts';
import type { MiningConfig, NodeConfig, PeerConfig, ProxyConfig, RpcConfig } from './node-config.ts';
import type { OptionSet } from './option-set.ts';
import { expandPath, type PathEnvironment } from './paths.ts';
import { SOTERD_OPTIONS, type SoterdOptions } from './soterd-options.ts';
import { UNBUILT_OPTIONS } from './unbuilt.ts';

const LOG_FILE = 'soterd.log';
/** When only the other of size and weight is given, this size goes with a weight, and four times the size is the weight. */
const SIZE_FOR_GIVEN_WEIGHT = 999_520;
const WITNESS_SCALE_FACTOR = 4;
const MEGABYTE = 1_000_000;
const HOUR_SECONDS = 3600;

/** What values depend on besides the options. */
export interface ValidationContext {
  readonly params: NetworkParams;
  readonly home: string;
  readonly dataDir: string;
  readonly logDir: string;
  readonly env: PathEnvironment['env'];
  /** IP addresses of `localhost`. */
  resolveLocalhost(): Promise<readonly string[]>;
  /** Called at the point where the node notes that it serves no RPC. */
  noteRpcDisabled(): void;
}

/** Path of the log file below a log folder. */
export function logFilePath(logDir: string): string {
  return join(logDir, LOG_FILE);
}

/**
 * Checks all values that do not concern the choice of network, in the reference node's order, and builds the
 * configuration from them.
 * @throws {ConfigError} at the first one that can not be used.
 */
export async function validate(set: OptionSet<typeof SOTERD_OPTIONS>, context: ValidationContext): Promise<NodeConfig> {
  const options = set.values();
  const { params } = context;
  checkDatabase(options);
  checkProfiler(options);
  checkBanDuration(options);
  const whitelist = readWhitelist(options);
  checkPeerLists(options);
  checkCredentials(options);
  const serveRpc = isRpcEnabled(options);
  if (!serveRpc) context.noteRpcDisabled();
  checkConcurrency(options);
  const minRelayFee = readRelayFee(options);
  checkBlockSizes(options);
  checkOrphans(options);
  checkBounds(options);
  checkUserAgent(options, params);
  checkIndexes(options);
  const addresses = readMiningAddresses(options, params);
  checkGenerate(options);
  const rpcListen = await rpcAddresses(options, serveRpc, context);
  if (serveRpc && options.notls) checkPlainRpc(rpcListen.map((address) => withDefaultPort(address, params.rpcPort)));
  checkProxies(options);
  const places = await readPlaces({ ...options, rpclisten: rpcListen }, context);
  refuseUnbuilt(set);
  return {
    params,
    home: context.home,
    dataDir: context.dataDir,
    logDir: context.logDir,
    logFile: logFilePath(context.logDir),
    signatureCacheSize: options.sigcachemaxsize,
    peers: { ...peerConfig(options, params, places), whitelist },
    rpc: serveRpc ? rpcConfig(options, places.rpc, context.home) : undefined,
    mining: miningConfig(options, addresses),
    mempool: {
      minRelayFee,
      freeRelayLimit: options.limitfreerelay,
      relayPriority: !options.norelaypriority,
      maxOrphans: options.maxorphantx,
      maxUsage: options.maxmempool * MEGABYTE,
      expiry: options.mempoolexpiry * HOUR_SECONDS,
      blocksOnly: options.blocksonly,
      acceptNonStandard: options.relaynonstd || (!options.rejectnonstd && params.relayNonStdTxs),
    },
    indexes: {
      transactions: options.txindex || options.addrindex,
      addresses: options.addrindex,
      filters: wantsFilters(options),
      dropTransactions: options.droptxindex,
      dropAddresses: options.dropaddrindex,
      dropFilters: options.dropcfindex,
    },
    profiling: {
      inspectorPort: options.profile === '' ? undefined : Number(options.profile),
      cpuProfileFile: options.cpuprofile === '' ? undefined : expandPath(options.cpuprofile, context.home, context.env),
    },
    metricsListen: places.metrics,
  };
}

function isRpcEnabled({ norpc, rpcuser, rpcpass, rpclimituser, rpclimitpass }: SoterdOptions): boolean {
  return !norpc && ((rpcuser !== '' && rpcpass !== '') || (rpclimituser !== '' && rpclimitpass !== ''));
}

function wantsFilters({ cfilters, nocfilters }: SoterdOptions): boolean {
  return cfilters || !nocfilters;
}

/** Where RPC listens, as the options say; without any the reference node takes the addresses of `localhost`. */
async function rpcAddresses(
  { rpclisten }: SoterdOptions,
  serveRpc: boolean,
  context: ValidationContext,
): Promise<readonly string[]> {
  return serveRpc && rpclisten.length === 0 ? context.resolveLocalhost() : rpclisten;
}

/** All addresses of the options, in the form in which they are used. Those that are not used are checked, too. */
interface Places {
  readonly rpc: readonly string[];
  readonly metrics: readonly string[];
  readonly peers: readonly string[];
  readonly persistent: readonly string[];
  readonly external: readonly string[];
}

async function readPlaces(options: SoterdOptions, context: ValidationContext): Promise<Places> {
  const { rpcPort, p2pPort } = context.params;
  const listenAt = (option: 'rpclisten' | 'metricslisten' | 'listen', port?: number) =>
    withoutLocalhost(readListenAddresses(option, options[option], port), context);
  const [added, only] = (['addpeer', 'connect'] as const).map((option) =>
    readHostAddresses(option, options[option], p2pPort),
  );
  return {
    rpc: await listenAt('rpclisten', rpcPort),
    metrics: await listenAt('metricslisten'),
    peers: await listenAt('listen', p2pPort),
    persistent: [...added, ...only],
    external: readHostAddresses('externalip', options.externalip, p2pPort),
  };
}

/** Listeners take IP addresses only; the one name that everybody writes is replaced by what it stands for. */
async function withoutLocalhost(listen: readonly string[], context: ValidationContext): Promise<readonly string[]> {
  const lists = await Promise.all(
    listen.map(async (address) => {
      const { host, port } = splitHostPort(address);
      if (host !== 'localhost') return [address];
      return (await context.resolveLocalhost()).map((ip) => joinHostPort(ip, port));
    }),
  );
  return [...new Set(lists.flat())];
}

function rpcConfig(options: SoterdOptions, listen: readonly string[], home: string): RpcConfig {
  return {
    listen,
    admin: { user: options.rpcuser, password: options.rpcpass },
    limited: { user: options.rpclimituser, password: options.rpclimitpass },
    tls: !options.notls,
    certificateFile: options.rpccert || join(home, 'rpc.cert'),
    keyFile: options.rpckey || join(home, 'rpc.key'),
    maxClients: options.rpcmaxclients,
    maxWebSockets: options.rpcmaxwebsockets,
    maxConcurrentRequests: options.rpcmaxconcurrentreqs,
    quirks: options.rpcquirks,
  };
}

function peerConfig(options: SoterdOptions, params: NetworkParams, places: Places): Omit<PeerConfig, 'whitelist'> {
  const connectOnly = options.connect.length > 0;
  const isOpen = options.listen.length > 0 || !(connectOnly || options.proxy !== '');
  const listen = options.listen.length > 0 ? places.peers : [joinHostPort('', params.p2pPort)];
  return {
    listen: isOpen && !options.nolisten ? listen : [],
    // Only one of the two options is given.
    persistent: places.persistent,
    connectOnly,
    maxPeers: options.maxpeers,
    dnsSeeding:
      !options.nodnsseed && !connectOnly && options.maxpeers > 0 && !options.simnet && params.name !== 'simnet',
    banning: !options.nobanning,
    banDuration: durationToMilliseconds(options.banduration),
    banThreshold: options.banthreshold,
    externalAddresses: places.external,
    upnp: options.upnp,
    proxy: proxyConfig({
      address: options.proxy,
      user: options.proxyuser,
      password: options.proxypass,
      // With a proxy of its own for .onion addresses, the other one is not Tor.
      isolate: options.torisolation && options.onion === '',
    }),
    onionProxy: proxyConfig({
      address: options.onion,
      user: options.onionuser,
      password: options.onionpass,
      isolate: options.torisolation,
    }),
    onionAllowed: !options.noonion,
    bloomFilters: !options.nopeerbloomfilters,
    trickleInterval: durationToMilliseconds(options.trickleinterval),
    userAgentComments: options.uacomment,
  };
}

function proxyConfig(config: ProxyConfig): ProxyConfig | undefined {
  return config.address === '' ? undefined : config;
}

function miningConfig(options: SoterdOptions, addresses: readonly Address[]): MiningConfig {
  const { blockMaxSize, blockMaxWeight } = blockLimits(options);
  return {
    generate: options.generate,
    addresses,
    blockMinSize: Math.min(options.blockminsize, blockMaxSize),
    blockMaxSize,
    blockMinWeight: Math.min(options.blockminweight, blockMaxWeight),
    blockMaxWeight,
    blockPrioritySize: Math.min(options.blockprioritysize, blockMaxSize),
  };
}

/** Size and weight follow from each other when only one differs from its default. */
function blockLimits({ blockmaxsize, blockmaxweight }: SoterdOptions) {
  const sizeIsDefault = blockmaxsize === SOTERD_OPTIONS.blockmaxsize.fallback;
  const weightIsDefault = blockmaxweight === SOTERD_OPTIONS.blockmaxweight.fallback;
  if (sizeIsDefault && !weightIsDefault) return { blockMaxSize: SIZE_FOR_GIVEN_WEIGHT, blockMaxWeight: blockmaxweight };
  if (!sizeIsDefault && weightIsDefault)
    return { blockMaxSize: blockmaxsize, blockMaxWeight: blockmaxsize * WITNESS_SCALE_FACTOR };
  return { blockMaxSize: blockmaxsize, blockMaxWeight: blockmaxweight };
}

/** Refuses what this version does not have instead of ignoring it. */
function refuseUnbuilt(set: OptionSet<typeof SOTERD_OPTIONS>): void {
  const options = set.values();
  for (const [name, part] of UNBUILT_OPTIONS)
    if (String(options[name]) !== String(SOTERD_OPTIONS[name].fallback))
      throw new ConfigError(`the --${name} option can not be used: this version does not have ${part} yet`);
}
