import { type OptionDefinition, type OptionsOf, SHELLS } from '../node/config/index.ts';

const GENERAL = 'General';
const SERVER = 'Server';

const flag = (name: string, about: string, group: string, short?: string): OptionDefinition<'bool'> => ({
  name,
  kind: 'bool',
  fallback: false,
  group,
  about,
  ...(short !== undefined && { short }),
});

const text = (
  name: string,
  fallback: string,
  about: string,
  group: string,
  short?: string,
): OptionDefinition<'string'> => ({
  name,
  kind: 'string',
  fallback,
  group,
  about,
  ...(short !== undefined && { short }),
});

/** Every option of soterctl, in the order of the help text. */
export const SOTERCTL_OPTIONS = {
  version: flag('version', 'Print the version and exit', GENERAL, 'V'),
  listcommands: flag('listcommands', 'List all commands and exit', GENERAL, 'l'),
  completion: {
    ...text('completion', '', 'Print the completion script of a shell and exit: bash, zsh or fish', GENERAL),
    choices: SHELLS,
  },
  configfile: text('configfile', '', 'Configuration file [HOME/.soterctl/soterctl.conf]', GENERAL, 'C'),
  rpcuser: text('rpcuser', '', 'User name', SERVER, 'u'),
  rpcpass: text('rpcpass', '', 'Password', SERVER, 'P'),
  rpcserver: text('rpcserver', 'localhost', 'Server to connect to, port by network', SERVER, 's'),
  rpccert: text('rpccert', '', 'Certificate of the server [HOME/.soterd/rpc.cert]', SERVER, 'c'),
  notls: flag('notls', 'Connect without TLS', SERVER),
  skipverify: flag('skipverify', "Do not check the server's certificate", SERVER),
  proxy: text('proxy', '', 'SOCKS5 proxy, host:port', SERVER),
  proxyuser: text('proxyuser', '', 'User name at the proxy', SERVER),
  proxypass: text('proxypass', '', 'Password at the proxy', SERVER),
  testnet: flag('testnet', 'The server is on the test network', SERVER),
  simnet: flag('simnet', 'The server is on the simulation network', SERVER),
  wallet: flag('wallet', 'The server is a wallet', SERVER),
} as const;

/** Values of all options of soterctl. */
export type SoterctlOptions = OptionsOf<typeof SOTERCTL_OPTIONS>;
