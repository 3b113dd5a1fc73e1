import { describe, expect, it } from "vitest";
import { defaultRoutesV4, defaultRoutesV6 } from "./host-network.ts";

const ROUTE = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
bond0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
tun0	00000000	00000000	0001	0	0	0	00000080	0	0	0
`;

const ZEROS = "00000000000000000000000000000000";
const IPV6_ROUTE = `20010db8000000000000000000000000 40 ${ZEROS} 00 ${ZEROS} 00000100 00000001 00000000 00000001     eth1
${ZEROS} 00 ${ZEROS} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00450003     eth0
${ZEROS} 00 ${ZEROS} 00 ${ZEROS} ffffffff 00000001 00000000 00200200       lo
`;

describe("a host's default routes", () => {
  it("of IPv4 are those to everywhere, not to half of it", () => {
    expect(defaultRoutesV4(ROUTE)).toEqual(["bond0"]);
  });

  it("of IPv6 are those to everywhere, but for what is unreachable", () => {
    expect(defaultRoutesV6(IPV6_ROUTE)).toEqual(["eth0"]);
  });

  it("are none of a system that does not tell", () => {
    expect([...defaultRoutesV4(""), ...defaultRoutesV6("")]).toEqual([]);
  });
});
