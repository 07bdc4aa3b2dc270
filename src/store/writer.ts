import type { StoreErrorKind } from './errors.ts';

/** A thread that writes to a database, one `WriteLoad` at a time. */
export interface StoreWriter {
  /** Begins. @param done called once, in a turn of the event loop of its own or from within {@link finish}. */
  write(load: ArrayBuffer, done: (failure: WriteFailure | undefined) => void): void;
  /** Waits for the load that was begun, if there is one. */
  finish(): void;
  /** Ends the thread. Resolves when it has let go of the database. */
  close(): Promise<void>;
}

/** Why a load was not written: what makes a `StoreError`. */
export interface WriteFailure {
  readonly kind: StoreErrorKind;
  readonly message: string;
}

/** What the thread is told at its start. */
export interface WriterTask {
  readonly path: string;
  readonly synced: boolean;
}

/** Starts a thread that writes to the database of a folder, which this process has open. */
export type StoreWriterFactory = (task: WriterTask) => StoreWriter;

/** What the thread answers to each load. */
export interface WriteAnswer {
  readonly failure: WriteFailure | undefined;
}

/** What a thread that writes is started with. `Port` is a `MessagePort` of Node.js. */
export interface WriterThreadData<Port> {
  readonly task: WriterTask;
  /** Where loads come from and answers go to. */
  readonly port: Port;
  /** One number that all threads see: answers that were sent. */
  readonly answers: Int32Array;
}
