import { open, rename, rm, stat } from 'node:fs/promises';
import { fileErrorText } from '../config/index.ts';
import type { ByteSink } from '../dag-file/export.ts';
import type { ByteSource } from '../dag-file/reader.ts';

/** A file that cannot be read or written; the message is one line that names it. */
export class FileAccessError extends Error {
  override name = 'FileAccessError';
}

/**
 * Reads a file from front to back, also one that cannot be rewound.
 * @throws {FileAccessError}
 */
export async function readingFile<T>(path: string, work: (source: ByteSource) => Promise<T>): Promise<T> {
  const file = await named('open', path, () => open(path, 'r'));
  try {
    return await work({
      read: async (target) => (await named('read', path, () => file.read(target, 0, target.length, null))).bytesRead,
    });
  } finally {
    await file.close();
  }
}

/**
 * Writes a file that appears under its name only when it is complete and on the disk; an older one of that name stays until then. If
 * `work` fails nothing is left.
 * @throws {FileAccessError}
 */
export async function writingFile<T>(path: string, work: (sink: ByteSink) => Promise<T>): Promise<T> {
  if (await isFolder(path)) throw new FileAccessError(`open ${path}: is a directory`);
  const unfinished = `${path}.part`;
  const file = await named('open', unfinished, () => open(unfinished, 'w', 0o644));
  let result: T;
  try {
    try {
      result = await work({
        write: async (bytes) => {
          for (let at = 0; at < bytes.length; ) {
            const { bytesWritten } = await named('write', unfinished, () => file.write(bytes, at));
            at += bytesWritten;
          }
        },
      });
      await named('write', unfinished, () => file.sync());
    } finally {
      await file.close();
    }
    await named('rename', unfinished, () => rename(unfinished, path));
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return result;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

async function named<T>(action: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new FileAccessError(fileErrorText(action, path, error), { cause: error });
  }
}
