import type { Generation } from '../wire/index.ts';
import { DurationError, parseDuration } from './duration.ts';
import type { NetworkName, NetworkParams } from './network.ts';
import { NETWORK_NAMES, networkParams } from './networks.ts';
import { retargetInterval } from './retarget.ts';

const SECTION = 'soter net options';
const NANOSECONDS_PER_SECOND = 1e9;
const NANOSECONDS_PER_MILLISECOND = 1_000_000n;

/** A custom network file that can not be used; the message names file and line where there is one. */
export class NetworkFileError extends Error {
  override name = 'NetworkFileError';
}

interface Option {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

/**
 * Parameters from a custom network file (`--netcfgfile`): a section `Soter Net Options` with the keys `Name` (a built-in
 * network), `TargetTimespan` and `TargetTimePerBlock` (durations). The named network replaces the active one as a
 * whole. Stricter than known nodes in one point: both durations must be there, positive, and leave at least one block
 * between two retargets; a node that takes less divides by zero.
 * @param text contents of the file.
 * @param fileName for messages.
 * @throws {NetworkFileError}
 */
export function parseNetworkFile(text: string, fileName: string, generation: Generation = 2): NetworkParams {
  let name = '';
  const durations: { targettimespan?: bigint; targettimeperblock?: bigint } = {};
  for (const option of readOptions(text, fileName)) {
    const { value, line } = option;
    const key = option.name.toLowerCase();
    if (key === 'name') name = value;
    else if (key === 'targettimespan' || key === 'targettimeperblock')
      durations[key] = durationAt(value, `${fileName}:${line}`);
    else throw new NetworkFileError(`${fileName}:${line}: unknown option: ${option.name}`);
  }
  if (!isNetworkName(name)) throw new NetworkFileError(`ReadNetCfg doesn't know what to do with net name ${name}`);
  const targetTimespan = seconds(durations.targettimespan, 'TargetTimespan', fileName);
  const targetTimePerBlock = seconds(durations.targettimeperblock, 'TargetTimePerBlock', fileName);
  const blocksPerRetarget = retargetInterval(targetTimespan, targetTimePerBlock);
  if (blocksPerRetarget < 1)
    throw new NetworkFileError(`${fileName}: TargetTimespan must not be shorter than TargetTimePerBlock`);
  return { ...networkParams(name, generation), targetTimespan, targetTimePerBlock, blocksPerRetarget };
}

/** The options of the file in order. */
function readOptions(text: string, fileName: string): Option[] {
  const options: Option[] = [];
  for (const [i, whole] of text.split('\n').entries()) {
    const line = whole.trim();
    if (line === '' || line.startsWith(';') || line.startsWith('#')) continue;
    const section = /^\[(.*)\]$/u.exec(line)?.[1];
    if (section !== undefined) {
      if (section.trim().toLowerCase() !== SECTION)
        throw new NetworkFileError(`could not find option group \`${section.trim()}'`);
      continue;
    }
    const equals = line.indexOf('=');
    if (equals < 0) throw new NetworkFileError(`${fileName}:${i + 1}: malformed key=value (${line})`);
    options.push({ name: line.slice(0, equals).trim(), value: unquote(line.slice(equals + 1).trim()), line: i + 1 });
  }
  return options;
}

function unquote(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

function durationAt(value: string, place: string): bigint {
  try {
    return parseDuration(value);
  } catch (error) {
    if (error instanceof DurationError) throw new NetworkFileError(`${place}: ${error.message}`);
    throw error;
  }
}

function isNetworkName(name: string): name is NetworkName {
  return NETWORK_NAMES.some((known) => known === name);
}

function seconds(nanoseconds: bigint | undefined, key: string, fileName: string): number {
  if (nanoseconds === undefined) throw new NetworkFileError(`${fileName}: ${key} is missing`);
  if (nanoseconds < NANOSECONDS_PER_MILLISECOND)
    throw new NetworkFileError(`${fileName}: ${key} must be at least one millisecond`);
  return Number(nanoseconds) / NANOSECONDS_PER_SECOND;
}
