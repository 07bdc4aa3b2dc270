/** True if the 16 bytes stand for an IPv4 address, `::ffff:a.b.c.d`. */
export function isMappedIpv4(ip: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (ip[i] !== 0) return false;
  return ip[10] === 0xff && ip[11] === 0xff;
}

/** Text of a 16-byte IP: dotted for IPv4, else the shortest IPv6 form (RFC 5952). */
export function ipToString(ip: Uint8Array): string {
  if (isMappedIpv4(ip)) return ip.subarray(12, 16).join('.');
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((ip[i] << 8) | ip[i + 1]);
  let longest = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > longest.length) longest = { start, length };
  }
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (longest.length === 1) return text(groups);
  return `${text(groups.slice(0, longest.start))}::${text(groups.slice(longest.start + longest.length))}`;
}

/** The 16 bytes of an IP given as text; undefined if it is none (a host name, say). */
export function ipFromString(text: string): Uint8Array | undefined {
  const dotted = parseDotted(text);
  if (dotted) return Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...dotted]);
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const parts = halves.map((half, i) => parseGroups(half, i === halves.length - 1));
  const [left, right = []] = parts;
  if (!left || !right || parts.includes(undefined)) return undefined;
  const given = left.length + right.length;
  if (halves.length === 1 ? given !== 16 : given > 14) return undefined;
  const ip = new Uint8Array(16);
  ip.set(left, 0);
  ip.set(right, 16 - right.length);
  return ip;
}

/** `ip:port`, IPv6 in brackets: the form in which addresses are logged, compared and configured. */
export function hostPort(ip: Uint8Array, port: number): string {
  const text = ipToString(ip);
  return text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`;
}

/** Four decimal bytes without leading zeros. */
function parseDotted(text: string): number[] | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/u.test(text)) return undefined;
  const bytes = text.split('.');
  if (bytes.some((byte) => Number(byte) > 255 || (byte.length > 1 && byte.startsWith('0')))) return undefined;
  return bytes.map(Number);
}

/** Bytes of colon-separated groups; the last one of an address may be a dotted IPv4 address. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    const dotted = last && i === groups.length - 1 ? parseDotted(group) : undefined;
    if (dotted) {
      bytes.push(...dotted);
    } else {
      if (!/^[0-9a-f]{1,4}$/iu.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}
