import type { HostNetwork } from "./host-network.ts";
import type { ListenAddress } from "./listen-addresses.ts";

const ANY_ADDRESS = new Set(["0.0.0.0", "::"]);

/**
 * The interfaces whose bytes are this host's network load. A packet passes several of them (bridge and port, VLAN and link, tunnel
 * and device) and must count once.
 *
 * @param listening Where media listens, and what is announced in its place.
 */
export function countedInterfaces(listening: readonly ListenAddress[], host: HostNetwork): string[] {
  const carriers = [...new Set(listening.flatMap((address) => carriersOf(address, host)))];
  return withoutStacked(outermost(carriers, host), host);
}

/** Behind a NAT, or with a host's name announced, no interface has that address: packets come by the default route. */
function carriersOf({ ip, announcedAddress }: ListenAddress, host: HostNetwork): string[] {
  const having = (wanted: string) =>
    host.addresses.flatMap(({ name, address }) => (address === wanted.toLowerCase() ? [name] : []));
  if (!ANY_ADDRESS.has(ip)) return having(ip);
  const announced = announcedAddress === undefined ? [] : having(announcedAddress);
  if (announced.length > 0) return announced;
  return host.defaultRoutes.length > 0 ? [...host.defaultRoutes] : host.addresses.map(({ name }) => name);
}

/** A bridge of containers or a tunnel has an address too, but its bytes leave the host by a device, where they are counted. */
function outermost(names: readonly string[], host: HostNetwork): readonly string[] {
  const devices = names.filter((name) => leadsToDevice(name, host));
  if (devices.length > 0) return devices;
  // In a container nothing is a device.
  const routed = names.filter((name) => host.defaultRoutes.includes(name));
  return routed.length > 0 ? routed : names;
}

function leadsToDevice(name: string, host: HostNetwork): boolean {
  return [name, ...allLowersOf(name, host)].some((one) => host.isDevice(one));
}

/** `bond0` and its VLAN `bond0.7` may both have an address. */
function withoutStacked(names: readonly string[], host: HostNetwork): string[] {
  return names.filter((name) => !allLowersOf(name, host).some((lower) => names.includes(lower)));
}

function allLowersOf(name: string, host: HostNetwork): string[] {
  return host.lowersOf(name).flatMap((lower) => [lower, ...allLowersOf(lower, host)]);
}
