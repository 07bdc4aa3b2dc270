/** soterd as the benchmark `metrics` runs it for comparison: it measures nothing. All arguments are those of soterd. */
import { runDaemon } from '../src/node/daemon.ts';

process.exit(await runDaemon(process.argv.slice(2), { unmeasured: true }));
