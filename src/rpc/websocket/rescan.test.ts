import { describe, expect, test } from 'vitest';
import { networkParams } from '../../params/index.ts';
import { encodeAddress, pubKeyHashAddress } from '../../script/index.ts';
import { hashToHex } from '../../util/hash.ts';
import type { Block } from '../../wire/index.ts';
import type { RpcPorts } from '../ports.ts';
import { idlePorts } from '../testing/idle-ports.ts';
import { BlockShelf, madeBlock, output, payTo, transaction } from '../testing/made-blocks.ts';
import { RecordingSession } from '../testing/recording-session.ts';
import { Rescan, type RescanRequest } from './rescan.ts';

const params = networkParams('simnet');
const ALICE = encodeAddress(pubKeyHashAddress(new Uint8Array(20).fill(1), params));

/** A search over a shelf of blocks; whenever it lets others work, `between` runs. */
function searchOn(shelf: BlockShelf, between: () => void = () => undefined) {
  let time = 0;
  const ports: RpcPorts = idlePorts({
    dag: shelf.dag,
    events: {
      onBlock: (listener) => shelf.onBlock(listener),
      onDagChange: () => () => undefined,
      onTransaction: () => () => undefined,
    },
    // Every look at the clock finds a turn's time gone, so that every block lets others work.
    clock: {
      now: () => 0,
      monotonic: () => {
        time += 10;
        return time;
      },
    },
    pause: async () => between(),
  });
  const session = new RecordingSession();
  const gone = new AbortController();
  const start = (begin: Block, request: Partial<RescanRequest> = {}) =>
    new Rescan(ports, session, gone.signal, {
      begin: hashToHex(begin.hash),
      addresses: [ALICE],
      outputs: [],
      end: undefined,
      ...request,
    });
  return { session, gone, start };
}

describe('rescan', () => {
  test('with parallel blocks at the top ends, and the client then watches what is left', async () => {
    const shelf = new BlockShelf();
    const received = transaction([], payTo(1), payTo(1));
    const first = shelf.add(madeBlock([params.genesisHash], received), 1);
    const long = shelf.add(madeBlock([first.hash], transaction([output(received)], payTo(2))), 2);
    shelf.add(madeBlock([first.hash]), 2);
    shelf.add(madeBlock([long.hash]), 3);
    const { session, start } = searchOn(shelf);
    await start(first).run();
    expect(session.takeMethods()).toEqual(['recvtx', 'redeemingtx', 'rescanfinished']);
    expect(shelf.listenerCount).toBe(0);
    session.notifier.transactionAccepted(transaction([output(received, 0)], payTo(2)));
    expect(session.takeMethods()).toEqual([]);
    session.notifier.transactionAccepted(transaction([output(received, 1)], payTo(1)));
    expect(session.takeMethods()).toEqual(['redeemingtx', 'recvtx']);
  });

  test('the end is not searched, and nothing is watched behind it', async () => {
    const shelf = new BlockShelf();
    const first = shelf.add(madeBlock([params.genesisHash], transaction([], payTo(1))), 1);
    const second = shelf.add(madeBlock([first.hash], transaction([], payTo(1))), 2);
    const { session, start } = searchOn(shelf);
    await start(first, { end: hashToHex(second.hash) }).run();
    expect(session.told.map(({ method }) => method)).toEqual(['recvtx', 'rescanfinished']);
    expect(session.told[1].params).toEqual([hashToHex(first.hash), 1, first.header.timestamp]);
    expect(session.notifier.watches.isActive).toBe(false);
  });

  test('of nothing finishes at once with its first block', async () => {
    const shelf = new BlockShelf();
    const first = shelf.add(madeBlock([params.genesisHash], transaction([], payTo(1))), 1);
    const { session, start } = searchOn(shelf);
    await start(first, { end: hashToHex(first.hash) }).run();
    expect(session.told).toEqual([
      {
        jsonrpc: '1.0',
        id: null,
        method: 'rescanfinished',
        params: [hashToHex(first.hash), 1, first.header.timestamp],
      },
    ]);
  });

  test('backwards is an error', () => {
    const shelf = new BlockShelf();
    const first = shelf.add(madeBlock([params.genesisHash]), 1);
    const { start } = searchOn(shelf);
    expect(() => start(first, { end: hashToHex(params.genesisHash) })).toThrow(/is below block/u);
  });

  test('blocks that come meanwhile, above or below, are searched once', async () => {
    const shelf = new BlockShelf();
    const first = shelf.add(madeBlock([params.genesisHash]), 1);
    const second = shelf.add(madeBlock([first.hash]), 2);
    const late = transaction([], payTo(1));
    let pauses = 0;
    const { session, start } = searchOn(shelf, () => {
      if (++pauses === 1) shelf.add(madeBlock([second.hash], transaction([], payTo(1))), 3);
      // Below what has been searched by now.
      if (pauses === 2) shelf.add(madeBlock([params.genesisHash], late), 1);
    });
    await start(first).run();
    expect(session.takeMethods()).toEqual(['recvtx', 'recvtx', 'rescanfinished']);
    session.notifier.transactionAccepted(transaction([output(late)], payTo(2)));
    expect(session.takeMethods()).toEqual(['redeemingtx']);
  });

  test('ends when the client has gone', async () => {
    const shelf = new BlockShelf();
    let last = shelf.add(madeBlock([params.genesisHash], transaction([], payTo(1))), 1);
    const first = last;
    for (let height = 2; height < 50; height++)
      last = shelf.add(madeBlock([last.hash], transaction([], payTo(1))), height);
    const { session, gone, start } = searchOn(shelf, () => gone.abort());
    await start(first).run();
    expect(session.takeMethods()).toEqual(['recvtx']);
    expect(shelf.listenerCount).toBe(0);
    expect(session.notifier.watches.isActive).toBe(false);
  });

  test('tells how far it is', async () => {
    const shelf = new BlockShelf();
    let last = shelf.add(madeBlock([params.genesisHash]), 1);
    const first = last;
    for (let height = 2; height < 2000; height++) last = shelf.add(madeBlock([last.hash]), height);
    const { session, start } = searchOn(shelf);
    await start(first).run();
    const methods = session.takeMethods();
    expect(methods.length).toBeGreaterThan(2);
    expect(new Set(methods.slice(0, -1))).toEqual(new Set(['rescanprogress']));
    expect(methods.at(-1)).toBe('rescanfinished');
  });
});
