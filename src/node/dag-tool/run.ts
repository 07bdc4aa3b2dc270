import { userInfo } from 'node:os';
import { Dag, InlineScriptVerifier, ScriptPipeline, type ScriptVerifier } from '../../dag/index.ts';
import { type NetworkParams, softwareVersion } from '../../params/index.ts';
import { sha256dPow } from '../../pow/index.ts';
import { type KeyValueStore, openLmdbStore, StoreError } from '../../store/index.ts';
import { silentLogger } from '../../util/log.ts';
import { type DagToolTask, fileErrorText, readDagToolCommand } from '../config/index.ts';
import { exportDag } from '../dag-file/export.ts';
import { DagFileError } from '../dag-file/format.ts';
import { checkNetwork, type ImportResult, importDag } from '../dag-file/import.ts';
import { DagFileReader } from '../dag-file/reader.ts';
import { InterruptedError, type Task } from '../dag-file/task.ts';
import { databaseFolder, hasDatabase } from '../database-files.ts';
import { verifyDatabase } from '../database-verifier.ts';
import { makeFolder } from '../folders.ts';
import { RenderError } from '../picture/renderer.ts';
import { threadScriptWorkers } from '../script-workers.ts';
import { type ShutdownRequest, shutdownSignals } from '../signals.ts';
import { StartError } from '../start-error.ts';
import { systemStoreHost } from '../store-host.ts';
import { startStoreWriter } from '../store-writer.ts';
import { systemClock, systemWorld } from '../system.ts';
import { filmPage, picture } from './draw.ts';
import { FileAccessError, readingFile, writingFile } from './file-io.ts';
import { growDag } from './grow.ts';
import { grouped, Progress, secondsText } from './progress.ts';

/** Work between two looks for signals, milliseconds. */
const SLICE = 100;

/** Something that the user is told in one line; the process ends with code 1. */
class Failure extends Error {}

/** What every task works with. */
interface Workplace {
  readonly params: NetworkParams;
  readonly dataDir: string;
  readonly shutdown: ShutdownRequest;
  readonly progress: Progress;
  /** Prints the line that tells what was done. */
  say(text: string): void;
}

/**
 * Runs soterdag and returns the exit code of the process: 0 if everything was done and found right.
 * @param args command line without interpreter and script.
 */
export async function runDagTool(args: readonly string[]): Promise<number> {
  const { env, platform, stdout, stderr } = process;
  const command = readDagToolCommand(args, { env, platform, accountHome: () => userInfo().homedir });
  switch (command.kind) {
    case 'help':
      stdout.write(command.text);
      return 0;
    case 'version':
      stdout.write(`soterdag version ${softwareVersion(2)}\n`);
      return 0;
    case 'wrong':
      stderr.write(`${command.message}\n`);
      return 1;
    case 'run':
  }
  const { params, dataDir, task } = command;
  const progress = new Progress(stdout, systemClock);
  const shutdown = shutdownSignals(silentLogger);
  const say = (text: string): void => {
    progress.clear();
    stdout.write(`${text}\n`);
  };
  try {
    await run(task, { params, dataDir, shutdown, progress, say });
    return 0;
  } catch (error) {
    if (!isForUser(error)) throw error;
    progress.clear();
    stderr.write(`soterdag: ${error.message}\n`);
    return 1;
  } finally {
    shutdown.release();
  }
}

function isForUser(error: unknown): error is Error {
  return [Failure, StoreError, StartError, FileAccessError, RenderError].some((kind) => error instanceof kind);
}

function run(task: DagToolTask, place: Workplace): Promise<void> {
  switch (task.action) {
    case 'export':
      return runExport(task.file, place);
    case 'import':
      return runImport(task.file, place);
    case 'verify':
      return runVerify(task.scripts, place);
    case 'draw':
      return runDraw(task, place);
    case 'grow':
      return runGrow(task, place);
  }
}

/**
 * Opens the database, or makes one, for some work.
 * @throws {StoreError} also if a running soterd holds it.
 */
async function withDatabase<T>(
  { dataDir }: Workplace,
  mayCreate: boolean,
  work: (store: KeyValueStore) => Promise<T>,
): Promise<T> {
  const folder = databaseFolder(dataDir);
  if (!mayCreate && !hasDatabase(dataDir)) throw new Failure(`there is no database in ${folder}`);
  try {
    makeFolder(folder);
  } catch (error) {
    throw new Failure(fileErrorText('mkdir', folder, error));
  }
  const store = openLmdbStore(folder, { host: systemStoreHost, writer: startStoreWriter });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Like {@link withDatabase}, with the DAG over it; scripts of blocks run in threads. */
function withDag<T>(place: Workplace, mayCreate: boolean, work: (dag: Dag) => Promise<T>): Promise<T> {
  return withDatabase(place, mayCreate, async (store) => {
    const inline = new InlineScriptVerifier();
    const scriptVerifier = new ScriptPipeline({ workers: threadScriptWorkers, inline, logger: silentLogger });
    try {
      return await work(openDag(place, store, scriptVerifier));
    } finally {
      await scriptVerifier.close();
    }
  });
}

function openDag({ params }: Workplace, store: KeyValueStore, scriptVerifier?: ScriptVerifier): Dag {
  const hashSeed = systemWorld.random.below(2 ** 32);
  const deps = { store, clock: systemClock, pow: sha256dPow, ...(scriptVerifier && { scriptVerifier }) };
  const dag = new Dag({ params, hashSeed }, deps);
  dag.open();
  return dag;
}

async function runExport(file: string, place: Workplace): Promise<void> {
  const { params, progress, say } = place;
  try {
    const { blocks, bytes } = await withDag(place, false, (dag) =>
      writingFile(file, (sink) => exportDag(dag, params, sink, taskOf('exported blocks', place))),
    );
    const { seconds } = progress;
    say(`Exported ${grouped(blocks)} blocks, ${grouped(bytes)} bytes to ${file} in ${rateText(blocks, seconds)}`);
  } catch (error) {
    if (error instanceof InterruptedError) throw new Failure(`interrupted, ${file} was not written`);
    throw error;
  }
}

async function runImport(file: string, place: Workplace): Promise<void> {
  const { params } = place;
  try {
    const result = await readingFile(file, async (source) => {
      const reader = await DagFileReader.open(source);
      checkNetwork(reader.header, params);
      const task = taskOf('imported blocks', place);
      return withDag(place, true, (dag) => importDag({ dag, params, reader, clock: systemClock, task }));
    });
    tellImport(file, result, place);
  } catch (error) {
    if (error instanceof DagFileError) throw new Failure(`${file}: ${error.message}`);
    throw error;
  }
}

function tellImport(file: string, result: ImportResult, { progress, say }: Workplace): void {
  const { blocks, imported, present, refused, firstRefusal, ended } = result;
  const { seconds } = progress;
  const before = present > 0 ? `; ${grouped(present)} were there before` : '';
  say(`Imported ${grouped(imported)} blocks in ${rateText(blocks, seconds)}${before}`);
  const stays = 'everything before that is in the database';
  if (ended instanceof DagFileError) {
    throw new Failure(
      `${file} is damaged at byte ${ended.position}, behind block ${blocks}: ${ended.message}; ${stays}`,
    );
  }
  if (ended) throw new Failure(`interrupted behind block ${blocks} of ${file}; ${stays}, run it again to go on`);
  if (firstRefusal) {
    const { position, hash, reason } = firstRefusal;
    throw new Failure(`${grouped(refused)} blocks were refused, the first at byte ${position}, ${hash}: ${reason}`);
  }
}

async function runVerify(scripts: boolean, place: Workplace): Promise<void> {
  const { params, dataDir, shutdown, progress, say } = place;
  const report = await withDatabase(place, false, (store) =>
    verifyDatabase(
      { params, dataDir, scripts, slice: SLICE },
      {
        store,
        clock: systemClock,
        subject: () => openDag(place, store),
        report: ({ stage, done, total }) => progress.show(`verified ${stage}`, done, total),
        stopped: () => shutdown.requested,
        pause,
      },
    ),
  );
  if (!report) throw new Failure('interrupted, nothing was found so far');
  const { blocks, positions, outputs, difference } = report;
  const rate = rateText(blocks, progress.seconds);
  say(
    `Verified ${grouped(blocks)} blocks, ${grouped(positions)} positions of the order, ${grouped(outputs)} outputs in ${rate}`,
  );
  if (difference !== undefined) throw new Failure(`the database is not what its blocks come to: ${difference}`);
  say('No difference');
}

async function runDraw(task: Extract<DagToolTask, { action: 'draw' }>, place: Workplace): Promise<void> {
  const text = await withDag(place, false, (dag) => picture(dag, place.params, task));
  await writeText(task.file, text);
  place.say(`Drawn to ${task.file}`);
}

async function runGrow(task: Extract<DagToolTask, { action: 'grow' }>, place: Workplace): Promise<void> {
  const { progress, shutdown, say } = place;
  const film = await growDag(task, { shutdown, report: (done, total) => progress.show('mined blocks', done, total) });
  if (shutdown.failed) throw new Failure('a node failed');
  const { nodes, duration } = task;
  const red = film.blocks.filter(({ isBlue }) => !isBlue).length;
  const about = `${nodes} nodes mined for up to ${duration} s: ${film.blocks.length} blocks, ${red} of them red at the end.`;
  await writeText(task.file, await filmPage(film, about));
  say(`${about} ${film.steps.length} steps in ${task.file}`);
}

async function writeText(file: string, text: string): Promise<void> {
  await writingFile(file, (sink) => sink.write(Buffer.from(text, 'utf8')));
}

function taskOf(label: string, { shutdown, progress }: Workplace): Task {
  return {
    report: (done, total) => progress.show(label, done, total),
    stopped: () => shutdown.requested,
    pause,
  };
}

function pause(): Promise<void> {
  return new Promise((resolve) => systemWorld.timers.soon(resolve));
}

function rateText(blocks: number, seconds: number): string {
  return `${secondsText(seconds)} (${grouped(blocks / seconds)} blocks/s)`;
}
