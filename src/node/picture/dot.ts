import type { PicturedBlock } from './blocks.ts';

/** Colours of blocks: fill and border. */
export const COLOURS = {
  blue: { fill: '#cfe3ff', border: '#1f5fbf' },
  red: { fill: '#ffd5d2', border: '#c02f2a' },
} as const;

const EDGE = '#8a8f98';
const SELECTED_EDGE = '#1b1f24';

/** Digits of a hash that name a block in a picture: the last ones, since the first are zeros where work is hard. */
const NAME_DIGITS = 7;

/** The name of a block in a picture. */
export function shortName(hash: string): string {
  return hash.slice(-NAME_DIGITS);
}

/** Id of the drawn block. */
export function elementId(hash: string): string {
  return `b${hash.slice(-16)}`;
}

/**
 * Blocks as a graph in the DOT language of Graphviz: time goes to the right, blocks of one height stand above each other, edges lead to
 * parents, the selected one's is thick. Parents that are not among the blocks are left out.
 */
export function toDot(blocks: readonly PicturedBlock[]): string {
  const shown = new Set(blocks.map(({ hash }) => hash));
  const heights = new Map<number, string[]>();
  for (const { hash, height } of blocks) heights.set(height, [...(heights.get(height) ?? []), elementId(hash)]);
  const ranks = Array.from(heights.values(), (ids) => `{ rank=same; ${ids.join('; ')} }\n`);
  const edges = blocks.flatMap(({ hash, parents }) =>
    parents.flatMap((parent, place) => (shown.has(parent) ? [edge(hash, parent, place === 0)] : [])),
  );
  return `digraph dag {
rankdir=RL; nodesep=0.2; ranksep=0.5; bgcolor="transparent";
node [shape=box, style="rounded,filled", fontname="monospace", fontsize=11, margin="0.08,0.04"];
edge [arrowsize=0.6];
${blocks.map(node).join('')}${ranks.join('')}${edges.join('')}}`;
}

function node({ hash, height, isBlue, isTip, position, transactions }: PicturedBlock): string {
  const { fill, border } = isBlue ? COLOURS.blue : COLOURS.red;
  const place = position === undefined ? '–' : `#${position}`;
  const id = elementId(hash);
  const tooltip = `${hash}\\nheight ${height}, ${transactions} transactions`;
  const look = `fillcolor="${fill}", color="${border}", penwidth=${isTip ? 3 : 1}`;
  return `${id} [id="${id}", label="${shortName(hash)}\\n${place}", tooltip="${tooltip}", ${look}];\n`;
}

function edge(hash: string, parent: string, isSelected: boolean): string {
  const [from, to] = [elementId(hash), elementId(parent)];
  const look = isSelected ? `color="${SELECTED_EDGE}", penwidth=2` : `color="${EDGE}"`;
  return `${from} -> ${to} [class="of-${from}", ${look}];\n`;
}
