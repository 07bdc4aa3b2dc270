import { RpcError, RpcErrorCode } from '../errors.ts';
import type { Method } from '../methods/define.ts';
import { feedSchema, MAX_SNAPSHOT_BLOCKS } from '../notifications/dag-feed.ts';
import { MAX_WATCHED } from '../notifications/subscriber.ts';
import { TransactionFilter } from '../notifications/transaction-filter.ts';
import { optional, required } from '../params/signature.ts';
import { bool, listOf, string, uint32 } from '../params/types.ts';
import { hash, hex, list, nothing, record, whole } from '../schema/result.ts';
import { checkAddresses, outputList, parseFilterOutputs, parseOutputs, readAddress } from './arguments.ts';
import { defineSocketMethod } from './define.ts';
import { Rescan } from './rescan.ts';
import { rescanBlocks } from './rescan-blocks.ts';
import type { SocketSession } from './session.ts';

const addresses = required('addresses', listOf(string), 'Addresses or public keys.');
const outpoints = required('outpoints', outputList, 'Outputs: transaction id and number.');

/** Methods for WebSocket clients alone: subscriptions, and searching blocks for what a client missed. */
export const socketMethods: readonly Method[] = [
  defineSocketMethod({
    name: 'session',
    limited: true,
    about: 'Tells this connection from others, so that a client notices that it was connected anew.',
    result: record({ sessionid: whole('Random, up to 64 bits') }),
    run: ({ id }) => ({ sessionid: id }),
  }),
  defineSocketMethod({
    name: 'notifyblocks',
    limited: true,
    about: 'Subscribes to blocks: blockconnected and filteredblockconnected for each that becomes part of the DAG.',
    result: nothing(),
    run: (session) => {
      session.notifier.setBlocks(session, true);
      return null;
    },
  }),
  defineSocketMethod({
    name: 'stopnotifyblocks',
    about: 'Ends the subscription to blocks.',
    result: nothing(),
    run: (session) => {
      session.notifier.setBlocks(session, false);
      return null;
    },
  }),
  defineSocketMethod({
    name: 'notifynewtransactions',
    params: [optional('verbose', bool, 'txacceptedverbose instead of txaccepted.', false)],
    limited: true,
    about: 'Subscribes to transactions that enter the memory pool: txaccepted or txacceptedverbose.',
    result: nothing(),
    run: (session, [verbose = false]) => {
      session.notifier.setTransactions(session, verbose ? 'verbose' : 'plain');
      return null;
    },
  }),
  defineSocketMethod({
    name: 'stopnotifynewtransactions',
    about: 'Ends the subscription to transactions.',
    result: nothing(),
    run: (session) => {
      session.notifier.setTransactions(session, undefined);
      return null;
    },
  }),
  defineSocketMethod({
    name: 'notifydag',
    params: [
      optional('last', uint32, `Blocks of the snapshot, at most ${MAX_SNAPSHOT_BLOCKS}.`, 200),
      optional('since', uint32, 'Sequence of the last change that this client has taken in.', 0),
      optional('start', string, 'Run of the node that the sequence belongs to.', ''),
    ],
    limited: true,
    extension: true,
    about:
      'Subscribes to changes of the DAG: dagchanged with block, colours, order and tips. Begins with what was missed since a sequence or with a snapshot.',
    result: feedSchema,
    run: (session, [last = 0, since = 0, start = '']) => {
      if (last > MAX_SNAPSHOT_BLOCKS)
        throw new RpcError(RpcErrorCode.invalidParameter, `last is at most ${MAX_SNAPSHOT_BLOCKS}`);
      return session.dagFeed.subscribe(session, { last, since, start });
    },
  }),
  defineSocketMethod({
    name: 'stopnotifydag',
    limited: true,
    extension: true,
    about: 'Ends the subscription to changes of the DAG.',
    result: nothing(),
    run: (session) => {
      session.dagFeed.unsubscribe(session);
      return null;
    },
  }),
  defineSocketMethod({
    name: 'loadtxfilter',
    params: [required('reload', bool, 'Replace the filter instead of adding to it.'), addresses, outpoints],
    limited: true,
    about:
      'Loads or extends the filter of this client: relevanttxaccepted and filteredblockconnected show transactions that spend its outputs or pay to its addresses.',
    result: nothing(),
    run: (session, [reload, texts, outputs], { ports }) => {
      const { notifier } = session;
      const known = reload ? undefined : notifier.filterOf(session);
      checkRoom((known?.size ?? 0) + texts.length + outputs.length);
      const spent = parseFilterOutputs(outputs);
      const filter = known ?? new TransactionFilter();
      for (const text of texts) {
        const address = readAddress(text, ports.params);
        // What can not be read is ignored: clients of soterd 2.1.1 may rely on it.
        if (!('problem' in address)) filter.addAddress(address);
      }
      for (const outpoint of spent) filter.addOutpoint(outpoint);
      notifier.setFilter(session, filter);
      return null;
    },
  }),
  defineSocketMethod({
    name: 'notifyreceived',
    params: [addresses],
    limited: true,
    about: 'Watches addresses: recvtx for each payment, whose output is watched from then on. Prefer loadtxfilter.',
    result: nothing(),
    run: (session, [texts], { ports }) => {
      checkAddresses(texts, ports.params);
      checkWatches(session, texts.length);
      session.notifier.watches.addAddresses(session, texts);
      return null;
    },
  }),
  defineSocketMethod({
    name: 'stopnotifyreceived',
    params: [addresses],
    about: 'Ends the watch of addresses.',
    result: nothing(),
    run: (session, [texts], { ports }) => {
      checkAddresses(texts, ports.params);
      session.notifier.watches.removeAddresses(session, texts);
      return null;
    },
  }),
  defineSocketMethod({
    name: 'notifyspent',
    params: [outpoints],
    limited: true,
    about: 'Watches outputs: redeemingtx for each spend. Prefer loadtxfilter.',
    result: nothing(),
    run: (session, [outputs]) => {
      const watched = parseOutputs(outputs);
      checkWatches(session, outputs.length);
      session.notifier.watches.addOutpoints(session, watched);
      return null;
    },
  }),
  defineSocketMethod({
    name: 'stopnotifyspent',
    params: [outpoints],
    about: 'Ends the watch of outputs.',
    result: nothing(),
    run: (session, [outputs]) => {
      session.notifier.watches.removeOutpoints(session, parseOutputs(outputs));
      return null;
    },
  }),
  defineSocketMethod({
    name: 'rescan',
    params: [
      required('beginblock', string, 'Block at whose height the search begins.'),
      addresses,
      outpoints,
      optional(
        'endblock',
        string,
        'Block at whose height it ends, which is not searched; default: to the top, and watch.',
      ),
    ],
    limited: true,
    about:
      'Searches blocks for payments and spends: recvtx, redeemingtx and rescanprogress, then rescanfinished. Prefer rescanblocks.',
    result: nothing('When the search has ended'),
    run: async (session, [begin, texts, outputs, end], { ports, caller }) => {
      checkWatches(session, texts.length + outputs.length);
      const rescan = new Rescan(ports, session, caller.signal, { begin, addresses: texts, outputs, end });
      await session.inTurn(() => rescan.run());
      return null;
    },
  }),
  defineSocketMethod({
    name: 'rescanblocks',
    params: [required('blockhashes', listOf(string), 'Blocks, each a child of the one before.')],
    limited: true,
    about: 'Searches blocks for transactions that match the loaded filter, which grows by what is found.',
    result: list(record({ hash: hash('As given'), transactions: list(hex()) }), 'Blocks with matches, in order'),
    run: (session, [hashes], { ports, caller }) => {
      const filter = session.notifier.filterOf(session);
      if (!filter) throw new RpcError(RpcErrorCode.misc, 'Transaction filter must be loaded before rescanning');
      return session.inTurn(() => rescanBlocks(ports, filter, hashes, caller.signal));
    },
  }),
];

/** @throws {RpcError} -8 if a client wants more than the node keeps for it. */
function checkRoom(size: number): void {
  if (size > MAX_WATCHED)
    throw new RpcError(RpcErrorCode.invalidParameter, `more than ${MAX_WATCHED} addresses and outputs`);
}

function checkWatches(session: SocketSession, more: number): void {
  checkRoom(session.notifier.watches.sizeOf(session) + more);
}
