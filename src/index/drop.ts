import type { KeyValueStore } from '../store/index.ts';
import type { Logger } from '../util/log.ts';
import type { IndexName } from './ports.ts';
import { INDEX_PLACES, readProgress, writeProgress } from './progress.ts';

/** Rows deleted in one transaction. */
const ROWS_PER_TRANSACTION = 20_000;

/**
 * Deletes an index, in slices between which other work runs. If it is interrupted, the index stays marked and is deleted when it is
 * used the next time.
 * @param goOn asked between slices; false ends it early.
 */
export async function dropIndex(
  store: KeyValueStore,
  name: IndexName,
  logger: Logger,
  pause: () => Promise<void>,
  goOn: () => boolean = () => true,
): Promise<void> {
  if (!readProgress(store, name)) {
    logger.info(`Not dropping ${name} because it does not exist`);
    return;
  }
  logger.info(`Dropping all ${name} entries.  This might take a while...`);
  store.transaction((transaction) => writeProgress(store, transaction, name, { next: 0, isVoid: true }));
  const place = INDEX_PLACES[name];
  const table = store.table(place.table);
  let deleted = 0;
  while (table.count() > 0) {
    if (!goOn()) return;
    const rows = [...table.range({ limit: ROWS_PER_TRANSACTION })];
    store.transaction((transaction) => {
      for (const { key } of rows) transaction.remove(table, key);
    });
    deleted += rows.length;
    await pause();
  }
  store.transaction((transaction) => transaction.remove(store.table('meta'), place.meta));
  logger.info(`Dropped ${name} (${deleted} entries)`);
}
