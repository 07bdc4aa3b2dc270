/** Kinds of options: how a text becomes a value. Durations are nanoseconds. */
export interface OptionValues {
  readonly bool: boolean;
  readonly string: string;
  readonly int: number;
  readonly uint: number;
  readonly uint32: number;
  readonly float64: number;
  readonly duration: bigint;
  readonly list: readonly string[];
}

/** A kind of option. */
export type OptionKind = keyof OptionValues;

/** One option of the command line and of the configuration file. */
export interface OptionDefinition<Kind extends OptionKind = OptionKind> {
  /** Long name; the key in the configuration file. */
  readonly name: string;
  /** One-letter name. */
  readonly short?: string;
  readonly kind: Kind;
  readonly fallback: OptionValues[Kind];
  /** Heading in the help text. */
  readonly group: string;
  /** What it does, for the help text. */
  readonly about: string;
  /** A boolean that may take a value on the command line as well, because its default is true. */
  readonly switchable?: boolean;
  /** The value must not be shown. */
  readonly secret?: boolean;
  /** All values it can have, if these are few. */
  readonly choices?: readonly string[];
}

/** Values of all options of a table by name. */
export type OptionsOf<Table extends { readonly [name: string]: OptionDefinition }> = {
  -readonly [Name in keyof Table]: Table[Name] extends OptionDefinition<infer Kind> ? OptionValues[Kind] : never;
};

/** Name of the kind in error messages, as the reference node spells it. */
export const KIND_NAMES: Readonly<Record<OptionKind, string>> = {
  bool: 'bool',
  string: 'string',
  int: 'int',
  uint: 'uint',
  uint32: 'uint32',
  float64: 'float64',
  duration: 'time.Duration',
  list: '[]string',
};

/** How an option is called in error messages: `-b, --datadir` or `--listen`. */
export function optionLabel({ name, short }: Pick<OptionDefinition, 'name' | 'short'>): string {
  return short === undefined ? `--${name}` : `-${short}, --${name}`;
}
