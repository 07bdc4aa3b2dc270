import type { OptionDefinition, OptionKind, OptionsOf, OptionValues } from './option.ts';
import { readValue } from './values.ts';

/** Where values stand that are not from a file. */
const COMMAND_LINE = 'command line';

/** Tables of options are objects from long names to definitions. */
type Table = { readonly [name: string]: OptionDefinition };

/**
 * The values of a table of options while they are being read: defaults, then what the configuration file says, then what
 * the command line says.
 */
export class OptionSet<T extends Table> {
  readonly table: T;
  readonly #values = new Map<string, OptionValues[OptionKind]>();
  /** Names given by the user, in file or on the command line. */
  readonly #given = new Set<string>();
  /** Where each given value comes from: the last place, or all places of a list. */
  readonly #places = new Map<string, readonly string[]>();
  /** Lists that the current source has begun; the first item of a source replaces the list of the one before. */
  #begun = new Set<string>();

  constructor(table: T) {
    this.table = table;
    for (const [name, definition] of Object.entries(table)) this.#values.set(name, definition.fallback);
  }

  /** A set with the same table and values, to try something on. */
  copy(): OptionSet<T> {
    const copy = new OptionSet(this.table);
    for (const [name, value] of this.#values) copy.#values.set(name, value);
    for (const name of this.#given) copy.#given.add(name);
    for (const [name, places] of this.#places) copy.#places.set(name, places);
    return copy;
  }

  /** Call before reading another source. */
  beginSource(): void {
    this.#begun = new Set();
  }

  /**
   * Sets an option from its text; `undefined` switches a boolean on.
   * @param place where the text stands, for people.
   * @throws {ValueError | DurationError}
   */
  set(definition: OptionDefinition, text: string | undefined, place = COMMAND_LINE): void {
    const { name, kind } = definition;
    const others = kind === 'list' && this.#begun.has(name) ? this.placesOf(name) : [];
    if (kind === 'list') {
      const items = this.#begun.has(name) ? this.#list(name) : [];
      this.#values.set(name, [...items, text ?? '']);
    } else {
      this.#values.set(name, text === undefined ? true : readValue(kind, text));
    }
    this.#places.set(name, [...others, place]);
    this.#begun.add(name);
    this.#given.add(name);
  }

  /** Puts an option back to its default. */
  reset(name: keyof T & string): void {
    this.#values.set(name, this.table[name].fallback);
    this.#given.delete(name);
    this.#places.delete(name);
  }

  /** True if the user set it. */
  isGiven(name: keyof T & string): boolean {
    return this.#given.has(name);
  }

  /** Where the value comes from; empty for a default. */
  placesOf(name: string): readonly string[] {
    return this.#places.get(name) ?? [];
  }

  /** The values by name. */
  values(): OptionsOf<T> {
    // Every value was read by the reader of its definition's kind.
    return Object.fromEntries(this.#values) as OptionsOf<T>;
  }

  /** The definition with this long name. */
  byName(name: string): OptionDefinition | undefined {
    return Object.hasOwn(this.table, name) ? this.table[name] : undefined;
  }

  /** The definition with this long name in any case. */
  byKey(key: string): OptionDefinition | undefined {
    return this.byName(key.toLowerCase());
  }

  /** The definition with this one-letter name. */
  byShort(letter: string): OptionDefinition | undefined {
    return Object.values(this.table).find((definition) => definition.short === letter);
  }

  #list(name: string): readonly string[] {
    const value = this.#values.get(name);
    return Array.isArray(value) ? value : [];
  }
}
