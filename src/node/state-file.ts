import { open, readFile, rename, rm, stat } from 'node:fs/promises';

/** Longest file that is read, bytes: nothing that this program writes comes near. */
const MAX_SIZE = 64 * 1024 * 1024;

/** A small text file that is replaced as a whole: after a crash it holds the old or the new text, never a mixture. */
export class TextFile {
  readonly #path: string;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** The content; undefined if there is no file. Rejects if the file is too long to be one of ours. */
  async load(): Promise<string | undefined> {
    try {
      const { size } = await stat(this.#path);
      if (size > MAX_SIZE) throw new Error(`the file has ${size} bytes`);
      return await readFile(this.#path, 'utf8');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Replaces the content. Calls are carried out one after the other. */
  save(text: string): Promise<void> {
    const write = this.#writing.then(() => this.#replace(text));
    this.#writing = write.catch(() => undefined);
    return write;
  }

  /** Moves a file that cannot be used out of the way, so that it can be looked at. */
  async setAside(): Promise<void> {
    try {
      await rename(this.#path, `${this.#path}.corrupt`);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async #replace(text: string): Promise<void> {
    const temporary = `${this.#path}.new`;
    const file = await open(temporary, 'w', 0o600);
    try {
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
    } catch (error) {
      // On a full disk a piece of a file would take room for nothing. What failed is said by the first error.
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
