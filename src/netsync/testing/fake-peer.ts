import { type Hash, hashToHex } from '../../util/hash.ts';
import type { InvVector } from '../../wire/index.ts';
import type { SyncPeer } from '../ports.ts';

let nextId = 1;

/** A peer that only records what it is told. */
export class FakePeer implements SyncPeer {
  readonly id = nextId++;
  host = '10.0.0.1';
  inbound = false;
  services = 0x0dn;
  maxHeight: number;
  connected = true;
  points = 0;
  /** Points that fade. */
  burden = 0;
  disconnectReason = '';
  lastAnnounced: Hash | undefined;
  /** What was sent, as short texts: `getblocks 5`, `getdata 3`, `reject block 16 …`. */
  readonly log: string[] = [];
  /** Everything that was requested, newest last. */
  readonly requested: InvVector[] = [];
  readonly known = new Set<string>();
  /** Called for each getblocks. */
  onGetBlocks: (height: number) => void = () => undefined;
  /** Called for each getdata. */
  onGetData: (vectors: readonly InvVector[]) => void = () => undefined;

  constructor(maxHeight = 0) {
    this.maxHeight = maxHeight;
  }

  get address(): string {
    return `${this.host}:${5000 + this.id}`;
  }

  raiseMaxHeight(height: number): void {
    this.maxHeight = Math.max(this.maxHeight, height);
  }

  announced(hash: Hash): void {
    this.lastAnnounced = hash;
  }

  addKnownInventory({ hash }: InvVector): void {
    this.known.add(hashToHex(hash));
  }

  getBlocks(height: number): void {
    this.log.push(`getblocks ${height}`);
    this.onGetBlocks(height);
  }

  getData(vectors: readonly InvVector[]): void {
    this.log.push(`getdata ${vectors.length}`);
    this.requested.push(...vectors);
    this.onGetData(vectors);
  }

  reject(command: 'block' | 'tx', code: number, reason: string): void {
    this.log.push(`reject ${command} ${code} ${reason}`);
  }

  misbehaved(points: number): void {
    this.points += points;
  }

  burdened(points: number): void {
    this.burden += points;
  }

  disconnect(reason: string): void {
    this.connected = false;
    this.disconnectReason ||= reason;
  }
}
