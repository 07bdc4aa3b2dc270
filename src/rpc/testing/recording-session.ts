import { networkParams } from '../../params/index.ts';
import { VirtualWorld } from '../../util/testing/virtual-world.ts';
import type { OutPoint, Transaction } from '../../wire/index.ts';
import { DagFeed } from '../notifications/dag-feed.ts';
import { Notifier } from '../notifications/notifier.ts';
import type { SocketSession } from '../websocket/session.ts';
import { genesisDag } from './idle-ports.ts';

/** A notification, parsed. */
export interface Told {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** A client that notes what it is told. */
export class RecordingSession implements SocketSession {
  readonly id = 1n;
  readonly notifier: Notifier;
  readonly dagFeed: DagFeed;
  told: Told[] = [];
  refusal: string | undefined;

  constructor(notifier = recordingNotifier(), dagFeed = idleFeed()) {
    this.notifier = notifier;
    this.dagFeed = dagFeed;
  }

  /** Names of what was told since it was last asked. */
  takeMethods(): string[] {
    return this.told.splice(0).map(({ method }) => method);
  }

  notify(text: string): void {
    this.told.push(JSON.parse(text));
  }

  refuse(reason: string): void {
    this.refusal = reason;
  }

  hangUp(reason: string): void {
    this.refusal = reason;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }
}

function idleFeed(): DagFeed {
  const { timers, random } = new VirtualWorld();
  return new DagFeed({ dag: genesisDag(), events: undefined, timers, random });
}

/** A notifier of simnet. @param poolSpender default: the pool is empty. */
export function recordingNotifier(poolSpender: (outpoint: OutPoint) => Transaction | undefined = () => undefined) {
  return new Notifier({ params: networkParams('simnet'), poolSpender });
}
