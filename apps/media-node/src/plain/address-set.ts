import { BlockList, isIPv6 } from "node:net";

type Family = "ipv4" | "ipv6";

/** The addresses of networks. The families are kept apart: a `BlockList` takes an IPv4-mapped address for the IPv4 one. */
export class AddressSet {
  readonly #lists: Record<Family, BlockList> = { ipv4: new BlockList(), ipv6: new BlockList() };

  /** @param cidrs As in `10.0.0.0/8`, `fd00::/8`. */
  constructor(cidrs: readonly string[]) {
    for (const cidr of cidrs) {
      const { address, prefix } = splitCidr(cidr);
      this.#lists[familyOf(address)].addSubnet(address, prefix, familyOf(address));
    }
  }

  has(address: string): boolean {
    return this.#lists[familyOf(address)].check(address, familyOf(address));
  }
}

export function splitCidr(cidr: string): { address: string; prefix: number } {
  const [address = "", prefix] = cidr.split("/");
  return { address, prefix: Number(prefix) };
}

function familyOf(address: string): Family {
  return isIPv6(address) ? "ipv6" : "ipv4";
}
