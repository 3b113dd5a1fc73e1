import { networkInterfaces } from "node:os";
import { describe, expect, it } from "vitest";
import { lanAddresses, listenInfos, localAddresses } from "./listen-addresses.ts";

describe("listen addresses", () => {
  it("are by default loopback and every other IPv4 address of this machine", () => {
    const [first, ...others] = localAddresses();
    expect(first).toEqual({ ip: "127.0.0.1" });
    expect(others).toEqual(lanAddresses().map((ip) => ({ ip })));
    const all = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
    for (const { ip } of others)
      expect(all.find(({ address }) => address === ip)).toMatchObject({ family: "IPv4", internal: false });
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
