/** Command line, configuration file and their checks. See docs/operating.md. */
export { CommandLineError, readCommandLine } from './command-line.ts';
export { completionScript, SHELLS } from './completion.ts';
export { ConfigFileError, readConfigFile } from './config-file.ts';
export { type DagToolTask, readDagToolCommand } from './dag-tool.ts';
export { fileErrorText } from './file-errors.ts';
export { helpText } from './help-text.ts';
export { loadConfig } from './load.ts';
export type * from './node-config.ts';
export type { OptionDefinition, OptionsOf } from './option.ts';
export { OptionSet } from './option-set.ts';
export { applicationFolder, expandPath, type PathEnvironment } from './paths.ts';
