/**
 * `npm run bench -- dag-file [--blocks N] [--txs N] [--json]`: soterdag in processes of its own, start of the program included:
 * export of a DAG, import into an empty database, import again (everything is there), verification. Case `forks`: four miners,
 * coinbases only; case `signed`: a chain whose blocks have transactions with two signed inputs and two outputs. The file that
 * the importer exports must be the file it got.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Block } from '../src/wire/index.ts';
import { soterdag } from '../test/e2e/process.ts';
import { forkHistory, writeHistory } from './fork-history.ts';
import type { Report } from './report.ts';
import { historyFile, readHistory } from './signed-history.ts';

const MINERS = 4;
const SEED = 5;

/** Runs the benchmark. */
export async function run(args: readonly string[], report: Report): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { blocks: { type: 'string', default: '20000' }, txs: { type: 'string', default: '10' } },
  });
  const [blocks, txs] = [values.blocks, values.txs].map(Number);
  if (!Number.isInteger(blocks) || blocks < 1) throw new Error('--blocks needs a whole number above 0');
  if (!Number.isInteger(txs) || txs < 0) throw new Error('--txs needs a whole number');
  await measure('forks', forkHistory(blocks, MINERS, SEED), report);
  if (txs > 0) await measure('signed', readHistory(historyFile({ blocks, txs })), report);
}

async function measure(name: string, history: Iterable<Block>, report: Report): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'soterd-dag-file-'));
  const data = (place: string): string => join(home, place);
  const [file, again] = [join(home, 'one.dag'), join(home, 'two.dag')];
  try {
    await writeHistory(join(data('one'), 'simnet'), history, { trusted: true });
    const seconds = async (place: string, ...task: readonly string[]): Promise<number> => {
      const started = performance.now();
      const { code, stderr } = await soterdag(['--simnet', `--datadir=${data(place)}`, ...task], home).ended;
      if (code !== 0) throw new Error(`soterdag ${task.join(' ')}: ${stderr}`);
      return (performance.now() - started) / 1000;
    };
    const exported = await seconds('one', 'export', file);
    const size = readFileSync(file).readUInt32LE(48);
    const add = (metric: string, value: number, unit: string) => report.add({ case: name, size, metric, value, unit });
    add('export', size / exported, 'blocks/s');
    add('import', size / (await seconds('two', 'import', file)), 'blocks/s');
    add('import_again', size / (await seconds('two', 'import', file)), 'blocks/s');
    add('verify', size / (await seconds('two', 'verify')), 'blocks/s');
    add('file', statSync(file).size / size, 'bytes/block');
    await seconds('two', 'export', again);
    if (!readFileSync(again).equals(readFileSync(file))) throw new Error('the importer exports another file');
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
