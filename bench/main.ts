/** `npm run bench -- NAME [options] [--json]`: runs one benchmark. */
import { Report } from './report.ts';

/** A benchmark takes its own options and adds its figures to the report. */
type Bench = (args: readonly string[], report: Report) => Promise<void>;

const benches: Readonly<Record<string, () => Promise<{ readonly run: Bench }>>> = {
  connections: () => import('./connections.ts'),
  'dag-file': () => import('./dag-file.ts'),
  'dag-growth': () => import('./dag-growth.ts'),
  hostile: () => import('./hostile.ts'),
  ibd: () => import('./ibd.ts'),
  mempool: () => import('./mempool.ts'),
  metrics: () => import('./metrics.ts'),
  'miner-load': () => import('./miner-load.ts'),
  mining: () => import('./mining.ts'),
  relay: () => import('./relay.ts'),
  rpc: () => import('./rpc.ts'),
  sync: () => import('./sync.ts'),
  'worst-case': () => import('./worst-case.ts'),
};

const [name, ...args] = process.argv.slice(2);
const load = name === undefined ? undefined : benches[name];
if (!load) {
  console.error(`usage: npm run bench -- NAME [options] [--json]\nbenchmarks: ${Object.keys(benches).join(' ')}`);
  process.exit(1);
}
const report = new Report(name, args.includes('--json'));
try {
  const { run } = await load();
  await run(
    args.filter((arg) => arg !== '--json'),
    report,
  );
  report.print();
} catch (error) {
  console.error(`bench ${name}: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
