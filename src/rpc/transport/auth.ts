import { createHash, timingSafeEqual } from 'node:crypto';
import type { RpcUser } from '../dispatcher.ts';

/** A name and a password; a pair with an empty half is disabled. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Checks HTTP basic authentication (RFC 7617) against an admin and a limited user. */
export class Authenticator {
  readonly #admin: Buffer | undefined;
  readonly #limited: Buffer | undefined;

  constructor(admin: Credentials, limited: Credentials) {
    this.#admin = digestOf(admin);
    this.#limited = digestOf(limited);
  }

  /** False if nobody could log in. */
  get enabled(): boolean {
    return this.#admin !== undefined || this.#limited !== undefined;
  }

  /**
   * The user of an `Authorization` header, undefined if it names none. The header must be exactly
   * `Basic base64(user:password)`; digests are compared in constant time, so the time tells nothing about the password.
   */
  check(header: string | undefined): RpcUser | undefined {
    if (header === undefined) return undefined;
    const digest = sha256(header);
    const limited = this.#limited !== undefined && timingSafeEqual(digest, this.#limited);
    const admin = this.#admin !== undefined && timingSafeEqual(digest, this.#admin);
    if (limited) return 'limited';
    return admin ? 'admin' : undefined;
  }

  /** The user with this name and password. */
  checkPair(user: string, password: string): RpcUser | undefined {
    return this.check(headerOf(user, password));
  }
}

function digestOf({ user, password }: Credentials): Buffer | undefined {
  if (user === '' || password === '') return undefined;
  return sha256(headerOf(user, password));
}

function headerOf(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'latin1').digest();
}
