import type { LoadStatus } from './load.ts';
import { renderLoad } from './load-view.ts';

/** What the live view shows of one node. */
export interface NodeStatus {
  readonly name: string;
  /** `host:port` where other nodes connect. */
  readonly p2pAddress: string;
  /** `host:port` where JSON-RPC listens. */
  readonly rpcAddress: string;
  /** Blocks in the DAG, genesis included. */
  readonly blocks: number;
  /** Greatest block height. */
  readonly height: number;
  readonly tips: number;
  /** Blocks of the virtual blue set. */
  readonly blue: number;
  readonly peers: number;
  /** Blocks this process mined since its start. */
  readonly mined: number;
  /** Blocks accepted a second, averaged over the last ten seconds. */
  readonly blocksPerSecond: number;
  /** Digest of tips, order and outputs: equal digests mean equal state. */
  readonly state: string;
}

/** The blocks of one height, ascending by hash: true = blue. */
export interface Generation {
  readonly height: number;
  readonly colours: readonly boolean[];
}

/** Everything the live view shows at one moment. */
export interface DevnetStatus {
  readonly nodes: readonly NodeStatus[];
  /** Newest generations as the first node sees them, ascending. */
  readonly generations: readonly Generation[];
  /** Seconds since the start. */
  readonly uptime: number;
  /** Folder of the data. */
  readonly dataFolder: string;
  /** Figures of the payments, if some are sent. */
  readonly load?: LoadStatus | undefined;
  /** Command line that asks the first node something. */
  readonly exampleCommand: string;
}

/** How the terminal can show it. */
export interface ViewOptions {
  /** Width of the terminal in characters. */
  readonly columns: number;
  /** Whether ANSI colours may be used. */
  readonly color: boolean;
}

/** Most parallel blocks drawn in one column of the picture; more are counted in a `+n` row. */
const MAX_ROWS = 8;

/** True if all nodes hold the same tips, order and outputs. */
export function allAgree(nodes: readonly NodeStatus[]): boolean {
  return nodes.every((node) => node.state === nodes[0]?.state);
}

/** Renders the live view as lines without line ends. */
export function renderDevnet(status: DevnetStatus, options: ViewOptions): string[] {
  const paint = (code: number, text: string) => (options.color ? `\x1b[${code}m${text}\x1b[0m` : text);
  const agreement = allAgree(status.nodes) ? paint(32, 'all nodes agree') : paint(33, 'blocks on their way');
  return [
    `${paint(1, 'soterd devnet')}  simnet  ${status.nodes.length} nodes  up ${formatDuration(status.uptime)}  ${agreement}`,
    '',
    ...renderTable(status.nodes).map((line, row) => (row === 0 ? paint(2, line) : line)),
    '',
    ...renderGenerations(status.generations, options, paint),
    '',
    ...(status.load ? [...renderLoad(status.load), ''] : []),
    `data  ${status.dataFolder}`,
    `try   ${status.exampleCommand}`,
    'stop  Ctrl-C (the next start continues this DAG)',
  ];
}

/** One line for output that is not a terminal. */
export function renderLine(status: DevnetStatus): string {
  const [first] = status.nodes;
  if (!first) return '';
  const counts = status.nodes.map((node) => node.blocks).join('/');
  const agreement = allAgree(status.nodes) ? 'agree' : 'differ';
  return (
    `${formatDuration(status.uptime)}  blocks ${counts}  height ${first.height}  tips ${first.tips}  ` +
    `blue ${first.blue}  red ${first.blocks - first.blue}  ${first.blocksPerSecond.toFixed(2)} blocks/s  ${paymentText(status)}${agreement}`
  );
}

function paymentText({ load }: DevnetStatus): string {
  if (!load) return '';
  return `payments ${load.sent}/${load.included}/${load.stable}  `;
}

function renderTable(nodes: readonly NodeStatus[]): string[] {
  const rows = [
    ['node', 'P2P', 'RPC', 'blocks', 'height', 'tips', 'blue', 'red', 'peers', 'mined', 'blocks/s', 'state'],
    ...nodes.map((node) => [
      node.name,
      node.p2pAddress,
      node.rpcAddress,
      String(node.blocks),
      String(node.height),
      String(node.tips),
      String(node.blue),
      String(node.blocks - node.blue),
      String(node.peers),
      String(node.mined),
      node.blocksPerSecond.toFixed(2),
      node.state.slice(0, 8),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const isText = (column: number) => column < 3 || column === rows[0]!.length - 1;
  return rows.map((row) =>
    row
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}

function renderGenerations(
  generations: readonly Generation[],
  options: ViewOptions,
  paint: (code: number, text: string) => string,
): string[] {
  const shown = generations.slice(-Math.max(1, Math.floor((options.columns - 8) / 2)));
  if (shown.length === 0) return [];
  const widest = Math.max(...shown.map((generation) => generation.colours.length));
  const lines: string[] = [];
  for (let row = Math.min(widest, MAX_ROWS) - 1; row >= 0; row--) {
    const cells = shown.map(({ colours }) => {
      const hidden = colours.length - MAX_ROWS;
      if (row === MAX_ROWS - 1 && hidden > 0) return '+';
      if (row >= colours.length) return ' ';
      return colours[row] ? paint(34, '●') : paint(31, options.color ? '●' : '○');
    });
    lines.push(`      ${cells.join(' ')}`.trimEnd());
  }
  const first = shown[0]!.height;
  const last = shown.at(-1)!.height;
  lines.push(
    `      heights ${first} to ${last}, one column a height: ${paint(34, '●')} blue  ${paint(31, options.color ? '●' : '○')} red`,
  );
  return lines;
}

function formatDuration(seconds: number): string {
  const whole = Math.floor(seconds);
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${pad(Math.floor(whole / 3600))}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
}
