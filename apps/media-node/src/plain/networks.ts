import { AddressSet, splitCidr } from "./address-set.ts";

/** Loopback, one link (where clouds answer for their metadata), multicast, and IPv6 that a gateway turns into IPv4. */
const SPECIAL = [
  "127.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/4",
  "::1/128",
  "fe80::/10",
  "ff00::/8",
  "64:ff9b::/96",
  "2002::/16",
];
/** This host by another name, everybody, and IPv4 that is written as IPv6. */
const NEVER = new AddressSet(["0.0.0.0/8", "255.255.255.255/32", "::/128", "::ffff:0:0/96"]);

/** RFC 1918, RFC 6598, RFC 4193, loopback and one link: no stranger sends there. */
const PRIVATE = new AddressSet([
  ...["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"],
  ...["fc00::/7", "fe80::/10", "::1/128"],
]);

export function isPrivate(address: string): boolean {
  return PRIVATE.has(address);
}

/** The networks that the operator allows. Addresses of a special range are in none that is wider than it, such as `0.0.0.0/0`. */
export class Networks {
  readonly #allowed: AddressSet;
  readonly #special: { range: AddressSet; allowed: AddressSet }[];

  constructor(cidrs: readonly string[]) {
    this.#allowed = new AddressSet(cidrs);
    this.#special = SPECIAL.map((special) => ({
      range: new AddressSet([special]),
      allowed: new AddressSet(cidrs.filter((cidr) => isWithin(cidr, special))),
    }));
  }

  has(address: string): boolean {
    if (NEVER.has(address)) return false;
    const special = this.#special.find(({ range }) => range.has(address));
    return (special?.allowed ?? this.#allowed).has(address);
  }
}

function isWithin(cidr: string, range: string): boolean {
  const { address, prefix } = splitCidr(cidr);
  return new AddressSet([range]).has(address) && prefix >= splitCidr(range).prefix;
}
