import { LOG_FORMATS } from '../logging/index.ts';
import { SHELLS } from './completion.ts';
import type { OptionDefinition, OptionKind, OptionsOf, OptionValues } from './option.ts';

/** The home folder's place is only known at run time: an empty path stands for the default below it. */
const BELOW_HOME = '';
const DAY = 86_400_000_000_000n;
const TEN_SECONDS = 10_000_000_000n;

type Rest = Partial<Pick<OptionDefinition, 'short' | 'switchable' | 'secret' | 'choices'>>;
type Named<Kind extends OptionKind> = Omit<OptionDefinition<Kind>, 'name' | 'group'>;

function option<Kind extends OptionKind>(
  kind: Kind,
  fallback: OptionValues[Kind],
  about: string,
  rest: Rest = {},
): Named<Kind> {
  return { kind, fallback, about, ...rest };
}

const flag = (about: string, rest: Rest = {}) => option('bool', false, about, rest);
const text = (about: string, rest: Rest = {}) => option('string', '', about, rest);
const list = (about: string, rest: Rest = {}) => option('list', [], about, rest);

/** Completes a group of options with their names and heading. */
function group<const Options extends { readonly [name: string]: Named<OptionKind> }>(
  heading: string,
  options: Options,
) {
  const complete = Object.entries(options).map(([name, rest]) => [name, { ...rest, name, group: heading }]);
  return Object.fromEntries(complete) as {
    readonly [Name in keyof Options]: Options[Name] extends Named<infer Kind> ? OptionDefinition<Kind> : never;
  };
}

/** Every option of soterd, in the order of the help text. */
export const SOTERD_OPTIONS = {
  ...group('General', {
    version: flag('Print the version and exit', { short: 'V' }),
    'check-config': flag('Check the configuration, show each value and where it comes from, and exit'),
    completion: text('Print the completion script of a shell and exit: bash, zsh or fish', { choices: SHELLS }),
    configfile: option('string', BELOW_HOME, 'Configuration file [HOME/.soterd/soterd.conf]', { short: 'C' }),
    datadir: option(
      'string',
      BELOW_HOME,
      'Folder of the data; the name of the network is appended [HOME/.soterd/data]',
      {
        short: 'b',
      },
    ),
    logdir: option('string', BELOW_HOME, 'Folder of the logs; the name of the network is appended [HOME/.soterd/logs]'),
    debuglevel: option(
      'string',
      'info',
      'What is logged: trace, debug, info, warn, error or critical, for all or as SUBSYSTEM=level,...; "show" lists subsystems',
      { short: 'd' },
    ),
    logformat: option('string', 'text', 'Form of the log lines: text or json', { choices: LOG_FORMATS }),
  }),
  ...group('Network', {
    testnet: flag('Use the test network'),
    regtest: flag('Use the regression test network; its blocks are deleted at each start'),
    simnet: flag('Use the simulation network'),
    netcfgfile: text('File that changes the timing of a network'),
  }),
  ...group('Peers', {
    addpeer: list('Connect to this peer and keep the connection', { short: 'a' }),
    connect: list('Connect to these peers only'),
    nolisten: flag('Accept no connections; implied by --connect and --proxy unless --listen is given'),
    listen: list('Accept connections on this address [all addresses, port by network: 8333, 5070, 18444, 18555]'),
    maxpeers: option('int', 125, 'Most connected peers'),
    nobanning: flag('Never ban peers'),
    banduration: option('duration', DAY, 'How long to ban a peer'),
    banthreshold: option('uint32', 100, 'Misbehaviour score at which a peer is banned'),
    whitelist: list('Address or network (CIDR) that is never banned'),
    nodnsseed: flag('Do not ask DNS for peers'),
    externalip: list('Address to announce to peers'),
    upnp: flag('Let the router forward the port, by UPnP or NAT-PMP'),
    proxy: text('SOCKS5 proxy for connections, host:port'),
    proxyuser: text('User name at the proxy'),
    proxypass: text('Password at the proxy', { secret: true }),
    onion: text('SOCKS5 proxy for .onion addresses, host:port'),
    onionuser: text('User name at the onion proxy'),
    onionpass: text('Password at the onion proxy', { secret: true }),
    noonion: flag('Do not connect to .onion addresses'),
    torisolation: flag('Use a new Tor circuit for each connection'),
    nopeerbloomfilters: flag('Do not offer bloom filters to peers'),
    trickleinterval: option('duration', TEN_SECONDS, 'Time between announcements to a peer'),
    uacomment: list('Comment in the announced user agent'),
  }),
  ...group('RPC', {
    rpcuser: text('User name of the administrator', { short: 'u' }),
    rpcpass: text('Password of the administrator', { short: 'P', secret: true }),
    rpclimituser: text('User name of the limited user'),
    rpclimitpass: text('Password of the limited user', { secret: true }),
    rpclisten: list('Serve RPC on this address [localhost, port by network: 8334, 5071, 18334, 18556]'),
    rpccert: option('string', BELOW_HOME, 'Certificate of the RPC server [HOME/.soterd/rpc.cert]'),
    rpckey: option('string', BELOW_HOME, 'Key of the certificate [HOME/.soterd/rpc.key]'),
    rpcmaxclients: option('int', 10, 'Most RPC requests at a time'),
    rpcmaxwebsockets: option('int', 25, 'Most RPC WebSocket connections'),
    rpcmaxconcurrentreqs: option('int', 20, 'Most requests at a time of one WebSocket connection'),
    rpcquirks: flag('Answer requests without id as bitcoind does'),
    norpc: flag('Do not serve RPC'),
    notls: flag('Serve RPC without TLS; only on localhost'),
  }),
  ...group('Mining', {
    generate: flag('Mine from the start'),
    miningaddr: list('Address that mined blocks pay; one is drawn at random for each block'),
    blockminsize: option('uint32', 0, 'Understood for compatibility, without effect'),
    blockmaxsize: option('uint32', 750_000, 'Greatest size of mined blocks, bytes'),
    blockminweight: option('uint32', 0, 'Weight of mined blocks up to which transactions without fee are taken'),
    blockmaxweight: option('uint32', 3_001_560, 'Greatest weight of mined blocks'),
    blockprioritysize: option('uint32', 50_000, 'Room for old and valuable inputs in mined blocks, bytes'),
    lean: flag('Generation 4: solve with the external program lean19x1'),
    gpu: flag('Generation 4: solve with the external program cuda29'),
  }),
  ...group('Transactions', {
    minrelaytxfee: option('float64', 1e-6, 'Least fee of a transaction that counts as paying, coins per 1000 bytes'),
    limitfreerelay: option('float64', 15, 'Relay at most so many thousand bytes of free transactions a minute'),
    norelaypriority: flag('Do not ask free transactions for priority'),
    maxorphantx: option('int', 100, 'Most transactions that wait for unknown ones'),
    maxmempool: option('uint', 300, 'Most memory of the transactions that wait for a block, megabytes'),
    mempoolexpiry: option('uint', 336, 'Hours after which a transaction that waits for a block is dropped'),
    blocksonly: flag('Take no transactions from peers'),
    relaynonstd: flag('Relay non-standard transactions whatever the network'),
    rejectnonstd: flag('Refuse non-standard transactions whatever the network'),
    sigcachemaxsize: option('uint', 100_000, 'Most entries of the signature cache'),
  }),
  ...group('Database and indexes', {
    dbtype: option('string', 'ffldb', 'Kind of database; only ffldb, the name stands for any'),
    txindex: flag('Keep an index of all transactions'),
    addrindex: flag('Keep an index of transactions by address; implies --txindex'),
    nocfilters: option('bool', true, 'Keep no index of committed filters', { switchable: true }),
    cfilters: flag('Keep an index of committed filters'),
    droptxindex: flag('Delete the transaction index and exit'),
    dropaddrindex: flag('Delete the address index and exit'),
    dropcfindex: flag('Delete the committed filter index and exit'),
  }),
  ...group('Monitoring', {
    metricslisten: list('Serve metrics, /healthy and /ready on this address, without a password, e.g. 127.0.0.1:9331'),
    profile: text('Let the inspector of Node.js (chrome://inspect) attach at this port of localhost'),
    cpuprofile: text('Write a CPU profile of the whole run to this file'),
  }),
} as const;

/** Values of all options of soterd. */
export type SoterdOptions = OptionsOf<typeof SOTERD_OPTIONS>;
