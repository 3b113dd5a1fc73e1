import { describe, expect, it } from "vitest";
import { countedInterfaces } from "./counted-interfaces.ts";
import type { HostNetwork } from "./host-network.ts";

type Host = {
  /** Interface → its address. */
  addresses: Record<string, string>;
  defaultRoutes?: string[];
  /** Interface → those it passes its packets on to. */
  lowers?: Record<string, string[]>;
  devices?: string[];
};

function hostOf({ addresses, defaultRoutes = [], lowers = {}, devices = [] }: Host): HostNetwork {
  return {
    addresses: Object.entries(addresses).map(([name, address]) => ({ name, address })),
    defaultRoutes,
    lowersOf: (name) => lowers[name] ?? [],
    isDevice: (name) => devices.includes(name),
  };
}

/** As without settings: each address that there is. */
const listeningOnAll = ({ addresses }: Host) => Object.values(addresses).map((ip) => ({ ip }));

const DOCKER: Host = {
  addresses: { eth0: "10.0.0.1", docker0: "172.17.0.1" },
  defaultRoutes: ["eth0"],
  lowers: { docker0: ["veth1", "veth2"] },
  devices: ["eth0"],
};
const BOND: Host = {
  addresses: { bond0: "10.0.0.1", "bond0.7": "10.7.0.1" },
  defaultRoutes: ["bond0"],
  lowers: { bond0: ["eth0", "eth1"], "bond0.7": ["bond0"] },
  devices: ["eth0", "eth1"],
};
const BRIDGE: Host = {
  addresses: { br0: "10.0.0.1" },
  defaultRoutes: ["br0"],
  lowers: { br0: ["eth0", "vnet1"] },
  devices: ["eth0"],
};
const TWO_DEVICES: Host = {
  addresses: { eth0: "203.0.113.7", eth1: "10.0.0.1" },
  defaultRoutes: ["eth0"],
  devices: ["eth0", "eth1"],
};
const TUNNEL: Host = {
  addresses: { eth0: "10.0.0.1", wg0: "10.9.0.1" },
  defaultRoutes: ["eth0"],
  devices: ["eth0"],
};
const CONTAINER: Host = {
  addresses: { eth0: "172.17.0.2", docker0: "172.18.0.1" },
  defaultRoutes: ["eth0"],
  lowers: { docker0: ["veth1"] },
};
const CONTAINER_WITHOUT_ROUTE: Host = { addresses: { eth0: "172.17.0.2", eth1: "172.19.0.2" } };
const MACVLAN: Host = {
  addresses: { eth0: "10.0.0.1", mac0: "10.0.0.2" },
  defaultRoutes: ["eth0"],
  lowers: { mac0: ["eth0"] },
  devices: ["eth0"],
};

describe("the interfaces that count, where media listens on every address,", () => {
  it.each<[string, Host, string[]]>([
    ["are the device, not the bridge of containers", DOCKER, ["eth0"]],
    ["are the bond, neither its VLAN nor its links", BOND, ["bond0"]],
    ["are the bridge that has the address, not its ports", BRIDGE, ["br0"]],
    ["are two devices with an address each", TWO_DEVICES, ["eth0", "eth1"]],
    ["are the device, not the tunnel through it", TUNNEL, ["eth0"]],
    ["are the device, not a macvlan on it", MACVLAN, ["eth0"]],
    ["are in a container the one of the default route", CONTAINER, ["eth0"]],
    ["are in a container without one all that have an address", CONTAINER_WITHOUT_ROUTE, ["eth0", "eth1"]],
    ["are none without a network", { addresses: {} }, []],
  ])("%s", (_, host, expected) => {
    expect(countedInterfaces([{ ip: "127.0.0.1" }, ...listeningOnAll(host)], hostOf(host))).toEqual(expected);
  });
});

describe("the interfaces that count, where an address is announced,", () => {
  const announcing = (announcedAddress: string, ip = "0.0.0.0") => [{ ip, announcedAddress }];

  it("are those that have it", () => {
    expect(countedInterfaces(announcing("10.0.0.1"), hostOf(TWO_DEVICES))).toEqual(["eth1"]);
    expect(countedInterfaces(announcing("10.7.0.1"), hostOf(BOND))).toEqual(["bond0.7"]);
    const ipv6 = { addresses: { eth0: "2001:db8::1" }, devices: ["eth0"] };
    expect(countedInterfaces(announcing("2001:DB8::1", "::"), hostOf(ipv6))).toEqual(["eth0"]);
  });

  it("are those of the default route behind a NAT, or with a name", () => {
    expect(countedInterfaces(announcing("198.51.100.1"), hostOf(TWO_DEVICES))).toEqual(["eth0"]);
    expect(countedInterfaces(announcing("media.example.org"), hostOf(DOCKER))).toEqual(["eth0"]);
  });

  it("are those of the address where media listens, whatever is announced instead", () => {
    expect(countedInterfaces(announcing("198.51.100.1", "10.0.0.1"), hostOf(TWO_DEVICES))).toEqual(["eth1"]);
  });

  it("are the devices that have an address where there is no default route", () => {
    const host = hostOf({ ...DOCKER, defaultRoutes: [] });
    expect(countedInterfaces(announcing("198.51.100.1"), host)).toEqual(["eth0"]);
  });
});
