import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkParams } from '../../params/index.ts';
import { checkOneNetwork } from './checks.ts';
import { CommandLineError, readCommandLine } from './command-line.ts';
import { completionScript, SHELLS } from './completion.ts';
import { ConfigError } from './config-error.ts';
import { ConfigFileError, readConfigFile } from './config-file.ts';
import { errorCode, fileErrorText } from './file-errors.ts';
import { helpText } from './help-text.ts';
import { activeNetwork, networkDataFolder } from './network-choice.ts';
import type { OptionDefinition, OptionsOf } from './option.ts';
import { OptionSet } from './option-set.ts';
import { applicationFolder, type PathEnvironment } from './paths.ts';
import { SOTERD_OPTIONS } from './soterd-options.ts';

const { version, completion, configfile, datadir, testnet, regtest, simnet, netcfgfile } = SOTERD_OPTIONS;

/** Options of soterd that say where the data is, which soterdag reads from soterd's configuration file, too. */
const PLACE = { configfile, datadir, testnet, regtest, simnet, netcfgfile };

const scripts: OptionDefinition<'bool'> = {
  name: 'scripts',
  kind: 'bool',
  fallback: false,
  group: 'Verification',
  about: 'verify: run the scripts of all blocks, too',
};

const OPTIONS = { version, completion, ...PLACE, scripts };

const ACTIONS = ['export', 'import', 'verify'];

const USAGE_HINT = 'Use soterdag -h to show usage';
const HELP = {
  usage: 'soterdag [options] export FILE\n  soterdag [options] import FILE\n  soterdag [options] verify',
  about: [
    'Works on the data of a node that is not running, chosen with the options that soterd would be started with.',
    'export writes the DAG to a file, import takes the blocks of such a file, verify derives the state again from the blocks.',
  ],
};

/** What soterdag is to do. */
export type DagToolTask =
  | { readonly action: 'export' | 'import'; readonly file: string }
  | { readonly action: 'verify'; readonly scripts: boolean };

/** What the command line comes to. */
export type DagToolCommand =
  | {
      readonly kind: 'run';
      readonly params: NetworkParams;
      /** Folder of the network's data. */
      readonly dataDir: string;
      readonly task: DagToolTask;
    }
  | { readonly kind: 'version' }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'wrong'; readonly message: string };

type Options = OptionsOf<typeof OPTIONS>;

/** Reads the command line of soterdag, and of soterd's configuration file what says where the data is. */
export function readDagToolCommand(args: readonly string[], environment: PathEnvironment): DagToolCommand {
  const wrong = (message: string): DagToolCommand => ({ kind: 'wrong', message: `${message}\n${USAGE_HINT}` });
  try {
    return read(args, environment);
  } catch (error) {
    if (error instanceof ConfigFileError) return wrong(`Error parsing config file: ${error.message}`);
    if (error instanceof CommandLineError || error instanceof ConfigError) return wrong(error.message);
    throw error;
  }
}

function read(args: readonly string[], environment: PathEnvironment): DagToolCommand {
  const set = new OptionSet(OPTIONS);
  const { positionals, help } = readCommandLine(args, set);
  if (help) return { kind: 'help', text: helpText(HELP, OPTIONS) };
  const given = set.values();
  if (given.version) return { kind: 'version' };
  if (given.completion !== '') return completionOf(given.completion);
  const task = readTask(positionals, given.scripts);
  const home = applicationFolder('soterd', environment);
  const options: Options = { ...given, ...fromFile(given, home, (name) => set.isGiven(name)) };
  checkOneNetwork(options);
  const params = activeNetwork(options);
  return { kind: 'run', params, dataDir: networkDataFolder(options, params, home, environment.env), task };
}

function completionOf(shell: string): DagToolCommand {
  const text = completionScript(shell, { program: 'soterdag', options: OPTIONS, words: ACTIONS });
  if (text === undefined) throw new CommandLineError(`there is no completion for '${shell}': ${SHELLS.join(', ')}`);
  return { kind: 'help', text };
}

function readTask([action, ...rest]: readonly string[], wantsScripts: boolean): DagToolTask {
  const [file] = rest;
  switch (action) {
    case 'export':
    case 'import':
      if (file === undefined || file === '') throw new CommandLineError(`${action}: the file is missing`);
      if (rest.length > 1) throw new CommandLineError(`${action}: takes one file`);
      if (wantsScripts) throw new CommandLineError('--scripts is for verify');
      return { action, file };
    case 'verify':
      if (rest.length > 0) throw new CommandLineError('verify: takes no file');
      return { action, scripts: wantsScripts };
    case undefined:
      throw new CommandLineError('what to do is missing: export, import or verify');
    default:
      throw new CommandLineError(`unknown action '${action}': export, import or verify`);
  }
}

/**
 * What the configuration file of soterd says and the command line does not. As with soterd, the default file plays no part in
 * networks for tests; other than soterd, this makes no file.
 */
function fromFile(given: Options, home: string, isGiven: (name: keyof typeof PLACE) => boolean): Partial<Options> {
  const isDefault = given.configfile === '';
  if (isDefault && (given.regtest || given.simnet)) return {};
  const path = isDefault ? join(home, 'soterd.conf') : given.configfile;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isDefault && errorCode(error) === 'ENOENT') return {};
    throw new ConfigError(fileErrorText('open', path, error));
  }
  const set = new OptionSet(SOTERD_OPTIONS);
  readConfigFile(text, path, set);
  const values = set.values();
  const names = Object.keys(PLACE) as (keyof typeof PLACE)[];
  return Object.fromEntries(names.filter((name) => !isGiven(name)).map((name) => [name, values[name]]));
}
