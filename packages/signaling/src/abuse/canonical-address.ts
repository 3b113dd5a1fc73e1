/** Of IPv6, as RFC 5952 § 4.2.2 and RFC 4291 § 2.2 write it; zones (RFC 4007) mean nothing beyond this machine. */
const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const GROUP = /^[\da-f]{1,4}$/i;
const GROUPS = 8;
const NETWORK_GROUPS = 4;

/**
 * An address as limits count it. An IPv6 address counts as its /64: a client that has one address has all of its network (RFC 6177).
 *
 * @param text An address, in brackets or not, with a port or not.
 * @returns e.g. `192.0.2.7`, `2001:db8:0:1::/64`; undefined for what is no address.
 */
export function canonicalAddress(text: string): string | undefined {
  const address = withoutPort(text.trim());
  if (IPV4.test(address)) return canonicalIpv4(address);
  const groups = groupsOf(address);
  if (!groups) return undefined;
  const mapped = mappedIpv4(groups);
  return mapped ?? `${groups.slice(0, NETWORK_GROUPS).map(toHex).join(":")}::/64`;
}

/** `[::1]:80`, `192.0.2.7:80`; an IPv6 address without brackets has no port. */
function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]*)\](:\d+)?$/.exec(text)?.[1];
  const address = bracketed ?? text.replace(/^([\d.]+):\d+$/, "$1");
  return address.replace(/%.*$/, "");
}

function canonicalIpv4(text: string): string | undefined {
  const bytes = IPV4.exec(text)?.slice(1).map(Number);
  return bytes?.every((byte) => byte <= 255) ? bytes.join(".") : undefined;
}

/** @returns The eight groups; null for what is no IPv6 address. */
function groupsOf(address: string): number[] | null {
  const [head = "", tail, ...rest] = address.split("::");
  if (rest.length > 0) return null;
  const before = parseGroups(head, tail === undefined);
  const after = tail === undefined ? [] : parseGroups(tail, true);
  if (!before || !after) return null;
  const missing = GROUPS - before.length - after.length;
  const isWhole = tail === undefined ? missing === 0 : missing > 0;
  return isWhole ? [...before, ...new Array<number>(missing).fill(0), ...after] : null;
}

/** @param isEnd Of the address: its last group may be an IPv4 address, which is two. */
function parseGroups(text: string, isEnd: boolean): number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const mayBeIpv4 = isEnd && index === parts.length - 1;
    const ipv4 = mayBeIpv4 ? canonicalIpv4(part) : undefined;
    if (ipv4) groups.push(...pairsOf(ipv4));
    else if (GROUP.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}

function pairsOf(ipv4: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = ipv4.split(".").map(Number);
  return [a * 256 + b, c * 256 + d];
}

/** An IPv4 client's address as an IPv6 socket gives it (RFC 4291 § 2.5.5.2). */
function mappedIpv4(groups: number[]): string | undefined {
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!isMapped) return undefined;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 255])
    .join(".");
}

function toHex(group: number): string {
  return group.toString(16);
}
