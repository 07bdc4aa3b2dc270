import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NodeProcess, until } from '../test/e2e/process.ts';

/** Of compiled programs, or of sources when these are run as they are. */
const EXTENSION = import.meta.url.slice(-3);

/** What a node measured since its last report. */
export interface NodeSpan {
  /** Delay of the event loop beyond the resolution of its timer, milliseconds; nothing in the first report. */
  readonly loopP99: number;
  readonly loopMax: number;
  /** Processor time of all threads, seconds. */
  readonly cpu: number;
  /** Bytes of JavaScript in use at the end, after a collection, buffers included. */
  readonly memory: number;
  /** Bytes of the process in memory at the end, and the most so far. */
  readonly rss: number;
  readonly peakRss: number;
}

/** A node in a process of its own that measures itself. */
export class MeasuredNode {
  readonly node: NodeProcess;
  readonly #reports: string;
  #taken = 0;

  private constructor(node: NodeProcess, reports: string) {
    this.node = node;
    this.#reports = reports;
  }

  /**
   * @param home its folder, which the caller removes.
   * @param args options of soterd.
   * @param resolution milliseconds between two samples of the event loop.
   */
  static async start(home: string, args: readonly string[], resolution = 10): Promise<MeasuredNode> {
    const reports = `${home}.jsonl`;
    const program = fileURLToPath(new URL(`./measured-node-main${EXTENSION}`, import.meta.url));
    const script = [...process.execArgv, program, reports, String(resolution)];
    return new MeasuredNode(await NodeProcess.start(args, home, script), reports);
  }

  /** What the node measured since the last report. */
  async report(): Promise<NodeSpan> {
    this.node.program.child.kill('SIGUSR2');
    const line = await until(() => {
      const lines = existsSync(this.#reports) ? readFileSync(this.#reports, 'utf8').split('\n') : [];
      return lines.length > this.#taken + 1 && lines[this.#taken];
    });
    this.#taken++;
    return JSON.parse(line);
  }

  /** Ends the process. */
  async end(): Promise<void> {
    await this.node.program.end('SIGKILL');
  }
}
