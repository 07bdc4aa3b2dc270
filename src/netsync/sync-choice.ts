import type { Random } from '../util/ports.ts';
import { type Generation, Services } from '../wire/index.ts';
import { CLAIM_GRACE_MS, STALL_SAMPLE_MS } from './limits.ts';
import type { PeerState } from './peer-state.ts';
import type { SyncPeer } from './ports.ts';

/** What decides whether a peer can be synced from. */
export interface CandidateRule {
  readonly regtest: boolean;
  /** Whether peers must serve witness data by now. */
  readonly segwitActive: boolean;
}

/**
 * True if blocks can be synchronised from this peer: a full node that serves witness data. On the regression test
 * network only the peers of this machine count (docs/protocol.md, "Peers").
 */
export function isCandidate(peer: SyncPeer, rule: CandidateRule): boolean {
  const witness = !rule.segwitActive || (peer.services & Services.witness) !== 0n;
  if (rule.regtest) return witness && (peer.host === '127.0.0.1' || peer.host === 'localhost');
  return witness && (peer.services & Services.network) !== 0n;
}

/** The situation in which a sync peer is chosen. */
export interface Choice {
  readonly generation: Generation;
  /** Greatest height of our DAG. */
  readonly ourHeight: number;
  /** Steady time, milliseconds. */
  readonly now: number;
  readonly random: Random;
}

/**
 * Chooses whom to synchronise from. Peers that claim more than we have come first: among them those whose claims and
 * announcements have never come to nothing, then those that we dialled (an attacker can open any number of connections to us), then by
 * chance; the size of a claim does not count. Without any, a peer that claims as much as we have, once for each height
 * of ours, because it may know other blocks by now. In generation 2 a peer at height 0 is not asked.
 */
export function chooseSyncPeer(candidates: readonly PeerState[], choice: Choice): PeerState | undefined {
  const { ourHeight, now, random } = choice;
  const higher = candidates.filter(({ peer, distrustUntil }) => peer.maxHeight > ourHeight && now >= distrustUntil);
  if (higher.length > 0) {
    const rank = ({ failures, keepsPromises, peer }: PeerState) =>
      (failures + (keepsPromises ? 0 : 1)) * 2 + (peer.inbound ? 1 : 0);
    const best = Math.min(...higher.map(rank));
    const equals = higher.filter((state) => rank(state) === best);
    return equals[random.below(equals.length)];
  }
  if (choice.generation === 2 && ourHeight === 0) return undefined;
  const equal = candidates.filter(
    ({ peer, checkedHeight }) => peer.maxHeight === ourHeight && checkedHeight !== ourHeight,
  );
  return equal.length === 0 ? undefined : equal[random.below(equal.length)];
}

/**
 * True if what the peer claims to have above our height must be taken seriously: the claim is fresh, or the peer is
 * proving it block by block, and it delivers what it announces. So a liar delays us for seconds and cannot keep the node
 * from being current.
 */
export function claimCounts(state: PeerState, ourHeight: number, now: number): boolean {
  if (state.peer.maxHeight <= ourHeight || now < state.distrustUntil || state.failures > 0) return false;
  if (!state.keepsPromises) return false;
  return state.claimAge(ourHeight, now) < CLAIM_GRACE_MS || now - state.progressAt < STALL_SAMPLE_MS;
}
