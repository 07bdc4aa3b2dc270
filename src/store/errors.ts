/**
 * What went wrong with the store.
 * - `locked`: another process uses the folder.
 * - `full`: the disk takes no more (LMDB cannot tell a full disk from a failing one).
 * - `readOnly`: the folder or its files cannot be created or written.
 * - `corrupt`: bytes on disk are not what was written, or belong together no longer.
 * - `newer`: written by a later version of this program.
 * - `foreign`: the data belongs to another network, or another process changed it meanwhile.
 * - `closed`: used after `close`.
 * - `io`: anything else the database reported.
 */
export type StoreErrorKind = 'locked' | 'full' | 'readOnly' | 'corrupt' | 'newer' | 'foreign' | 'closed' | 'io';

/**
 * The store cannot do what was asked. The message is one clear line for the operator. A transaction that throws it has
 * changed nothing on disk.
 */
export class StoreError extends Error {
  override name = 'StoreError';
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The folder is in use by another process (or twice by this one). */
export class StoreLockedError extends StoreError {
  override name = 'StoreLockedError';

  constructor(path: string, holder: string) {
    super('locked', `the data folder ${path} is in use by ${holder}; stop it first or choose another --datadir`);
  }
}

/** The line for damaged data: what was noticed, and the two remedies. */
export function damagedMessage(path: string, noticed: string): string {
  return `the database in ${path} is damaged (${noticed}); restore it from a backup, or remove the folder to download all blocks again`;
}

/** The error for data that is incomplete or does not fit together, noticed by whoever keeps it in the store. */
export function damagedData(noticed: string, options?: ErrorOptions): StoreError {
  const message = `the database is damaged (${noticed}); restore it from a backup, or remove the folder to download all blocks again`;
  return new StoreError('corrupt', message, options);
}

/** The error for rows that are not as this process wrote them. */
export function foreignData(): StoreError {
  return new StoreError('foreign', 'another process has written to the database; stop it and restart this one');
}
