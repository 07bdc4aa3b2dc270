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

/** Bytes of a user agent that nodes of both generations can receive. */
const MAX_RECEIVED = 240;
/** The first part of every user agent. */
const BASE_USER_AGENT = '/soterwire:0.6.0/';

/** Message for the first user agent comment with a reserved character; undefined if all can be used. */
export function userAgentCommentProblem(comments: readonly string[]): string | undefined {
  if (!comments.some((comment) => RESERVED.test(comment))) return undefined;
  return "The following characters must not appear in user agent comments: '/', ':', '(', ')'";
}

/** Message for comments that make the user agent longer than other nodes can receive; undefined if it is short enough. */
export function userAgentLengthProblem(generation: Generation, comments: readonly string[]): string | undefined {
  const { length } = Buffer.from(userAgentText(BASE_USER_AGENT, 'soterd', softwareVersion(generation), comments));
  if (length <= MAX_RECEIVED) return undefined;
  return `The user agent comments make the user agent ${length} bytes long -- other nodes can receive ${MAX_RECEIVED}`;
}

/**
 * A user agent with one more part (BIP 14): `<base><name>:<version>(<comment>; <comment>)/`.
 * @throws {WireError} if it gets longer than 256 bytes.
 */
export function addUserAgent(base: string, name: string, version: string, comments: readonly string[] = []): string {
  const userAgent = userAgentText(base, name, version, comments);
  checkUserAgent(userAgent);
  return userAgent;
}

function userAgentText(base: string, name: string, version: string, comments: readonly string[]): string {
  const inParentheses = comments.length > 0 ? `(${comments.join('; ')})` : '';
  return `${base}${name}:${version}${inParentheses}/`;
}

/**
 * How this software presents itself to nodes of a generation. See {@link userAgentLengthProblem}.
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
