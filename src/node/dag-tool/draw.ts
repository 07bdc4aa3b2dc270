import type { Dag } from '../../dag/index.ts';
import type { NetworkParams } from '../../params/index.ts';
import { picturedBlocks } from '../picture/blocks.ts';
import { toDot } from '../picture/dot.ts';
import type { Film } from '../picture/film.ts';
import { page } from '../picture/page.ts';
import { Renderer } from '../picture/renderer.ts';

/** A picture of the newest blocks of a DAG: for a file that ends in `.svg` the drawing alone, else a page around it. */
export async function picture(
  dag: Dag,
  { name }: NetworkParams,
  options: { readonly file: string; readonly blocks: number },
): Promise<string> {
  const blocks = picturedBlocks(dag, options.blocks);
  const svg = await draw(toDot(blocks));
  if (options.file.endsWith('.svg')) return svg;
  const { blockCount, maxHeight } = dag.snapshot();
  const all = blocks.length === blockCount;
  const about = `${all ? 'All' : 'The newest'} ${blocks.length} of ${blockCount} blocks, up to height ${maxHeight}.`;
  return page({ title: `The DAG of ${name}`, about, svg });
}

/** A page that shows step by step how a DAG grew. */
export async function filmPage(film: Film, about: string): Promise<string> {
  const svg = await draw(toDot(film.blocks));
  return page({ title: 'How a DAG grows', about, svg, film });
}

async function draw(dot: string): Promise<string> {
  const renderer = new Renderer();
  try {
    return await renderer.svg(dot);
  } finally {
    await renderer.close();
  }
}
