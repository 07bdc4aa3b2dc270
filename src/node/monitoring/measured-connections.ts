import type { Dialer, Listener, Stream } from '../../connmgr/index.ts';
import type { Channels } from '../../metrics/index.ts';
import type { Clock } from '../../util/ports.ts';

/** A dialer that tells whether and how fast connections come about. */
export function measuredDialer<S extends Stream>(
  dialer: Dialer<S>,
  clock: Clock,
  { dial }: Pick<Channels, 'dial'>,
): Dialer<S> {
  return {
    async dial(address, signal) {
      const start = clock.monotonic();
      try {
        const stream = await dialer.dial(address, signal);
        dial.send({ milliseconds: clock.monotonic() - start, connected: true });
        return stream;
      } catch (error) {
        dial.send({ milliseconds: clock.monotonic() - start, connected: false });
        throw error;
      }
    },
  };
}

/** A listener that counts what comes in. */
export function measuredListener<S extends Stream>(
  listener: Listener<S>,
  { accepted }: Pick<Channels, 'accepted'>,
): Listener<S> {
  return {
    address: listener.address,
    async accept() {
      const stream = await listener.accept();
      accepted.send(1);
      return stream;
    },
    close: () => listener.close(),
  };
}
