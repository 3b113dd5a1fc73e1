import { networkInterfaces } from "node:os";
import type { types } from "mediasoup";

export type ListenAddress = {
  /** Address of an interface of this machine, or `0.0.0.0`. */
  ip: string;
  /** The address that candidates name instead, e.g. the public address of a NAT or the host's name. */
  announcedAddress?: string;
};

/** Loopback and every IPv4 address of this machine: reachable from here and from the LAN without configuration. */
export function localAddresses(): ListenAddress[] {
  const lan = lanAddresses().map((ip) => ({ ip }));
  return [{ ip: "127.0.0.1" }, ...lan];
}

export function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => address.family === "IPv4" && !address.internal)
    .map((address) => address.address);
}

/** null: the protocol is not offered. */
export type RtcPorts = { udp: number; tcp: number | null };

/** The ports of one core, on every address. */
export function listenInfos(
  addresses: readonly ListenAddress[],
  { udp, tcp }: RtcPorts,
): types.TransportListenInfo[] {
  return addresses.flatMap(({ ip, announcedAddress }) => {
    const address = { ip, ...(announcedAddress ? { announcedAddress } : {}) };
    return [
      { protocol: "udp" as const, port: udp, ...address },
      ...(tcp === null ? [] : [{ protocol: "tcp" as const, port: tcp, ...address }]),
    ];
  });
}
