import { RpcError, RpcErrorCode } from '../errors.ts';
import { optional, required } from '../params/signature.ts';
import { bool, int64, string } from '../params/types.ts';
import type { RpcPeers } from '../ports.ts';
import { list, nothing, record, text, whole } from '../schema/result.ts';
import { defineMethod, type Method } from './define.ts';

/** How long a ban lasts if nothing else is said, seconds. */
const DEFAULT_SECONDS = 86_400;
/** Longest ban, seconds: a hundred years, so that its end is a time that everybody can write. */
const MAX_SECONDS = 100 * 365 * 86_400;

/** Methods about bans, as Bitcoin Core has them. Not in soterd 2.1.1, whose bans cannot be seen or lifted. */
export const banMethods: readonly Method[] = [
  defineMethod({
    name: 'listbanned',
    extension: true,
    about: 'Hosts and networks that may not connect, the ban that ends first first.',
    result: list(
      record({
        address: text('A host, or a network in CIDR notation', 'ip'),
        ban_created: whole('When the ban began', 'Unix seconds'),
        banned_until: whole('When it ends', 'Unix seconds'),
        ban_duration: whole('How long it lasts in all', 'seconds'),
        time_remaining: whole('How long it still lasts', 'seconds'),
      }),
    ),
    run: ({ ports: { peers, clock } }) => {
      const now = clock.now();
      return peers.bans().map(({ host, since, until }) => ({
        address: host,
        ban_created: seconds(since),
        banned_until: seconds(until),
        ban_duration: seconds(until) - seconds(since),
        time_remaining: seconds(until) - seconds(now),
      }));
    },
  }),
  defineMethod({
    name: 'setban',
    params: [
      required('subnet', string, 'A host, or a network in CIDR notation.'),
      required('command', string, '"add" bans it and ends its connections, "remove" lifts its ban.', '"add|remove"'),
      optional('bantime', int64, 'How many seconds the ban lasts, 0 for a day; with absolute, when it ends.', 0),
      optional('absolute', bool, 'Whether bantime is a time, in Unix seconds.', false),
    ],
    extension: true,
    about: 'Bans a host or a network, or lifts exactly this ban. It outlives a restart of the node.',
    result: nothing(),
    run: ({ ports: { peers, clock } }, [subnet, command, bantime = 0, absolute = false]) => {
      if (command === 'add') add(peers, subnet, duration(bantime, absolute, clock.now()));
      else if (command === 'remove') remove(peers, subnet);
      else throw new RpcError(RpcErrorCode.invalidParameter, 'invalid subcommand for setban');
      return null;
    },
  }),
  defineMethod({
    name: 'clearbanned',
    extension: true,
    about: 'Lifts all bans.',
    result: nothing(),
    run: ({ ports: { peers } }) => {
      peers.clearBans();
      return null;
    },
  }),
];

/** Milliseconds that a ban is to last. */
function duration(bantime: number, absolute: boolean, now: number): number {
  if (bantime < 0) throw new RpcError(RpcErrorCode.invalidParameter, 'bantime may not be negative');
  const wanted = absolute ? bantime - now / 1000 : bantime || DEFAULT_SECONDS;
  if (wanted <= 0) throw new RpcError(RpcErrorCode.invalidParameter, 'Error: Absolute timestamp is in the past');
  return Math.min(wanted, MAX_SECONDS) * 1000;
}

function add(peers: RpcPeers, subnet: string, milliseconds: number): void {
  if (!peers.isBannable(subnet)) throw new RpcError(RpcErrorCode.invalidIpOrSubnet, 'Error: Invalid IP/Subnet');
  if (peers.isListed(subnet)) throw new RpcError(RpcErrorCode.nodeAlreadyAdded, 'Error: IP/Subnet already banned');
  peers.ban(subnet, milliseconds);
}

function remove(peers: RpcPeers, subnet: string): void {
  if (peers.liftBan(subnet)) return;
  throw new RpcError(
    RpcErrorCode.invalidIpOrSubnet,
    'Error: Unban failed. Requested address/subnet was not previously manually banned.',
  );
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 1000);
}
