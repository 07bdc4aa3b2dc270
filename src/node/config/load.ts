import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { softwareVersion } from '../../params/index.ts';
import { makeFolder } from '../folders.ts';
import { type Logs, SUBSYSTEMS, type TextSink } from '../logging/index.ts';
import { checkNonStandard, checkOneNetwork, readLogFormat } from './checks.ts';
import { CommandLineError, readCommandLine } from './command-line.ts';
import { completionScript, SHELLS } from './completion.ts';
import { ConfigError } from './config-error.ts';
import { ConfigFileError, readConfigFile } from './config-file.ts';
import { configReport } from './config-report.ts';
import { errorCode, fileErrorText } from './file-errors.ts';
import { helpText } from './help-text.ts';
import { activeNetwork, networkDataFolder, optionNetwork } from './network-choice.ts';
import type { NodeConfig } from './node-config.ts';
import { OptionSet } from './option-set.ts';
import { applicationFolder, expandPath, type PathEnvironment } from './paths.ts';
import { sampleText, writeSampleFile } from './sample-file.ts';
import { SOTERD_OPTIONS, type SoterdOptions } from './soterd-options.ts';
import { logFilePath, validate } from './validate.ts';

/** Everything outside that decides the configuration or hears about it. */
export interface LoadDeps extends PathEnvironment {
  /** Command line without interpreter and script. */
  readonly args: readonly string[];
  /** Name of the program for `--version`. */
  readonly program: string;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly logs: Logs;
  randomBytes(length: number): Uint8Array;
  /** IP addresses of a host name. */
  lookup(host: string): Promise<readonly string[]>;
}

/** What the start of the program comes to: a node to run, or an exit code. */
export type LoadOutcome =
  | {
      readonly kind: 'run';
      readonly config: NodeConfig;
      /** Arguments that are no options, which do nothing. */
      readonly ignored: readonly string[];
    }
  | { readonly kind: 'exit'; readonly code: number };

type Options = OptionSet<typeof SOTERD_OPTIONS>;

const USAGE_HINT = 'Use soterd -h to show usage';
const HELP = {
  usage: 'soterd [options]\n  soterd devnet [options]',
  about: [
    'A full node of the Soter blockDAG. Without options it takes part in the main network.',
    'Options may also stand in the configuration file, one name=value a line; the command line wins.',
  ],
};

/**
 * Reads command line and configuration file, checks them and opens the log. All output for the user is done here: one
 * line that says what is wrong, and where to find help. Never throws for what a user can do wrong.
 */
export async function loadConfig(deps: LoadDeps): Promise<LoadOutcome> {
  const { stderr } = deps;
  const fail = (message: string): LoadOutcome => {
    stderr.write(`${message}\n${USAGE_HINT}\n`);
    return { kind: 'exit', code: 1 };
  };
  try {
    return await load(deps);
  } catch (error) {
    if (error instanceof CommandLineError) return fail(error.message);
    if (error instanceof ConfigFileError) return fail(`Error parsing config file: ${error.message}`);
    if (error instanceof ConfigError) return fail(`loadConfig: ${error.message}`);
    throw error;
  }
}

async function load(deps: LoadDeps): Promise<LoadOutcome> {
  const { args, logs, stdout } = deps;
  const home = applicationFolder('soterd', deps);
  const exit = (text: string): LoadOutcome => {
    stdout.write(text);
    return { kind: 'exit', code: 0 };
  };

  const first = readFirst(args);
  if (first.help) return exit(helpText(HELP, SOTERD_OPTIONS));
  if (first.options.version) return exit(`${deps.program} version ${softwareVersion(2)}\n`);
  const { completion } = first.options;
  if (completion !== '') return exit(completionText(completion));

  const set: Options = new OptionSet(SOTERD_OPTIONS);
  // Who only wants to know makes nothing.
  const checkOnly = first.options['check-config'];
  const fileProblem = readFile(set, first.options, home, checkOnly ? undefined : deps);
  // Peers of the file are for real networks.
  if (first.options.regtest) set.reset('addpeer');
  set.beginSource();
  const { positionals } = readCommandLine(args, set);

  const options = set.values();
  if (!checkOnly) makeHome(home);
  checkOneNetwork(options);
  const params = activeNetwork(options);
  checkNonStandard(options);
  const dataDir = networkDataFolder(options, params, home, deps.env);
  const logDir = join(expandPath(options.logdir || join(home, 'logs'), home, deps.env), params.dataFolder);
  if (options.debuglevel === 'show') return exit(`Supported subsystems [${SUBSYSTEMS.join(' ')}]\n`);

  logs.setFormat(readLogFormat(options));
  if (!checkOnly) openLog(logs, logDir);
  const levelProblem = logs.setLevels(options.debuglevel);
  if (levelProblem !== undefined) throw new ConfigError(levelProblem);
  const logger = logs.logger('SOTERD');
  const config = await validate(set, {
    params,
    home,
    dataDir,
    logDir,
    env: deps.env,
    resolveLocalhost: () => lookupLocalhost(deps),
    noteRpcDisabled: () => {
      if (!checkOnly) logger.info('RPC service is disabled');
    },
  });
  if (fileProblem !== undefined) logger.warn(fileProblem);
  if (params.name !== optionNetwork(options))
    logger.warn(`${basename(options.netcfgfile)} replaces ${optionNetwork(options)} by ${params.name}`);
  if (checkOnly) return exit(configReport(config, set));
  return { kind: 'run', config, ignored: positionals };
}

async function lookupLocalhost({ lookup }: LoadDeps): Promise<readonly string[]> {
  try {
    return await lookup('localhost');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`localhost has no address, name one by its IP: ${reason}`);
  }
}

/** First look at the command line, for what must be known before the file is read. Mistakes are found later. */
function readFirst(args: readonly string[]): { readonly help: boolean; readonly options: SoterdOptions } {
  const set: Options = new OptionSet(SOTERD_OPTIONS);
  try {
    const { help } = readCommandLine(args, set, { doubleDash: false });
    return { help, options: set.values() };
  } catch (error) {
    if (error instanceof CommandLineError) return { help: false, options: set.values() };
    throw error;
  }
}

/**
 * Reads the configuration file, after making it if there is none. The default file plays no part in networks for tests.
 * Returns a warning if it can not be read.
 * @param maker what makes the file if there is none; undefined if nothing is to be made: then the default file is taken for what it
 *   would be, but one that was named must be there and readable.
 * @throws {ConfigFileError | ConfigError}
 */
function readFile(
  set: Options,
  first: SoterdOptions,
  home: string,
  maker: Pick<LoadDeps, 'stderr' | 'randomBytes'> | undefined,
): string | undefined {
  const isDefault = first.configfile === '';
  if (isDefault && (first.regtest || first.simnet)) return undefined;
  const path = isDefault ? join(home, 'soterd.conf') : first.configfile;
  if (maker) makeFile(path, maker);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const problem = fileErrorText('open', path, error);
    if (maker) return problem;
    if (!isDefault || errorCode(error) !== 'ENOENT') throw new ConfigError(problem);
    readConfigFile(sampleText('(random)', '(random)'), `${path} (not made yet)`, set);
    return undefined;
  }
  readConfigFile(text, path, set);
  return undefined;
}

function makeFile(path: string, { stderr, randomBytes }: Pick<LoadDeps, 'stderr' | 'randomBytes'>): void {
  try {
    writeSampleFile(path, randomBytes);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST')
      stderr.write(`Error creating a default config file: ${fileErrorText('open', path, error)}\n`);
  }
}

function completionText(shell: string): string {
  const script = completionScript(shell, { program: 'soterd', options: SOTERD_OPTIONS, words: ['devnet'] });
  if (script === undefined) throw new CommandLineError(`there is no completion for '${shell}': ${SHELLS.join(', ')}`);
  return script;
}

function makeHome(home: string): void {
  try {
    makeFolder(home);
  } catch (error) {
    throw new ConfigError(`Failed to create home directory: ${fileErrorText('mkdir', home, error)}`);
  }
}

function openLog(logs: Logs, logDir: string): void {
  const path = logFilePath(logDir);
  try {
    logs.open(path);
  } catch (error) {
    throw new ConfigError(`failed to open the log file: ${fileErrorText('open', path, error)}`);
  }
}
