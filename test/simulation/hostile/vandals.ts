import { ZERO_HASH } from '../../../src/util/hash.ts';
import { FRAME_HEADER_SIZE, InvType, type Message } from '../../../src/wire/index.ts';
import { transactionOf } from '../../../src/wire/testing/transactions.ts';
import { SIM_PARAMS } from '../sim-params.ts';
import { randomHash } from './craft.ts';
import type { Strategy } from './mob.ts';
import { frame, type Session } from './session.ts';
import { blockVector, type Toolbox } from './toolbox.ts';

/** Sends bytes that mean nothing, and messages with some bytes changed. */
export function garbage(tools: Toolbox): Strategy {
  const { random } = tools;
  const spoil = (bytes: Uint8Array): Uint8Array => {
    const copy = Uint8Array.from(bytes);
    for (let i = random.between(1, 4); i > 0; i--) copy[random.below(copy.length)] = random.below(256);
    return copy;
  };
  const nonsense = (): Uint8Array => {
    switch (random.below(5)) {
      case 0:
        return random.bytes(random.between(1, 3000));
      case 1:
        return spoil(frame({ command: 'inv', inventory: [blockVector(randomHash(random), 5)] }));
      case 2:
        return header('block', 3_999_999, random.bytes(4));
      case 3:
        return header('nosuchthing', 100, random.bytes(4));
      default:
        return spoil(
          frame({ command: 'getblocks', protocolVersion: 70_013, locatorHeights: [1], stopHash: ZERO_HASH }),
        );
    }
  };
  return {
    name: 'garbage',
    width: 2,
    redial: 1500,
    silent: random.chance(0.3),
    every: 3000,
    opened: (session) => {
      if (random.chance(0.5)) session.raw(nonsense());
    },
    tick: (sessions) => {
      for (const session of sessions) session.raw(nonsense());
    },
  };
}

/** A frame header alone. */
function header(command: string, length: number, checksum: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(FRAME_HEADER_SIZE);
  bytes.writeUInt32LE(SIM_PARAMS.magic, 0);
  bytes.write(command, 4, 'latin1');
  bytes.writeUInt32LE(length, 16);
  bytes.set(checksum, 20);
  return bytes;
}

/** Keeps connections busy with next to nothing: no version, half a version, a large message byte by byte. */
export function slowLoris(tools: Toolbox): Strategy {
  const { random, world } = tools;
  const drip = (session: Session, bytes: Uint8Array, interval: number) => {
    let sent = 0;
    const timer = world.timers.every(interval, () => {
      if (session.isClosed || sent === bytes.length) timer.cancel();
      else session.raw(bytes.subarray(sent, ++sent));
    });
  };
  return {
    name: 'slow-loris',
    machines: 2,
    width: 6,
    redial: 1000,
    silent: true,
    opened: (session) => {
      switch (random.below(3)) {
        case 0:
          return;
        case 1:
          drip(session, frame({ command: 'verack' }), 4000);
          return;
        default:
          session.introduce();
          session.raw(header('block', 3_900_000, random.bytes(4)));
          drip(session, random.bytes(10_000), 2000);
      }
    },
  };
}

/** Well-formed messages at the wrong time and of the wrong kind. */
export function rude(tools: Toolbox): Strategy {
  const { random } = tools;
  const messages: (() => Message)[] = [
    () => ({ command: 'verack' }),
    () => ({ command: 'headers', headers: [SIM_PARAMS.genesis.header] }),
    () => ({ command: 'addr', addresses: [] }),
    () => ({ command: 'mempool' }),
    () => ({ command: 'filterload', filter: random.bytes(8), hashFunctions: 3, tweak: 7, flags: 1 }),
    () => ({ command: 'filterload', filter: new Uint8Array(0), hashFunctions: 3, tweak: 7, flags: 1 }),
    () => ({ command: 'filteradd', data: random.bytes(20) }),
    () => ({ command: 'filterclear' }),
    () => ({ command: 'sendheaders' }),
    () => ({ command: 'feefilter', minFee: random.pick([-1n, 0n, 10n ** 18n]) }),
    () => ({ command: 'getcfilters', filterType: 0, startHeight: 0, stopHash: SIM_PARAMS.genesisHash }),
    () => ({ command: 'getcfheaders', filterType: 0, startHeight: 0, stopHash: SIM_PARAMS.genesisHash }),
    () => ({ command: 'getcfcheckpt', filterType: 0, stopHash: SIM_PARAMS.genesisHash }),
    () => ({ command: 'getblocks', protocolVersion: 1, locatorHeights: [2 ** 31 - 1], stopHash: ZERO_HASH }),
    () => ({ command: 'getblocks', protocolVersion: 1, locatorHeights: [-5], stopHash: randomHash(random) }),
    () => ({ command: 'getblocks', protocolVersion: 1, locatorHeights: [], stopHash: SIM_PARAMS.genesisHash }),
    () => ({ command: 'getheaders', protocolVersion: 1, locatorHeights: [0], stopHash: ZERO_HASH }),
    () => ({ command: 'getdata', inventory: [{ type: 77, hash: randomHash(random), height: 0 }] }),
    () => ({
      command: 'getdata',
      inventory: [{ type: InvType.filteredBlock, hash: SIM_PARAMS.genesisHash, height: 0 }],
    }),
    () => ({
      command: 'getdata',
      inventory: [{ type: InvType.witnessBlock, hash: SIM_PARAMS.genesisHash, height: 0 }],
    }),
    () => ({ command: 'inv', inventory: [{ type: InvType.tx, hash: randomHash(random), height: -1 }] }),
    () => ({ command: 'notfound', inventory: [blockVector(randomHash(random))] }),
    () => ({ command: 'block', block: SIM_PARAMS.genesis }),
    () => ({ command: 'tx', tx: transactionOf([], []) }),
    () => ({ command: 'reject', rejectedCommand: 'block', code: 16, reason: 'no', hash: randomHash(random) }),
    () => ({ command: 'pong', nonce: 1n }),
    () => ({ command: 'getaddr' }),
    () => ({ command: 'getaddrcache' }),
  ];
  return {
    name: 'rude',
    width: 2,
    redial: 3000,
    every: 2000,
    tick: (sessions) => {
      for (const session of sessions) session.send(random.pick(messages)());
    },
  };
}
