import { checkUserAgent, type Generation } from '../wire/index.ts';

/** Characters that structure a user agent and so can not stand in a comment. */
const RESERVED = /[/:()]/u;
/** Semantic version 2.0.0: three numbers without leading zeros, optional pre-release and build. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/u;

/** Version of soterd that this software presents itself as: nodes refuse peers of another major version. */
export function softwareVersion(generation: Generation): string {
  return generation === 2 ? '2.1.1' : '4.2.0';
}

/** The same version as one number, as RPC shows it: 1,000,000 × major + 10,000 × minor + 100 × patch. */
export function softwareVersionNumber(generation: Generation): number {
  const [major, minor, patch] = softwareVersion(generation).split('.').map(Number);
  return 1_000_000 * major + 10_000 * minor + 100 * patch;
}

/** The first part of every user agent. */
const BASE_USER_AGENT = '/soterwire:0.6.0/';

/** Message for the first user agent comment with a reserved character; undefined if all can be used. */
export function userAgentCommentProblem(comments: readonly string[]): string | undefined {
  if (!comments.some((comment) => RESERVED.test(comment))) return undefined;
  return "The following characters must not appear in user agent comments: '/', ':', '(', ')'";
}

/**
 * A user agent with one more part (BIP 14): `<base><name>:<version>(<comment>; <comment>)/`.
 * @throws {WireError} if it gets longer than 256 bytes.
 */
export function addUserAgent(base: string, name: string, version: string, comments: readonly string[] = []): string {
  const inParentheses = comments.length > 0 ? `(${comments.join('; ')})` : '';
  const userAgent = `${base}${name}:${version}${inParentheses}/`;
  checkUserAgent(userAgent);
  return userAgent;
}

/**
 * How this software presents itself to nodes of a generation. More than 240 bytes can not be received by them.
 * @throws {WireError} if the comments make it longer than 256 bytes.
 */
export function userAgent(generation: Generation, comments: readonly string[] = []): string {
  return addUserAgent(BASE_USER_AGENT, 'soterd', softwareVersion(generation), comments);
}

/** Versions by name from a user agent. Parts without a semantic version are left out; of equal names the last counts. */
export function parseUserAgent(userAgent: string): Map<string, string> {
  const versions = new Map<string, string>();
  for (const part of userAgent.split('/')) {
    const colon = part.indexOf(':');
    const name = part.slice(0, Math.max(colon, 0));
    const [version] = part.slice(colon + 1).split('(');
    if (SEMVER.test(version)) versions.set(name, version);
  }
  return versions;
}
