import type { InvVector } from '../wire/index.ts';
import type { PeerState } from './peer-state.ts';

/** What several peers are to be asked for, one message each. */
export class RequestBatches {
  readonly #byPeer = new Map<PeerState, InvVector[]>();

  add(state: PeerState, vector: InvVector): void {
    const vectors = this.#byPeer.get(state);
    if (vectors) vectors.push(vector);
    else this.#byPeer.set(state, [vector]);
  }

  send(): void {
    for (const [state, vectors] of this.#byPeer) state.peer.getData(vectors);
  }
}
