import type { PeerInfo } from '../../server/index.ts';
import { splitHostPort, withDefaultPort } from '../../util/host-port.ts';
import { ipFromString } from '../../wire/index.ts';
import { messageOf, RpcError, RpcErrorCode } from '../errors.ts';
import type { JsonResult } from '../json/encode.ts';
import { optional, required } from '../params/signature.ts';
import { bool, string, stringType } from '../params/types.ts';
import type { RpcPeers } from '../ports.ts';
import { choice, decimal, flag, list, maybe, nothing, oneOf, record, text, whole } from '../schema/result.ts';
import { defineMethod, type Method } from './define.ts';

/** Methods about peers and the network. */
export const peerMethods: readonly Method[] = [
  defineMethod({
    name: 'addnode',
    params: [
      required('addr', string, 'Host name or IP, with port unless it is the default one.'),
      required(
        'subcmd',
        stringType('soterjson.AddNodeSubCmd'),
        '"add" connects and keeps the peer, "remove" drops a kept one, "onetry" tries once.',
        '"add|remove|onetry"',
      ),
    ],
    about: 'Adds or removes a peer.',
    result: nothing('The attempt goes on in the background'),
    run: async ({ ports: { peers, params } }, [addr, subcommand]) => {
      const address = withDefaultPort(addr, params.p2pPort);
      if (subcommand === 'add' || subcommand === 'onetry')
        await run(() => connect(peers, address, subcommand === 'add'));
      else if (subcommand === 'remove') await run(() => peers.removeByAddress(address));
      else throw new RpcError(RpcErrorCode.invalidParameter, 'invalid subcommand for addnode');
      return null;
    },
  }),
  defineMethod({
    name: 'node',
    params: [
      required(
        'subcmd',
        stringType('soterjson.NodeSubCmd'),
        '"connect", "disconnect" for a passing peer, "remove" for a kept one.',
        '"connect|remove|disconnect"',
      ),
      required('target', string, 'Address of the peer, or its number if it is connected.'),
      optional('connectsubcmd', string, '"perm" keeps a connected peer, "temp" does not.', undefined, '"perm|temp"'),
    ],
    about: 'Connects, disconnects or removes a peer.',
    result: nothing('The attempt goes on in the background'),
    run: async ({ ports: { peers, params } }, [subcommand, target, mode = 'temp']) => {
      if (subcommand === 'disconnect' || subcommand === 'remove') await drop(peers, subcommand, target, params.p2pPort);
      else if (subcommand !== 'connect')
        throw new RpcError(RpcErrorCode.invalidParameter, 'invalid subcommand for node');
      else if (mode !== 'perm' && mode !== 'temp')
        throw new RpcError(RpcErrorCode.invalidParameter, 'invalid subcommand for node connect');
      else await run(() => connect(peers, withDefaultPort(target, params.p2pPort), mode === 'perm'));
      return null;
    },
  }),
  defineMethod({
    name: 'getaddednodeinfo',
    params: [
      required('dns', bool, 'Whether names are looked up and the state of each address is shown.'),
      optional('node', string, 'Only this one, exactly as it was added.'),
    ],
    about: 'The peers that were added to be kept.',
    result: choice(
      ['dns=false', list(text('', 'address'))],
      [
        'dns=true',
        list(
          record({
            addednode: text('As it was added', 'address'),
            connected: flag(),
            addresses: list(
              record({ address: text('', 'ip'), connected: oneOf(['inbound', 'outbound', 'false']) }),
              'What the name stands for',
            ),
          }),
        ),
      ],
    ),
    run: async ({ ports: { peers } }, [dns, node]) => {
      const added = peers.persistentPeers().filter((peer) => node === undefined || peer.address === node);
      if (node !== undefined && added.length === 0)
        throw new RpcError(RpcErrorCode.nodeNotAdded, 'Node has not been added');
      if (!dns) return added.map((peer) => peer.address);
      const details: JsonResult[] = [];
      for (const peer of added) {
        const host = hostOf(peer.address);
        const state = peer.connected ? (peer.inbound ? 'inbound' : 'outbound') : 'false';
        const addresses = (await addressesOfHost(peers, host)).map((address) => ({
          address,
          connected: address === host ? state : 'false',
        }));
        details.push({ addednode: peer.address, connected: peer.connected, addresses });
      }
      return details;
    },
  }),
  defineMethod({
    name: 'getconnectioncount',
    about: 'How many peers are connected.',
    result: whole('', 'peers'),
    run: ({ ports }) => ports.peers.connectedCount(),
  }),
  defineMethod({
    name: 'getpeerinfo',
    about: 'Everything known about each connected peer.',
    result: list(
      record({
        id: whole('For the command node'),
        addr: text('', 'ip:port'),
        addrlocal: text('', 'ip:port'),
        services: text('What it offers: sum of bits, filled to eight digits', 'decimal'),
        relaytxes: flag('Whether it wants transactions'),
        lastsend: whole('', 'Unix seconds'),
        lastrecv: whole('', 'Unix seconds'),
        bytessent: whole('', 'bytes'),
        bytesrecv: whole('', 'bytes'),
        conntime: whole('Connected since', 'Unix seconds'),
        timeoffset: whole('By which its clock differs', 'seconds'),
        pingtime: decimal('Of the last answered ping', 'microseconds'),
        pingwait: maybe(decimal('Since an unanswered ping', 'microseconds')),
        version: whole('Of the protocol that is spoken'),
        subver: text('', 'user agent'),
        inbound: flag('Whether it came to us'),
        startingheight: whole('That it told when it connected'),
        currentheight: maybe(whole('Known since')),
        banscore: whole('It is banned above the threshold'),
        feefilter: whole('Least fee it wants', 'nanoSoter per 1000 bytes'),
        syncnode: flag('Whether blocks are fetched from it'),
      }),
    ),
    run: ({ ports }) => ports.peers.peers().map(peerObject),
  }),
  defineMethod({
    name: 'getaddrcache',
    about: 'Asks every peer for the addresses it knows and returns those that were told earlier.',
    result: record({ addresses: list(text('', 'ip:port')) }),
    run: ({ ports }) => ({ addresses: [...ports.peers.addressCache()] }),
  }),
  defineMethod({
    name: 'getlistenaddrs',
    about: 'Where this node listens for peers.',
    result: record({ p2p: list(text('', 'ip:port'), 'Empty with --nolisten') }),
    run: ({ ports }) => ({ p2p: [...ports.peers.listenAddresses()] }),
  }),
  defineMethod({
    name: 'getnettotals',
    limited: true,
    about: 'Bytes exchanged with peers since the start.',
    result: record({
      totalbytesrecv: whole('', 'bytes'),
      totalbytessent: whole('', 'bytes'),
      timemillis: whole('Now', 'Unix milliseconds'),
    }),
    run: ({ ports: { peers, clock } }) => {
      const { bytesReceived, bytesSent } = peers.netTotals();
      return { totalbytesrecv: bytesReceived, totalbytessent: bytesSent, timemillis: Math.floor(clock.now()) };
    },
  }),
  defineMethod({
    name: 'ping',
    about: 'Sends a ping to every peer; getpeerinfo shows how long the answers took.',
    result: nothing(),
    run: ({ ports }) => {
      ports.peers.pingAll();
      return null;
    },
  }),
];

/** Runs a command of the peer handler; its error is the client's. */
async function run(command: () => void | Promise<void>): Promise<void> {
  try {
    await command();
  } catch (error) {
    throw new RpcError(RpcErrorCode.invalidParameter, messageOf(error));
  }
}

/** Begins to connect. What can never succeed is told: a port that is no number, or a name that nobody knows. */
async function connect(peers: RpcPeers, address: string, permanent: boolean): Promise<void> {
  const { host, port } = splitHostPort(address);
  if (!/^[+-]?\d+$/u.test(port)) throw new Error(`strconv.Atoi: parsing "${port}": invalid syntax`);
  if (!ipFromString(host) && !host.endsWith('.onion')) {
    const found = await peers.resolve(host).catch(() => []);
    if (found.length === 0) throw new Error(`lookup ${host}: no such host`);
  }
  await peers.connect(address, permanent);
}

/** Drops a peer named by number or address, and says so if it belongs to the other kind. */
async function drop(
  peers: RpcPeers,
  command: 'disconnect' | 'remove',
  target: string,
  defaultPort: number,
): Promise<void> {
  const id = /^\d+$/u.test(target) && BigInt(target) < 2n ** 32n ? Number(target) : undefined;
  if (id === undefined && !isAddress(target))
    throw new RpcError(RpcErrorCode.invalidParameter, 'invalid address or node ID');
  const address = id === undefined ? withDefaultPort(target, defaultPort) : undefined;
  const exists = peers.peers().some((peer) => (id === undefined ? peer.address === address : peer.id === id));
  try {
    await run(() => {
      if (command === 'remove') {
        if (id === undefined) peers.removeByAddress(address ?? target);
        else peers.removeById(id);
      } else {
        if (id === undefined) peers.disconnectByAddress(address ?? target);
        else peers.disconnectById(id);
      }
    });
  } catch (error) {
    if (!exists) throw error;
    const hint =
      command === 'remove'
        ? "can't remove a temporary peer, use disconnect"
        : "can't disconnect a permanent peer, use remove";
    throw new RpcError(RpcErrorCode.misc, hint);
  }
}

function isAddress(text: string): boolean {
  if (ipFromString(text)) return true;
  try {
    splitHostPort(text);
    return true;
  } catch {
    return false;
  }
}

function hostOf(address: string): string {
  try {
    return splitHostPort(address).host;
  } catch {
    return address;
  }
}

/** Addresses of a host; the host itself if it is one, or cannot be looked up. */
async function addressesOfHost(peers: RpcPeers, host: string): Promise<readonly string[]> {
  if (ipFromString(host) || host.endsWith('.onion')) return [host];
  try {
    return await peers.resolve(host);
  } catch {
    return [host];
  }
}

function peerObject(peer: PeerInfo): JsonResult {
  return {
    id: peer.id,
    addr: peer.address,
    addrlocal: peer.localAddress,
    services: peer.services.toString().padStart(8, '0'),
    relaytxes: peer.relaysTransactions,
    lastsend: peer.lastSend,
    lastrecv: peer.lastReceive,
    bytessent: peer.bytesSent,
    bytesrecv: peer.bytesReceived,
    conntime: peer.connectedAt,
    timeoffset: peer.timeOffset,
    pingtime: peer.pingMicros,
    pingwait: peer.pingWaitMicros || undefined,
    version: peer.protocolVersion,
    subver: peer.userAgent,
    inbound: peer.inbound,
    startingheight: peer.startHeight,
    currentheight: peer.currentHeight || undefined,
    banscore: peer.banScore,
    feefilter: Number(peer.feeFilter),
    syncnode: peer.isSyncPeer,
  };
}
