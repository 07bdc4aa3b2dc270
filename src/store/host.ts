/** What the store must know about the machine; the node's composition root implements it. */
export interface StoreHost {
  /**
   * Text that no other process of this machine has or had, in one line, e.g. process id and start time. A process id
   * alone will not do: it may be given again after a crash, and in containers every process may be number 1.
   */
  readonly processId: string;
  /** True if the process with that text still runs. */
  isRunning(processId: string): boolean;
  /**
   * Opens a file that can be read and written, to read it; undefined if there is none.
   * @throws the system's error if it cannot be opened so.
   */
  openFile(path: string): HostFile | undefined;
}

/** A file that is open for reading. */
export interface HostFile {
  /** Bytes. */
  readonly size: number;
  /** At most `length` bytes from a position; fewer at the end of the file. */
  read(position: number, length: number): Uint8Array;
  close(): void;
}
