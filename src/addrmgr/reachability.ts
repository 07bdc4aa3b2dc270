import { isIpv4, isOnion, isRfc3964, isRfc4380, isRfc6052, isRfc6145, isRoutable } from './ranges.ts';

/** How well an address of ours can be reached from some remote, worst first. */
export const Reachability = {
  unreachable: 0,
  default: 1,
  teredo: 2,
  weakIpv6: 3,
  ipv4: 4,
  strongIpv6: 5,
  private: 6,
} as const;
export type Reachability = (typeof Reachability)[keyof typeof Reachability];

/** How well `local` can be reached from `remote`; both 16 bytes. */
export function reachability(local: Uint8Array, remote: Uint8Array): Reachability {
  if (!isRoutable(remote)) return Reachability.unreachable;
  const routable = isRoutable(local);
  const v4 = routable && isIpv4(local);
  if (isOnion(remote)) {
    if (isOnion(local)) return Reachability.private;
    return v4 ? Reachability.ipv4 : Reachability.default;
  }
  if (isIpv4(remote)) return v4 ? Reachability.ipv4 : Reachability.unreachable;
  if (!routable) return Reachability.default;
  if (isRfc4380(local)) return Reachability.teredo;
  if (v4) return Reachability.ipv4;
  const tunnelled = isRfc3964(local) || isRfc6052(local) || isRfc6145(local);
  return isRfc4380(remote) || tunnelled ? Reachability.weakIpv6 : Reachability.strongIpv6;
}
