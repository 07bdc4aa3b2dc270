import type { Channels } from '../../metrics/index.ts';
import type { KeyValueStore, WriteTransaction } from '../../store/index.ts';
import type { Clock } from '../../util/ports.ts';

/** A store that tells how long its transactions take. */
export function measuredStore(store: KeyValueStore, clock: Clock, { commit }: Pick<Channels, 'commit'>): KeyValueStore {
  const { aside } = store;
  return {
    aside: aside && {
      begin(work, done) {
        const start = clock.monotonic();
        aside.begin(work, (failure) => {
          if (!failure) commit.send(clock.monotonic() - start);
          done(failure);
        });
      },
      finish: () => aside.finish(),
    },
    table: (name) => store.table(name),
    transaction<T>(work: (transaction: WriteTransaction) => T): T {
      const start = clock.monotonic();
      const result = store.transaction(work);
      commit.send(clock.monotonic() - start);
      return result;
    },
    close: () => store.close(),
  };
}
