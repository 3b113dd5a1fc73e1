import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { lanAddresses, listenAddressesFor, listenInfos, localAddresses } from "./listen-addresses.ts";

describe("listen addresses", () => {
  it("are by default loopback and every other address of this machine, without those of one link", () => {
    const [first, ...others] = localAddresses().map(({ ip }) => ip);
    expect(first).toBe("127.0.0.1");
    const all = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
    const reachable = all.filter(({ address, internal }) => !internal && !address.startsWith("fe80"));
    expect(others).toEqual(reachable.map(({ address }) => address));
    expect(lanAddresses()).toEqual(
      reachable.filter(({ family }) => family === "IPv4").map(({ address }) => address),
    );
  });

  const own = [{ address: "10.0.0.2" }, { address: "fd00::2" }] as never;
  it.each([
    ["a NAT's", "203.0.113.5", { ip: "0.0.0.0", announcedAddress: "203.0.113.5" }],
    ["a name", "media.example.org", { ip: "0.0.0.0", announcedAddress: "media.example.org" }],
    ["another host's of IPv6", "2001:db8::5", { ip: "::", announcedAddress: "2001:db8::5" }],
    ["one of several of this machine", "10.0.0.2", { ip: "10.0.0.2" }],
    ["one of IPv6 of this machine", "fd00::2", { ip: "fd00::2" }],
  ])(
    "are, for an announced address (%s), where clients get their answers from: %s",
    (_, announced, expected) => {
      expect(listenAddressesFor([announced], own)).toEqual([expected]);
    },
  );

  it("keep the sockets of both families apart", () => {
    const infos = listenInfos(listenAddressesFor(["203.0.113.5", "2001:db8::5"], own), {
      udp: 4_000,
      tcp: null,
    });
    expect(infos.map(({ ip, flags }) => [ip, flags])).toEqual([
      ["0.0.0.0", undefined],
      ["::", { ipv6Only: true }],
    ]);
  });

  it("become a port for UDP and one for TCP on each of them", () => {
    expect(listenInfos([{ ip: "127.0.0.1" }, { ip: "10.0.0.1" }], { udp: 4_000, tcp: 443 })).toEqual([
      { protocol: "udp", ip: "127.0.0.1", port: 4_000 },
      { protocol: "tcp", ip: "127.0.0.1", port: 443 },
      { protocol: "udp", ip: "10.0.0.1", port: 4_000 },
      { protocol: "tcp", ip: "10.0.0.1", port: 443 },
    ]);
  });

  it("are for UDP alone where TCP is off", () => {
    expect(listenInfos([{ ip: "127.0.0.1" }], { udp: 4_000, tcp: null })).toEqual([
      { protocol: "udp", ip: "127.0.0.1", port: 4_000 },
    ]);
  });

  it("keep what is announced in their place", () => {
    const infos = listenInfos([{ ip: "0.0.0.0", announcedAddress: "media.example.org" }], {
      udp: 4_000,
      tcp: 4_000,
    });
    expect(infos.map((info) => info.announcedAddress)).toEqual(["media.example.org", "media.example.org"]);
  });
});
