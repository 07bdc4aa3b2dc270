/** Entry of the thread that draws (see renderer.ts). A message is a graph in the DOT language. */
import { parentPort } from 'node:worker_threads';
import { instance } from '@viz-js/viz';
import type { RenderReply } from './renderer.ts';

if (!parentPort) throw new Error('this file is the entry of a worker thread');
const port = parentPort;
const graphviz = instance();

port.on('message', async (dot: string) => {
  port.postMessage(draw(await graphviz, dot));
});

function draw(viz: Awaited<typeof graphviz>, dot: string): RenderReply {
  const result = viz.render(dot, { format: 'svg' });
  if (result.status === 'failure') return { problem: result.errors.map(({ message }) => message).join('; ') };
  // What stands before the element is for files that are nothing but a picture. Titles are what browsers show under the pointer:
  // tooltips instead of names that mean nothing to a reader.
  const svg = result.output.slice(result.output.indexOf('<svg'));
  return {
    svg: svg.replace(/<title>.*?<\/title>\n/gsu, '').replace(/<a xlink:title="([^"]*)">/gu, '<a><title>$1</title>'),
  };
}
