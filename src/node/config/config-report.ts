import { formatDuration } from './duration-text.ts';
import type { NodeConfig } from './node-config.ts';
import type { OptionDefinition, OptionKind, OptionValues } from './option.ts';
import type { OptionSet } from './option-set.ts';

/** Column at which sources begin. */
const SOURCE_COLUMN = 44;
const HIDDEN = '(not shown)';

/** What the configuration comes to, and the value of each option with the place that it comes from. Passwords are not shown. */
export function configReport(
  config: NodeConfig,
  set: OptionSet<{ readonly [name: string]: OptionDefinition }>,
): string {
  const { params, rpc, peers, metricsListen } = config;
  const tls = rpc?.tls ? 'https' : 'http';
  const facts: readonly (readonly [string, string])[] = [
    ['network', params.name],
    ['data', config.dataDir],
    ['log', config.logFile],
    ['peers', peers.listen.length === 0 ? 'no incoming connections' : peers.listen.join(' ')],
    ['RPC', rpc ? rpc.listen.map((address) => `${tls}://${address}`).join(' ') : 'off'],
    ['metrics', metricsListen.length === 0 ? 'off' : metricsListen.join(' ')],
  ];
  const values = set.values();
  const lines = Object.values(set.table)
    .filter(isSetting)
    .flatMap((definition) => {
      const places = set.placesOf(definition.name);
      const source = places.length === 0 ? 'default' : [...new Set(places)].join(', ');
      return valueTexts(definition, values[definition.name]).map((text) =>
        `  ${`${definition.name}=${text}`.padEnd(SOURCE_COLUMN)} ${source}`.trimEnd(),
      );
    });
  const head = facts.map(([name, value]) => `${`${name}:`.padEnd(9)}${value}`);
  return `The configuration can be used.\n\n${head.join('\n')}\n\n${lines.join('\n')}\n`;
}

/** Options that ask for something instead of a node are no settings. */
function isSetting({ name }: OptionDefinition): boolean {
  return !['version', 'check-config', 'completion'].includes(name);
}

/** One text for each item of a list. */
function valueTexts(definition: OptionDefinition, value: OptionValues[OptionKind]): readonly string[] {
  if (typeof value === 'object') return value.length === 0 ? [''] : value;
  if (definition.secret && value !== '') return [HIDDEN];
  if (typeof value === 'boolean') return [value ? '1' : '0'];
  return [typeof value === 'bigint' ? formatDuration(value) : String(value)];
}
