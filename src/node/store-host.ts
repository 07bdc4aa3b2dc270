import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import type { StoreHost } from '../store/index.ts';

/** Field of `/proc/<pid>/stat` behind the name: start of the process in clock ticks since boot. */
const START_TIME_FIELD = 19;

/**
 * When a process started, as Linux counts; elsewhere an empty text, and a process id alone must do. Undefined if there is
 * no such process.
 */
function startOf(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // The process of another user: it exists all the same.
    if (!(error instanceof Error) || !('code' in error) || error.code !== 'EPERM') return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold blanks and parentheses itself.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : fields[START_TIME_FIELD - 1];
  } catch {
    return '';
  }
}

/** What the store asks of this machine. */
export const systemStoreHost: StoreHost = {
  processId: `${process.pid} ${startOf(process.pid) ?? ''}`.trim(),

  isRunning(processId) {
    const [pid, start = ''] = processId.split(' ');
    const actual = startOf(Number(pid));
    return actual !== undefined && actual === start;
  },

  openFile(path) {
    let file: number;
    try {
      file = openSync(path, 'r+');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
    return {
      size: fstatSync(file).size,
      read(position, length) {
        const bytes = Buffer.allocUnsafe(length);
        return bytes.subarray(0, readSync(file, bytes, 0, length, position));
      },
      close: () => closeSync(file),
    };
  },
};
