import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { makeFolder } from '../folders.ts';

/** When a log file is changed and how many old ones stay. */
export interface RotationOptions {
  /** Bytes after which a new file is begun. */
  readonly maxSize: number;
  /** Old files kept, compressed. */
  readonly keep: number;
}

/** The rule of the reference node. */
export const DEFAULT_ROTATION: RotationOptions = { maxSize: 10 * 1024 * 1024, keep: 3 };

/**
 * A file that is appended to and, once it is full, renamed to `NAME.N` with the next free number and compressed to
 * `NAME.N.gz` in the background; the newest few stay.
 */
export class RotatingFile {
  readonly path: string;
  readonly #options: RotationOptions;
  #descriptor: number;
  #size: number;
  #background: Promise<void> = Promise.resolve();

  /**
   * Opens the file for appending and makes its folder (mode 0700) if needed.
   * @throws the error of the file system.
   */
  constructor(path: string, options: RotationOptions = DEFAULT_ROTATION) {
    this.path = path;
    this.#options = options;
    makeFolder(dirname(path));
    this.#descriptor = openSync(path, 'a', 0o644);
    this.#size = fstatSync(this.#descriptor).size;
  }

  /** Appends text; it is with the operating system when this returns. */
  write(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#descriptor, bytes, written);
    this.#size += bytes.length;
    if (this.#size >= this.#options.maxSize) this.#rotate();
  }

  /** Closes the file and resolves when compression has ended. */
  async close(): Promise<void> {
    await this.#background;
    closeSync(this.#descriptor);
  }

  #rotate(): void {
    closeSync(this.#descriptor);
    const numbers = numbersOf(readdirSync(dirname(this.path)), basename(this.path));
    const old = `${this.path}.${Math.max(0, ...numbers) + 1}`;
    renameSync(this.path, old);
    this.#descriptor = openSync(this.path, 'a', 0o644);
    this.#size = 0;
    this.#background = this.#background.then(() => this.#archive(old));
  }

  /** A failure here costs old lines, never the node: it is reported in the new file. */
  async #archive(old: string): Promise<void> {
    try {
      const partial = `${old}.gz.tmp`;
      await pipeline(createReadStream(old), createGzip(), createWriteStream(partial, { mode: 0o644 }));
      await rename(partial, `${old}.gz`);
      await unlink(old);
      const folder = dirname(this.path);
      const compressed = (await readdir(folder)).filter((file) => file.endsWith('.gz'));
      const numbers = numbersOf(compressed, basename(this.path));
      const outdated = numbers.sort((a, b) => b - a).slice(this.#options.keep);
      for (const number of outdated) await unlink(join(folder, `${basename(this.path)}.${number}.gz`));
    } catch (error) {
      writeSync(this.#descriptor, `log rotation: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

/** Numbers of the old files of `name`, compressed or not. */
function numbersOf(files: readonly string[], name: string): number[] {
  return files.flatMap((file) => {
    const number = file.startsWith(`${name}.`) ? /^(\d+)(?:\.gz)?$/u.exec(file.slice(name.length + 1)) : null;
    return number ? [Number(number[1])] : [];
  });
}
