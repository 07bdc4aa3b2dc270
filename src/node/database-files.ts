import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Folder of the database below the folder of a network's data. */
export function databaseFolder(dataDir: string): string {
  return join(dataDir, 'blocks');
}

/** Folder for a state that is derived to be compared with the database; it exists only while that goes on. */
export function scratchFolder(dataDir: string): string {
  return join(dataDir, 'verify');
}

/** Whether there is a database. */
export function hasDatabase(dataDir: string): boolean {
  return existsSync(databaseFile(dataDir));
}

/** Bytes of the database on disk. */
export function databaseBytes(dataDir: string): number {
  return statSync(databaseFile(dataDir)).size;
}

function databaseFile(dataDir: string): string {
  return join(databaseFolder(dataDir), 'data.mdb');
}
