import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  applicationFolder,
  CommandLineError,
  ConfigFileError,
  expandPath,
  fileErrorText,
  helpText,
  OptionSet,
  type PathEnvironment,
  type ProxyConfig,
  readCommandLine,
  readConfigFile,
} from '../node/config/index.ts';
import { makeFolder } from '../node/folders.ts';
import { networkParams } from '../params/index.ts';
import { withDefaultPort } from '../util/host-port.ts';
import { SOTERCTL_OPTIONS, type SoterctlOptions } from './soterctl-options.ts';

const USAGE_HINT = 'Use soterctl -h to show options';
const HELP = {
  usage: 'soterctl [OPTIONS] <command> <args...>',
  about: [
    'Sends one command to a node by JSON-RPC and prints its answer. "soterctl -l" lists the commands.',
    'An argument - is replaced by the next line of standard input. Negative numbers need -- before them.',
  ],
};

/** What is needed to call a server. */
export interface ClientConfig {
  /** `host:port`. */
  readonly server: string;
  readonly user: string;
  readonly password: string;
  readonly tls: boolean;
  /** File of the server's certificate; only with TLS. */
  readonly certificateFile: string;
  readonly verify: boolean;
  /** SOCKS5 proxy between us and the server. */
  readonly proxy: ProxyConfig | undefined;
}

/** What the command line comes to. */
export type ClientCommand =
  | { readonly kind: 'call'; readonly config: ClientConfig; readonly args: readonly string[] }
  | { readonly kind: 'version' | 'list' }
  | { readonly kind: 'completion'; readonly shell: string }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'wrong'; readonly message: string };

/** Prints a warning. */
type Warn = (message: string) => void;
type Options = OptionSet<typeof SOTERCTL_OPTIONS>;

/** Reads command line and configuration file; makes the latter from the node's own if it does not exist. */
export function readClientCommand(args: readonly string[], environment: PathEnvironment, warn: Warn): ClientCommand {
  try {
    return read(args, environment, warn);
  } catch (error) {
    if (error instanceof CommandLineError) return { kind: 'wrong', message: `${error.message}\n${USAGE_HINT}` };
    if (error instanceof ConfigFileError)
      return { kind: 'wrong', message: `Error parsing config file: ${error.message}\n${USAGE_HINT}` };
    throw error;
  }
}

function read(args: readonly string[], environment: PathEnvironment, warn: Warn): ClientCommand {
  const first = readFirst(args);
  if (first.help) return { kind: 'help', text: helpText(HELP, SOTERCTL_OPTIONS) };
  if (first.options.version) return { kind: 'version' };
  if (first.options.listcommands) return { kind: 'list' };
  if (first.options.completion !== '') return { kind: 'completion', shell: first.options.completion };

  const set: Options = new OptionSet(SOTERCTL_OPTIONS);
  const serverFolder = applicationFolder(first.options.wallet ? 'soterwallet' : 'soterd', environment);
  const file = first.options.configfile || join(applicationFolder('soterctl', environment), 'soterctl.conf');
  const serverFile = join(serverFolder, first.options.wallet ? 'soterwallet.conf' : 'soterd.conf');
  const text = readFile(file) ?? createFile(file, serverFile, warn);
  if (text !== undefined) readConfigFile(text, file, set);
  set.beginSource();
  const { positionals } = readCommandLine(args, set);
  const options = set.values();
  if (options.testnet && options.simnet)
    return wrong("loadConfig: The testnet, and simnet params can't be used together -- choose one of the two");
  const params = networkParams(options.testnet ? 'testnet1' : options.simnet ? 'simnet' : 'mainnet');
  const certificate = options.rpccert || join(serverFolder, 'rpc.cert');
  return {
    kind: 'call',
    args: positionals,
    config: {
      server: withDefaultPort(options.rpcserver, options.wallet ? params.walletRpcPort : params.rpcPort),
      user: options.rpcuser,
      password: options.rpcpass,
      tls: !options.notls,
      certificateFile: expandPath(certificate, applicationFolder('soterctl', environment), environment.env),
      verify: !options.skipverify,
      proxy:
        options.proxy === ''
          ? undefined
          : { address: options.proxy, user: options.proxyuser, password: options.proxypass, isolate: false },
    },
  };
}

function wrong(message: string): ClientCommand {
  return { kind: 'wrong', message };
}

/** First look at the command line. Mistakes are found later. */
function readFirst(args: readonly string[]): { readonly help: boolean; readonly options: SoterctlOptions } {
  const set: Options = new OptionSet(SOTERCTL_OPTIONS);
  try {
    const { help } = readCommandLine(args, set, { doubleDash: false });
    return { help, options: set.values() };
  } catch (error) {
    if (error instanceof CommandLineError) return { help: false, options: set.values() };
    throw error;
  }
}

/** Text of a file, undefined if it can not be read. */
function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Makes a configuration file with the credentials of the node's file, if that has both. Returns its text. */
function createFile(path: string, serverFile: string, warn: Warn): string | undefined {
  let place = serverFile;
  try {
    const server = readFileSync(serverFile, 'utf8');
    const user = /^\s*rpcuser=(\S+)/mu.exec(server)?.[1];
    const password = /^\s*rpcpass=(\S+)/mu.exec(server)?.[1];
    if (user === undefined || password === undefined) return undefined;
    const notls = /^\s*notls=([01])(?:\s|$)/mu.exec(server)?.[1];
    const text = `rpcuser=${user}\nrpcpass=${password}\n${notls === undefined ? '' : `notls=${notls}\n`}`;
    place = path;
    makeFolder(dirname(path));
    writeFileSync(path, text, { mode: 0o600 });
    return text;
  } catch (error) {
    warn(`Error creating a default config file: ${fileErrorText('open', place, error)}`);
    return undefined;
  }
}
