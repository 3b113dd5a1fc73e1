import { readdirSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";

const ALL_ZEROS = /^0+$/;

/** What is known of this host's interfaces. Beyond addresses on Linux only: elsewhere the rest is empty. */
export type HostNetwork = {
  /** Of the interfaces that are up, loopback left out. */
  addresses: readonly { name: string; address: string }[];
  /** Interfaces by which packets leave for the rest of the world. */
  defaultRoutes: readonly string[];
  /** Those that `name` passes its packets on to: the ports of a bridge, the links of a bond, the link under a VLAN. */
  lowersOf(name: string): readonly string[];
  /** There is hardware behind it, or what a virtual machine takes for hardware. */
  isDevice(name: string): boolean;
};

export function readHostNetwork(): HostNetwork {
  return {
    addresses: Object.entries(networkInterfaces()).flatMap(([label, addresses = []]) =>
      addresses
        .filter(({ internal }) => !internal)
        .map(({ address }) => ({ name: nameOf(label), address: address.toLowerCase() })),
    ),
    defaultRoutes: [
      ...defaultRoutesV4(read("/proc/net/route")),
      ...defaultRoutesV6(read("/proc/net/ipv6_route")),
    ],
    lowersOf: (name) =>
      filesOf(name)
        .filter((file) => file.startsWith("lower_"))
        .map((file) => file.slice("lower_".length)),
    isDevice: (name) => filesOf(name).includes("device"),
  };
}

/** A second address of `eth0` may be labelled `eth0:1`. */
function nameOf(label: string): string {
  return label.split(":")[0] ?? label;
}

/** @param text Linux's `/proc/net/route`: interface, destination, …, mask in the eighth column. */
export function defaultRoutesV4(text: string): string[] {
  return rowsOf(text).flatMap((row) => (isZero(row[1]) && isZero(row[7]) && row[0] ? [row[0]] : []));
}

/** @param text Linux's `/proc/net/ipv6_route`: destination, length of its prefix, …, interface. What is unreachable goes to `lo`. */
export function defaultRoutesV6(text: string): string[] {
  return rowsOf(text).flatMap((row) => {
    const name = row.at(-1);
    return isZero(row[0]) && isZero(row[1]) && name && name !== "lo" ? [name] : [];
  });
}

function isZero(column: string | undefined): boolean {
  return column !== undefined && ALL_ZEROS.test(column);
}

function rowsOf(text: string): string[][] {
  return text.split("\n").map((line) => line.trim().split(/\s+/));
}

function filesOf(name: string): string[] {
  try {
    return readdirSync(`/sys/class/net/${name}`);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
