import type { Logger } from '../util/log.ts';
import type { BanList } from './ban-list.ts';
import type { ScoreKeeper } from './connected-peer.ts';
import { siteOf } from './host.ts';

/** When misbehaviour ends in a ban. */
export interface ScoreRules {
  /** False: nothing is counted. */
  readonly banning: boolean;
  /** A score above it bans. */
  readonly threshold: number;
  /** Milliseconds. */
  readonly duration: number;
  /** True for a host that stands for many, who must not all suffer for one: connections from it end, but it is not banned. */
  isShared(host: string): boolean;
}

/** Counts misdeeds: warns above half of the threshold, bans and disconnects above it. Whitelisted peers never pay. */
export function scoreKeeper(rules: ScoreRules, bans: BanList, logger: Logger): ScoreKeeper {
  return (peer, persistent, transient, reason) => {
    if (!rules.banning || peer.origin.whitelisted || persistent + transient === 0) return;
    const score = peer.score.increase(persistent, transient);
    if (score <= Math.floor(rules.threshold / 2)) return;
    logger.warn(`Misbehaving peer ${peer.peer}: ${reason} -- ban score increased to ${score}`);
    if (score <= rules.threshold) return;
    if (rules.isShared(peer.remoteHost)) {
      logger.warn(`Misbehaving peer ${peer.peer} -- disconnecting`);
      peer.disconnect('misbehaved');
      return;
    }
    logger.warn(`Misbehaving peer ${peer.peer} -- banning and disconnecting`);
    bans.ban(siteOf(peer.remoteHost), rules.duration);
    peer.disconnect('banned');
  };
}
