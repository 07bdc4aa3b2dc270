/** Maps an event name to the value its listeners receive. */
type EventMap = { [name: string]: unknown };

/**
 * Typed synchronous events. Listeners run in the order they were added, inside `emit`; an exception of a listener
 * is a programming error and propagates to the emitter's caller.
 */
export class Emitter<Events extends EventMap> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>();

  /** Adds a listener and returns the function that removes it. */
  on<Name extends keyof Events>(name: Name, listener: (value: Events[Name]) => void): () => void {
    let set = this.#listeners.get(name);
    if (!set) {
      set = new Set();
      this.#listeners.set(name, set);
    }
    set.add(listener);
    return () => set.delete(listener);
  }

  /** Calls every listener of `name` with `value`. Listeners added meanwhile are not called. */
  emit<Name extends keyof Events>(name: Name, value: Events[Name]): void {
    const set = this.#listeners.get(name);
    if (!set) return;
    for (const listener of [...set]) (listener as (value: Events[Name]) => void)(value);
  }
}
