import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Devnet } from '../devnet/devnet.ts';
import { picturedBlocks } from '../picture/blocks.ts';
import { Film } from '../picture/film.ts';
import type { ShutdownRequest } from '../signals.ts';

/** A picture of more blocks nobody can look at. */
const MAX_BLOCKS = 300;

/** How a DAG is to be grown. */
export interface GrowOptions {
  readonly nodes: number;
  /** Seconds. */
  readonly duration: number;
  /** Mean milliseconds between two blocks of the whole network. */
  readonly interval: number;
}

/** What the work needs. */
export interface GrowDeps {
  readonly shutdown: ShutdownRequest;
  report(done: number, total: number): void;
}

/**
 * Starts nodes that mine on their own and tell each other over TCP, and watches one of them: every block that it takes in is a step (several that share a
 * commit are one).
 * Ends after the time that is given, after 300 blocks, or when the shutdown is requested. Nothing is left behind.
 */
export async function growDag({ nodes, duration, interval }: GrowOptions, deps: GrowDeps): Promise<Film> {
  const { shutdown, report } = deps;
  const folder = mkdtempSync(join(tmpdir(), 'soterdag-grow-'));
  const options = { nodes, interval, dataFolder: folder, mine: true, port: 0, duration: 0, tps: 0 };
  const devnet = new Devnet(options, (failure) => shutdown.request(failure));
  const film = new Film();
  try {
    await devnet.start();
    const [watched] = devnet.nodes;
    if (!watched) throw new Error('a devnet without nodes');
    const { dag } = watched;
    const look = (): void => film.add(picturedBlocks(dag, MAX_BLOCKS));
    look();
    await new Promise<void>((resolve) => {
      const seconds = setInterval(() => report(dag.snapshot().blockCount, MAX_BLOCKS), 1000);
      const end = (): void => {
        clearInterval(seconds);
        clearTimeout(limit);
        forget();
        resolve();
      };
      const limit = setTimeout(end, duration * 1000);
      const forget = dag.events.on('accepted', () => {
        look();
        if (film.blocks.length >= MAX_BLOCKS) end();
      });
      void shutdown.wait().then(end);
    });
    return film;
  } finally {
    await devnet.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
