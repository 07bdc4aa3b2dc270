import type { NetworkParams } from '../../params/index.ts';
import type { Credentials } from '../../rpc/index.ts';
import type { Address } from '../../script/index.ts';

/** An IP network of the whitelist. */
export interface IpNetwork {
  /** 4-byte or 16-byte text form, as given. */
  readonly address: string;
  /** Leading bits that count. */
  readonly prefix: number;
}

/** SOCKS5 proxy. */
export interface ProxyConfig {
  /** `host:port`. */
  readonly address: string;
  /** Both at most 255 bytes; empty if the proxy asks for none. */
  readonly user: string;
  readonly password: string;
  /** Fresh random credentials for each connection instead, so that Tor gives each a circuit of its own. */
  readonly isolate: boolean;
}

/** How the RPC server is to be run. */
export interface RpcConfig {
  /** `ip:port`; an empty host means every address of the machine. */
  readonly listen: readonly string[];
  readonly admin: Credentials;
  readonly limited: Credentials;
  readonly tls: boolean;
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly maxClients: number;
  readonly maxWebSockets: number;
  /** Requests at a time of one WebSocket connection. */
  readonly maxConcurrentRequests: number;
  readonly quirks: boolean;
}

/** How peers are found, kept and limited. Addresses are `host:port`. */
export interface PeerConfig {
  /** Empty if no connections are accepted. */
  readonly listen: readonly string[];
  /** Peers to keep; with `connectOnly` there are no others. */
  readonly persistent: readonly string[];
  readonly connectOnly: boolean;
  readonly maxPeers: number;
  readonly dnsSeeding: boolean;
  readonly banning: boolean;
  /** Milliseconds. */
  readonly banDuration: number;
  readonly banThreshold: number;
  readonly whitelist: readonly IpNetwork[];
  readonly externalAddresses: readonly string[];
  readonly upnp: boolean;
  /** For all connections. */
  readonly proxy: ProxyConfig | undefined;
  /** For connections to .onion addresses, if these have a proxy of their own. */
  readonly onionProxy: ProxyConfig | undefined;
  readonly onionAllowed: boolean;
  readonly bloomFilters: boolean;
  /** Milliseconds between announcements. */
  readonly trickleInterval: number;
  readonly userAgentComments: readonly string[];
}

/** How blocks are built. */
export interface MiningConfig {
  readonly generate: boolean;
  readonly addresses: readonly Address[];
  readonly blockMinSize: number;
  readonly blockMaxSize: number;
  readonly blockMinWeight: number;
  readonly blockMaxWeight: number;
  readonly blockPrioritySize: number;
}

/** Which transactions are taken and relayed. */
export interface MempoolConfig {
  /** NanoSoter per 1000 bytes. */
  readonly minRelayFee: bigint;
  /** Thousand bytes a minute. */
  readonly freeRelayLimit: number;
  readonly relayPriority: boolean;
  readonly maxOrphans: number;
  /** Bytes. */
  readonly maxUsage: number;
  /** Seconds. */
  readonly expiry: number;
  readonly blocksOnly: boolean;
  readonly acceptNonStandard: boolean;
}

/** Which indexes are kept, or dropped at the start. */
export interface IndexConfig {
  readonly transactions: boolean;
  readonly addresses: boolean;
  readonly filters: boolean;
  readonly dropTransactions: boolean;
  readonly dropAddresses: boolean;
  readonly dropFilters: boolean;
}

/** What is recorded about where time goes. */
export interface ProfilingConfig {
  /** Port of localhost for the inspector. */
  readonly inspectorPort: number | undefined;
  /** File for a CPU profile of the whole run. */
  readonly cpuProfileFile: string | undefined;
}

/** Everything that a node is told from outside, checked and complete. */
export interface NodeConfig {
  readonly params: NetworkParams;
  /** Where the program keeps its own files, e.g. `~/.soterd`. */
  readonly home: string;
  /** Folder of this network's data and of its logs. */
  readonly dataDir: string;
  readonly logDir: string;
  readonly logFile: string;
  readonly signatureCacheSize: number;
  readonly peers: PeerConfig;
  /** Undefined if RPC is off. */
  readonly rpc: RpcConfig | undefined;
  readonly mining: MiningConfig;
  readonly mempool: MempoolConfig;
  readonly indexes: IndexConfig;
  /** Where metrics and health are served, `ip:port`; empty if they are not. */
  readonly metricsListen: readonly string[];
  readonly profiling: ProfilingConfig;
}
