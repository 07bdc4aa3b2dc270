import { createHmac } from 'node:crypto';
import { hash160 } from '../util/hash.ts';
import { ByteWriter } from '../wire/index.ts';
import { encodeBase58Check } from './base58check.ts';
import { addToPrivateKey, addToPublicKey, isPrivateKey, publicKeyOf } from './ecdsa.ts';
import { view } from './parse.ts';

/** Child numbers from here on are hardened: they need the private key. */
export const HARDENED = 0x80000000;

/** Ids in front of the text forms of extended keys; network parameters have them. */
export interface HdNet {
  /** u32, first bytes of an extended private key. */
  readonly hdPrivateKeyId: number;
  /** u32, first bytes of an extended public key. */
  readonly hdPublicKeyId: number;
}

interface HdFields {
  readonly privateKey: Uint8Array | undefined;
  readonly publicKey: Uint8Array;
  readonly chainCode: Uint8Array;
  readonly depth: number;
  readonly parentFingerprint: Uint8Array;
  readonly childNumber: number;
}

/** An extended key (BIP 32): a private or public key from which a tree of keys grows. */
export class HdKey {
  /** 32 bytes; undefined in a public extended key. */
  readonly privateKey: Uint8Array | undefined;
  /** 33 bytes. */
  readonly publicKey: Uint8Array;
  /** Steps from the master key. */
  readonly depth: number;
  readonly #chainCode: Uint8Array;
  readonly #parentFingerprint: Uint8Array;
  readonly #childNumber: number;

  private constructor(fields: HdFields) {
    this.privateKey = fields.privateKey;
    this.publicKey = fields.publicKey;
    this.depth = fields.depth;
    this.#chainCode = fields.chainCode;
    this.#parentFingerprint = fields.parentFingerprint;
    this.#childNumber = fields.childNumber;
  }

  /**
   * The master key of a seed.
   * @param seed 16..64 random bytes.
   * @throws {RangeError} for other sizes, and for the few seeds whose master key is not valid.
   */
  static fromSeed(seed: Uint8Array): HdKey {
    if (seed.length < 16 || seed.length > 64) throw new RangeError('seed length must be between 128 and 512 bits');
    const digest = createHmac('sha512', 'Bitcoin seed').update(seed).digest();
    const privateKey = view(digest, 0, 32);
    if (!isPrivateKey(privateKey)) throw new RangeError('unusable seed');
    return new HdKey({
      privateKey,
      publicKey: publicKeyOf(privateKey),
      chainCode: view(digest, 32, 64),
      depth: 0,
      parentFingerprint: new Uint8Array(4),
      childNumber: 0,
    });
  }

  /**
   * A child key, private if this one is.
   * @param childNumber u32; hardened from {@link HARDENED} on.
   * @throws {RangeError} for a hardened child of a public key, beyond depth 255, and for the few numbers without a key.
   */
  child(childNumber: number): HdKey {
    const hardened = childNumber >= HARDENED;
    if (hardened && !this.privateKey) throw new RangeError('cannot derive a hardened key from a public key');
    if (this.depth === 255) throw new RangeError('cannot derive a key with more than 255 indices in its path');
    const writer = new ByteWriter(37);
    if (hardened && this.privateKey) {
      writer.u8(0);
      writer.bytes(this.privateKey);
    } else {
      writer.bytes(this.publicKey);
    }
    writeU32(writer, childNumber);
    const digest = createHmac('sha512', this.#chainCode).update(writer.finish()).digest();
    const tweak = view(digest, 0, 32);
    const privateKey = this.privateKey && addToPrivateKey(this.privateKey, tweak);
    return new HdKey({
      privateKey,
      publicKey: privateKey ? publicKeyOf(privateKey) : addToPublicKey(this.publicKey, tweak),
      chainCode: view(digest, 32, 64),
      depth: this.depth + 1,
      parentFingerprint: view(hash160(this.publicKey), 0, 4),
      childNumber,
    });
  }

  /** The same node without its private key. */
  neuter(): HdKey {
    return new HdKey({
      privateKey: undefined,
      publicKey: this.publicKey,
      chainCode: this.#chainCode,
      depth: this.depth,
      parentFingerprint: this.#parentFingerprint,
      childNumber: this.#childNumber,
    });
  }

  /** Text form for a network (`xprv…`, `xpub…` and their kin). */
  toText(net: HdNet): string {
    const writer = new ByteWriter(78);
    writeU32(writer, this.privateKey ? net.hdPrivateKeyId : net.hdPublicKeyId);
    writer.u8(this.depth);
    writer.bytes(this.#parentFingerprint);
    writeU32(writer, this.#childNumber);
    writer.bytes(this.#chainCode);
    if (this.privateKey) writer.u8(0);
    writer.bytes(this.privateKey ?? this.publicKey);
    return encodeBase58Check(writer.finish());
  }
}

function writeU32(writer: ByteWriter, value: number): void {
  for (const shift of [24, 16, 8, 0]) writer.u8((value >>> shift) & 0xff);
}
