import type { Channels } from '../../metrics/index.ts';
import { type Method, rpcMethods } from '../../rpc/index.ts';
import type { Clock } from '../../util/ports.ts';

/** The methods of the RPC server, counted. */
export interface MeasuredMethods {
  readonly methods: ReadonlyMap<string, Method>;
  /** Calls that are being carried out now. */
  running(): number;
}

/** All RPC methods, which tell how long each call took and whether it failed. */
export function measuredMethods(clock: Clock, { call }: Pick<Channels, 'call'>): MeasuredMethods {
  let running = 0;
  const measured = (method: Method): Method => ({
    ...method,
    call(context, params) {
      const start = clock.monotonic();
      const end = (failed: boolean): void => {
        running--;
        call.send({ method: method.name, milliseconds: clock.monotonic() - start, failed });
      };
      running++;
      let result: ReturnType<Method['call']>;
      try {
        result = method.call(context, params);
      } catch (error) {
        end(true);
        throw error;
      }
      if (!(result instanceof Promise)) {
        end(false);
        return result;
      }
      return result.then(
        (value) => {
          end(false);
          return value;
        },
        (error: unknown) => {
          end(true);
          throw error;
        },
      );
    },
  });
  return {
    methods: new Map(Array.from(rpcMethods, ([name, method]) => [name, measured(method)])),
    running: () => running,
  };
}
