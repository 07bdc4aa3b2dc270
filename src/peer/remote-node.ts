import type { Hash } from '../util/hash.ts';
import { type MessageOf, Services } from '../wire/index.ts';

/** What a remote node has said about itself, as far as it has. */
export class RemoteNode {
  /** The block that the remote announced last; whoever handles its inventory sets and clears this. */
  lastAnnouncedBlock: Hash | undefined;
  #version: MessageOf<'version'> | undefined;
  #ownVersion: number;
  #id = 0;
  #verackReceived = false;
  #wantsHeaders = false;
  #maxHeight = 0;
  #timeOffset = 0;

  /** @param ownVersion the highest protocol version that we speak. */
  constructor(ownVersion: number) {
    this.#ownVersion = ownVersion;
  }

  /** Number of this peer, from 1 in the order of accepted versions; 0 until the remote's version was accepted. */
  get id(): number {
    return this.#id;
  }

  /** True once the remote's version was accepted. */
  get versionKnown(): boolean {
    return this.#version !== undefined;
  }

  /** True once the remote has sent verack. Remotes that never do are served as well. */
  get verackReceived(): boolean {
    return this.#verackReceived;
  }

  /** Protocol version in force: the lower of ours and theirs. A negative one counts as a huge unsigned one. */
  get protocolVersion(): number {
    return Math.min(this.#ownVersion, (this.#version?.protocolVersion ?? this.#ownVersion) >>> 0);
  }

  /** Protocol version that the remote stated, 0 until it did. */
  get statedVersion(): number {
    return this.#version?.protocolVersion ?? 0;
  }

  /** Service bits of the remote, 0 until its version is known. */
  get services(): bigint {
    return this.#version?.services ?? 0n;
  }

  /** True if the remote understands witness data. */
  get witnessEnabled(): boolean {
    return (this.services & Services.witness) !== 0n;
  }

  /** User agent of the remote. */
  get userAgent(): string {
    return this.#version?.userAgent ?? '';
  }

  /** Height that the remote stated in its version. */
  get startHeight(): number {
    return this.#version?.lastBlock ?? 0;
  }

  /** Greatest height that the remote is believed to have. Its claims are not verified here. */
  get maxHeight(): number {
    return this.#maxHeight;
  }

  /** Whether the remote asked in its version to be told of transactions. */
  get relay(): boolean {
    return this.#version?.relay ?? true;
  }

  /** True once the remote sent sendheaders: it wants new blocks announced as headers. */
  get wantsHeaders(): boolean {
    return this.#wantsHeaders;
  }

  /** Their clock minus ours at the handshake, seconds. */
  get timeOffset(): number {
    return this.#timeOffset;
  }

  /** Raises the greatest height that the remote is believed to have; lower values change nothing. */
  raiseMaxHeight(height: number): void {
    if (height > this.#maxHeight) this.#maxHeight = height;
  }

  /** Takes over an accepted version. `now` in Unix seconds. */
  protected introduce(version: MessageOf<'version'>, id: number, now: number): void {
    this.#version = version;
    this.#id = id;
    this.#maxHeight = version.lastBlock;
    this.#timeOffset = Number(version.timestamp - BigInt(now));
  }

  protected noteVerack(): void {
    this.#verackReceived = true;
  }

  protected noteSendHeaders(): void {
    this.#wantsHeaders = true;
  }
}
