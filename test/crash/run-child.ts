import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ChildMessage, ChildTask } from './messages.ts';

/** What became of a child. */
export interface ChildResult {
  readonly messages: readonly ChildMessage[];
  /** Exit code, or the signal that ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It was stopped because it took too long. */
  readonly hung: boolean;
  readonly errors: string;
}

/** Whatever a child does takes seconds; one that needs this long will never end. Milliseconds. */
const HANG_LIMIT = 120_000;

/** The child program: compiled, if this file is; else run through tsx. */
function command(): string[] {
  const isCompiled = import.meta.url.endsWith('.js');
  const file = fileURLToPath(new URL(`./child.${isCompiled ? 'js' : 'ts'}`, import.meta.url));
  return isCompiled ? [file] : ['--import', 'tsx', file];
}

/** How a child is started. */
export interface ChildOptions {
  /** Called with each message as it comes, to kill the child at some moment. */
  readonly onMessage?: (message: ChildMessage, child: ChildProcess) => void;
  /** Program and arguments in front of node, e.g. a tracer. */
  readonly wrapper?: readonly string[];
}

/** Runs a child to its end. */
export function runChild(task: ChildTask, { onMessage, wrapper = [] }: ChildOptions = {}): Promise<ChildResult> {
  const [program, ...args] = [...wrapper, process.execPath, ...command(), JSON.stringify(task)];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const messages: ChildMessage[] = [];
  let errors = '';
  let rest = '';
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, HANG_LIMIT);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const message: ChildMessage = JSON.parse(line);
      messages.push(message);
      onMessage?.(message, child);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ messages, code, signal, hung, errors });
    });
  });
}

/** The last message of a kind. */
export function messageAt<A extends ChildMessage['at']>(
  { messages }: Pick<ChildResult, 'messages'>,
  at: A,
): Extract<ChildMessage, { at: A }> | undefined {
  return messages.findLast((message): message is Extract<ChildMessage, { at: A }> => message.at === at);
}
