import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkParams } from '../../params/index.ts';
import { checkOneNetwork } from './checks.ts';
import { CommandLineError, readCommandLine } from './command-line.ts';
import { completionScript, SHELLS } from './completion.ts';
import { ConfigError } from './config-error.ts';
import { ConfigFileError, readConfigFile } from './config-file.ts';
import { durationToMilliseconds } from './duration-text.ts';
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

const PICTURES = 'Pictures';
const blocks: OptionDefinition<'int'> = {
  name: 'blocks',
  kind: 'int',
  fallback: 200,
  group: PICTURES,
  about: 'draw: how many of the newest blocks, 1 to 1000',
};
const nodes: OptionDefinition<'int'> = {
  name: 'nodes',
  kind: 'int',
  fallback: 4,
  group: PICTURES,
  about: 'grow: how many nodes, 1 to 16',
};
const duration: OptionDefinition<'duration'> = {
  name: 'duration',
  kind: 'duration',
  fallback: 20_000_000_000n,
  group: PICTURES,
  about: 'grow: how long they mine',
};
const interval: OptionDefinition<'duration'> = {
  name: 'interval',
  kind: 'duration',
  fallback: 400_000_000n,
  group: PICTURES,
  about: 'grow: mean time between two blocks of all nodes together',
};

const OPTIONS = { version, completion, ...PLACE, scripts, blocks, nodes, duration, interval };
/** Which action an option is for, where it is for one only. */
const BELONGS = { scripts: 'verify', blocks: 'draw', nodes: 'grow', duration: 'grow', interval: 'grow' } as const;

const ACTIONS = ['export', 'import', 'verify', 'draw', 'grow'];

const USAGE_HINT = 'Use soterdag -h to show usage';
const HELP = {
  usage:
    'soterdag [options] export FILE\n  soterdag [options] import FILE\n  soterdag [options] verify\n  soterdag [options] draw FILE\n  soterdag [options] grow FILE',
  about: [
    'Works on the data of a node that is not running, chosen with the options that soterd would be started with.',
    'export writes the DAG to a file, import takes the blocks of such a file, verify derives the state again from the blocks,',
    'draw makes a picture of the newest blocks (FILE.svg, or a page FILE.html). grow needs no data: it starts nodes of its own that',
    'mine for a while, and makes a page that shows step by step how their DAG grew, was coloured and ordered.',
  ],
};

/** What soterdag is to do. */
export type DagToolTask =
  | { readonly action: 'export' | 'import'; readonly file: string }
  | { readonly action: 'verify'; readonly scripts: boolean }
  | { readonly action: 'draw'; readonly file: string; readonly blocks: number }
  | {
      readonly action: 'grow';
      readonly file: string;
      readonly nodes: number;
      /** Seconds. */
      readonly duration: number;
      /** Milliseconds. */
      readonly interval: number;
    };

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
  const task = readTask(positionals, given);
  for (const [name, action] of Object.entries(BELONGS))
    if (set.placesOf(name).length > 0 && action !== task.action)
      throw new CommandLineError(`--${name} is for ${action}`);
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

function readTask([action, ...rest]: readonly string[], given: Options): DagToolTask {
  switch (action) {
    case 'export':
    case 'import':
      return { action, file: oneFile(action, rest) };
    case 'verify':
      if (rest.length > 0) throw new CommandLineError('verify: takes no file');
      return { action, scripts: given.scripts };
    case 'draw':
      return { action, file: oneFile(action, rest), blocks: within('blocks', given.blocks, 1000) };
    case 'grow':
      return {
        action,
        file: oneFile(action, rest),
        nodes: within('nodes', given.nodes, 16),
        duration: positive('duration', given.duration) / 1000,
        interval: positive('interval', given.interval),
      };
    case undefined:
      throw new CommandLineError(`what to do is missing: ${ACTIONS.join(', ')}`);
    default:
      throw new CommandLineError(`unknown action '${action}': ${ACTIONS.join(', ')}`);
  }
}

function oneFile(action: string, [file, ...rest]: readonly string[]): string {
  if (file === undefined || file === '') throw new CommandLineError(`${action}: the file is missing`);
  if (rest.length > 0) throw new CommandLineError(`${action}: takes one file`);
  return file;
}

function within(name: string, value: number, most: number): number {
  if (!(value >= 1 && value <= most)) throw new CommandLineError(`--${name} must be 1 to ${most}`);
  return value;
}

/** Milliseconds of a duration. */
function positive(name: string, duration: bigint): number {
  if (duration <= 0n) throw new CommandLineError(`--${name} must be longer than nothing`);
  return durationToMilliseconds(duration);
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
