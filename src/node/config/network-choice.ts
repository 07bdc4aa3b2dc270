import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  NetworkFileError,
  type NetworkName,
  type NetworkParams,
  networkParams,
  parseNetworkFile,
} from '../../params/index.ts';
import { ConfigError } from './config-error.ts';
import { fileErrorText } from './file-errors.ts';
import { expandPath, type PathEnvironment } from './paths.ts';
import type { SoterdOptions } from './soterd-options.ts';

/** The options that choose a network. */
type NetworkOptions = Pick<SoterdOptions, 'testnet' | 'regtest' | 'simnet' | 'netcfgfile'>;

/** The network that the flags name. */
export function optionNetwork({ testnet, regtest, simnet }: Omit<NetworkOptions, 'netcfgfile'>): NetworkName {
  if (testnet) return 'testnet1';
  if (regtest) return 'regtest';
  return simnet ? 'simnet' : 'mainnet';
}

/**
 * The network that the options name, or that of the network file, which replaces it as a whole.
 * @throws {ConfigError} if the file can not be used.
 */
export function activeNetwork(options: NetworkOptions): NetworkParams {
  const path = options.netcfgfile;
  if (path === '') return networkParams(optionNetwork(options));
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(fileErrorText('open', path, error));
  }
  try {
    return parseNetworkFile(text, path);
  } catch (error) {
    if (error instanceof NetworkFileError) throw new ConfigError(error.message);
    throw error;
  }
}

/** Folder of a network's data. @param home folder of the program's own files. */
export function networkDataFolder(
  { datadir }: Pick<SoterdOptions, 'datadir'>,
  { dataFolder }: NetworkParams,
  home: string,
  env: PathEnvironment['env'],
): string {
  return join(expandPath(datadir || join(home, 'data'), home, env), dataFolder);
}
