import { userInfo } from 'node:os';
import { StoreError } from '../../store/index.ts';
import { silentLogger } from '../../util/log.ts';
import { shutdownSignals } from '../signals.ts';
import { StartError } from '../start-error.ts';
import { Devnet } from './devnet.ts';
import { KEY_COMMANDS, runKeyTool } from './key-tool.ts';
import { renderLoad } from './load-view.ts';
import { DEVNET_HELP, DevnetOptionError, type DevnetOptions, readDevnetOptions } from './options.ts';
import { renderDevnet, renderLine } from './view.ts';

/** How often the view is drawn on a terminal, and a line printed elsewhere, milliseconds. */
const DRAW_INTERVAL = 500;
const LINE_INTERVAL = 2000;
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_SCREEN = '\x1b[2J';
const HOME = '\x1b[H';
const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/**
 * Runs `soterd devnet` until Ctrl-C and returns the exit code of the process.
 * @param args command line behind `devnet`.
 */
export async function runDevnet(args: readonly string[]): Promise<number> {
  const { env, platform, stdout, stderr } = process;
  if (KEY_COMMANDS.includes(args[0] ?? ''))
    return runKeyTool(args, { env, platform, accountHome: () => userInfo().homedir, stdout, stderr });
  let options: DevnetOptions | undefined;
  try {
    options = readDevnetOptions(args, { env, platform, accountHome: () => userInfo().homedir });
  } catch (error) {
    if (!(error instanceof DevnetOptionError)) throw error;
    stderr.write(`soterd devnet: ${error.message}\nUse soterd devnet -h to show usage\n`);
    return 1;
  }
  if (!options) {
    stdout.write(DEVNET_HELP);
    return 0;
  }
  const shutdown = shutdownSignals(silentLogger);
  const devnet = new Devnet(options, (failure) => {
    if (failure !== undefined) stderr.write(`soterd devnet: a node failed, see the logs: ${failure}\n`);
    shutdown.request(failure);
  });
  try {
    await devnet.start();
  } catch (error) {
    shutdown.release();
    if (!(error instanceof StoreError || error instanceof StartError || isSystemError(error))) throw error;
    stderr.write(`soterd devnet: ${error.message}\n`);
    return 1;
  }
  const end = () => void devnet.settle().then(() => shutdown.request());
  const limit = options.duration > 0 ? setTimeout(end, options.duration * 1000) : undefined;
  const stopShowing = stdout.isTTY ? showLive(devnet) : showLines(devnet);
  await shutdown.wait();
  clearTimeout(limit);
  stopShowing();
  const last = renderLine(devnet.status());
  const load = devnet.load();
  await devnet.stop();
  if (load && !stdout.isTTY) stdout.write(`${renderLoad(load).join('\n')}\n`);
  stdout.write(`${last}\nStopped; everything is kept in ${options.dataFolder}\n`);
  shutdown.release();
  return shutdown.failed ? 1 : 0;
}

/** Draws the view again and again in place. Returns the function that ends that. */
function showLive(devnet: Devnet): () => void {
  const { stdout } = process;
  const color = process.env.NO_COLOR === undefined;
  const draw = (): void => {
    const lines = renderDevnet(devnet.status(), { columns: stdout.columns, color });
    stdout.write(HOME + lines.map((line) => `${line}${CLEAR_LINE_END}\n`).join('') + CLEAR_BELOW);
  };
  stdout.write(HIDE_CURSOR + CLEAR_SCREEN);
  draw();
  const timer = setInterval(draw, DRAW_INTERVAL);
  return () => {
    clearInterval(timer);
    draw();
    stdout.write(SHOW_CURSOR);
  };
}

/** Prints where RPC listens, then a line now and then, for output that is no terminal. */
function showLines(devnet: Devnet): () => void {
  const { nodes, exampleCommand } = devnet.status();
  for (const { name, p2pAddress, rpcAddress } of nodes)
    process.stdout.write(`${name}  P2P ${p2pAddress}  RPC ${rpcAddress}\n`);
  process.stdout.write(`try: ${exampleCommand}\n`);
  const timer = setInterval(() => process.stdout.write(`${renderLine(devnet.status())}\n`), LINE_INTERVAL);
  return () => clearInterval(timer);
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
