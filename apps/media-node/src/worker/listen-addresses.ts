import { isIPv6 } from "node:net";
import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import type { types } from "mediasoup";

export type ListenAddress = {
  /** Address of an interface of this machine, `0.0.0.0`, or `::`, which is for IPv6 alone. */
  ip: string;
  /** The address that candidates name instead, e.g. the public address of a NAT or the host's name. */
  announcedAddress?: string;
};

/** Loopback and every address of this machine: reachable from here and from the LAN without configuration. */
export function localAddresses(): ListenAddress[] {
  const others = machineAddresses().filter(({ internal }) => !internal);
  return [{ ip: "127.0.0.1" }, ...others.map(({ address: ip }) => ({ ip }))];
}

/** The IPv4 ones, which are short enough for a person to type. */
export function lanAddresses(): string[] {
  return machineAddresses().flatMap(({ family, internal, address }) =>
    family === "IPv4" && !internal ? [address] : [],
  );
}

/**
 * Where media listens so that clients reach it at what is announced. An address of this machine gets the socket itself: one of a
 * socket for all addresses would answer from the first, and clients drop answers from where they did not ask. Any other, or a name,
 * is one of a NAT or a host outside of this container.
 */
export function listenAddressesFor(announced: readonly string[], own = machineAddresses()): ListenAddress[] {
  return announced.map((announcedAddress) => {
    const isOwn = isInLoopback(announcedAddress) || own.some(({ address }) => address === announcedAddress);
    if (isOwn) return { ip: announcedAddress };
    return { ip: isIPv6(announcedAddress) ? "::" : "0.0.0.0", announcedAddress };
  });
}

/** Linux answers at all of 127.0.0.0/8, though its interface names one address. */
function isInLoopback(address: string): boolean {
  return process.platform === "linux" && /^127\.\d+\.\d+\.\d+$/.test(address);
}

/** Without IPv6 addresses of one link: a socket on such an address needs the link's name, and no browser offers one. */
function machineAddresses(): NetworkInterfaceInfo[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ address }) => !/^fe[89ab]/i.test(address));
}

/** null: the protocol is not offered. */
export type RtcPorts = { udp: number; tcp: number | null };

/** The ports of one core, on every address. */
export function listenInfos(
  addresses: readonly ListenAddress[],
  { udp, tcp }: RtcPorts,
): types.TransportListenInfo[] {
  return addresses.flatMap(({ ip, announcedAddress }) => {
    const address = {
      ip,
      ...(announcedAddress ? { announcedAddress } : {}),
      // Beside a socket for all IPv4 addresses on the same port.
      ...(ip === "::" ? { flags: { ipv6Only: true } } : {}),
    };
    return [
      { protocol: "udp" as const, port: udp, ...address },
      ...(tcp === null ? [] : [{ protocol: "tcp" as const, port: tcp, ...address }]),
    ];
  });
}
