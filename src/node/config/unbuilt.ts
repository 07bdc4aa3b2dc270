import type { SoterdOptions } from './soterd-options.ts';

/**
 * Options whose part of the node does not exist yet. They are read and checked like all others and then refused, so that
 * nobody relies on something that is not there. Remove the line when the part is built.
 */
export const UNBUILT_OPTIONS: ReadonlyMap<keyof SoterdOptions, string> = new Map([
  ['lean', 'generation 4'],
  ['gpu', 'generation 4'],
]);
