import { type Hash, hashToHex } from '../../util/hash.ts';
import { type Block, type OutPoint, outpointKey } from '../../wire/index.ts';
import { RpcError, RpcErrorCode } from '../errors.ts';
import { AddressSet } from '../notifications/address-set.ts';
import { notification, plainText } from '../notifications/message.ts';
import { SeenTransaction } from '../notifications/seen-transaction.ts';
import { parseHash } from '../objects/hash-param.ts';
import type { RpcPorts } from '../ports.ts';
import { type NamedOutput, parseOutputs, readAddress } from './arguments.ts';
import type { SocketSession } from './session.ts';

/** A scan lets other work run after so long, milliseconds. */
const TURN = 5;
/** Between two reports of progress, milliseconds. */
const PROGRESS_INTERVAL = 10_000;

/** What is asked for. */
export interface RescanRequest {
  readonly begin: string;
  readonly addresses: readonly string[];
  readonly outputs: readonly NamedOutput[];
  /** Not scanned itself; absent: to the top, and follow what comes. */
  readonly end: string | undefined;
}

/** What is looked for: it grows by what is found, and shrinks by what is spent. */
class Wanted {
  readonly addresses = new AddressSet();
  readonly outpoints = new Map<string, OutPoint>();

  constructor(outputs: readonly OutPoint[]) {
    for (const output of outputs) this.#add(output);
  }

  /** Whether a transaction spends something wanted, which then is no longer. */
  takeSpends({ transaction }: SeenTransaction): boolean {
    let found = false;
    for (const { prevout } of transaction.inputs)
      found = this.outpoints.delete(outpointKey(prevout.hash, prevout.index)) || found;
    return found;
  }

  /** Whether a transaction pays to an address that is wanted; the outputs that do are wanted from then on. */
  takePayments(seen: SeenTransaction): boolean {
    if (this.addresses.size === 0) return false;
    let found = false;
    for (const [index, addresses] of seen.addresses.entries()) {
      if (!addresses.some((address) => this.addresses.has(address))) continue;
      this.#add({ hash: seen.transaction.txid, index });
      found = true;
    }
    return found;
  }

  #add(outpoint: OutPoint): void {
    this.outpoints.set(outpointKey(outpoint.hash, outpoint.index), outpoint);
  }
}

/** One scan over the blocks of a range of heights for one client. */
export class Rescan {
  readonly #ports: RpcPorts;
  readonly #session: SocketSession;
  readonly #signal: AbortSignal;
  readonly #request: RescanRequest;
  readonly #wanted: Wanted;
  readonly #begin: PlacedBlock;
  readonly #end: PlacedBlock | undefined;
  /** Blocks that were connected behind the place that the scan has reached. */
  readonly #late: { readonly block: Block; readonly height: number }[] = [];
  /** The block scanned last in the range. */
  #last: { readonly block: Block; readonly height: number };
  #reached: number;
  #turnEnds: number;
  #nextReport: number;

  /** @throws {RpcError} if a parameter can not be read, or a block is unknown. */
  constructor(ports: RpcPorts, session: SocketSession, signal: AbortSignal, request: RescanRequest) {
    this.#ports = ports;
    this.#session = session;
    this.#signal = signal;
    this.#request = request;
    this.#wanted = new Wanted(parseOutputs(request.outputs));
    for (const text of request.addresses) {
      const address = readAddress(text, ports.params);
      if ('problem' in address) throw new RpcError(RpcErrorCode.notFound, `Rescan address ${text}: ${address.problem}`);
      this.#wanted.addresses.add(address);
    }
    this.#begin = findBlock(ports, request.begin);
    this.#end = request.end === undefined || request.end === '' ? undefined : findBlock(ports, request.end);
    if (this.#end && this.#end.height < this.#begin.height)
      throw new RpcError(RpcErrorCode.invalidParameter, `Block ${request.end} is below block ${request.begin}`);
    const now = ports.clock.monotonic();
    this.#last = { block: readBlock(ports, this.#begin.hash), height: this.#begin.height };
    this.#reached = this.#begin.height;
    this.#turnEnds = now + TURN;
    this.#nextReport = now + PROGRESS_INTERVAL;
  }

  /**
   * Scans: all blocks of the heights from the first one to below the last one, ascending, and by hash within a height. Without a
   * last block the client then watches what is left, without a gap: a block that comes meanwhile is either scanned or told.
   */
  async run(): Promise<void> {
    const { events } = this.#ports;
    const unsubscribe = this.#end
      ? undefined
      : events?.onBlock((connected) => {
          if (connected.height < this.#reached) this.#late.push(connected);
        });
    try {
      while (this.#reached < this.#limit()) {
        // Blocks that come for this height from now on are late.
        const hashes = this.#ports.dag.blocksAtHeight(this.#reached++);
        for (const hash of hashes) {
          this.#last = { block: readBlock(this.#ports, hash), height: this.#reached - 1 };
          this.#scan(this.#last);
          if (!(await this.#goOn())) return;
        }
      }
      for (let late = this.#late.shift(); late; late = this.#late.shift()) this.#scan(late);
      if (!this.#end) this.#follow();
      this.#report('rescanfinished');
    } finally {
      unsubscribe?.();
    }
  }

  #limit(): number {
    return this.#end ? this.#end.height : this.#ports.dag.snapshot().maxHeight + 1;
  }

  #scan(place: { readonly block: Block; readonly height: number }): void {
    for (const [index, transaction] of place.block.transactions.entries()) {
      const seen = new SeenTransaction(transaction, this.#ports.params, place, index);
      if (this.#wanted.takeSpends(seen)) this.#session.notify(notification('redeemingtx', ...seen.placeTexts));
      if (this.#wanted.takePayments(seen)) this.#session.notify(notification('recvtx', ...seen.placeTexts));
    }
  }

  /** Lets others work, and the client read. @returns false if it has gone. */
  async #goOn(): Promise<boolean> {
    const { clock } = this.#ports;
    await this.#session.drained();
    if (clock.monotonic() >= this.#nextReport) {
      this.#report('rescanprogress');
      this.#nextReport = clock.monotonic() + PROGRESS_INTERVAL;
    }
    if (clock.monotonic() >= this.#turnEnds) {
      await this.#ports.pause();
      this.#turnEnds = clock.monotonic() + TURN;
    }
    return !this.#signal.aborted;
  }

  #follow(): void {
    const { watches } = this.#session.notifier;
    watches.addOutpoints(this.#session, [...this.#wanted.outpoints.values()]);
    watches.addAddresses(this.#session, this.#request.addresses);
  }

  #report(method: 'rescanprogress' | 'rescanfinished'): void {
    const { block, height } = this.#last;
    const hash = plainText(hashToHex(block.hash));
    this.#session.notify(notification(method, hash, `${height}`, `${block.header.timestamp}`));
  }
}

interface PlacedBlock {
  readonly hash: Hash;
  readonly height: number;
}

function findBlock({ dag }: RpcPorts, text: string): PlacedBlock {
  const hash = parseHash(text);
  const height = dag.blockHeight(hash);
  if (height === undefined)
    throw new RpcError(RpcErrorCode.notFound, `Error getting block: block ${hashToHex(hash)} is not in the main chain`);
  return { hash, height };
}

function readBlock({ dag }: RpcPorts, hash: Hash): Block {
  const block = dag.getBlock(hash);
  if (!block) throw new Error(`block ${hashToHex(hash)} is not stored`);
  return block;
}
