/** What health is judged by. */
export interface HealthView {
  /** The node has failed in a way that it cannot go on with. */
  readonly failed: boolean;
  readonly stopping: boolean;
  /** The node has started all its managers. */
  readonly started: boolean;
  /** How late 99 of 100 turns of the event loop were at most, of the last ten to twenty seconds. Seconds. */
  readonly loopDelay: number;
  /** As far as the network, to the best of its knowledge. */
  readonly current: boolean;
  readonly peers: number;
  /** A network that one node alone may be all of. */
  readonly aloneAllowed: boolean;
}

/** A verdict; the reasons say in words what is wrong. */
export interface Verdict {
  readonly ok: boolean;
  readonly reasons: readonly string[];
}

/** A node whose event loop is later than this is of no use. Seconds. */
export const MAX_LOOP_DELAY = 2;

/** Whether the process does its work; if not for long, it should be started again. */
export function healthy(view: HealthView): Verdict {
  const reasons: string[] = [];
  if (view.failed) reasons.push('the node has failed and is about to end');
  if (view.loopDelay > MAX_LOOP_DELAY)
    reasons.push(`the event loop is ${view.loopDelay.toFixed(1)} s late, more than ${MAX_LOOP_DELAY} s`);
  return verdict(reasons);
}

/** Whether the node should be asked: it is healthy, has started, is connected and knows what the network knows. */
export function ready(view: HealthView): Verdict {
  const reasons = [...healthy(view).reasons];
  if (view.stopping) reasons.push('the node is stopping');
  else if (!view.started) reasons.push('the node is starting');
  if (!view.aloneAllowed) {
    if (view.peers === 0) reasons.push('no peer is connected');
    if (!view.current) reasons.push('the node is not synchronised with the network');
  }
  return verdict(reasons);
}

function verdict(reasons: readonly string[]): Verdict {
  return { ok: reasons.length === 0, reasons };
}
