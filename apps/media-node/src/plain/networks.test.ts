import { describe, expect, it } from "vitest";
import { isPrivate, Networks } from "./networks.ts";

const has = (cidrs: string[], ...addresses: string[]) =>
  addresses.map((address) => new Networks(cidrs).has(address));

describe("the networks that RTP goes to", () => {
  it("have no address by default", () => {
    expect(has([], "10.0.0.1", "127.0.0.1", "fd00::1", "::1")).toEqual([false, false, false, false]);
  });

  it("have the addresses of their ranges alone", () => {
    expect(has(["10.1.0.0/16", "fd00:1::/32"], "10.1.255.255", "10.2.0.0", "fd00:1::5", "fd00:2::5")).toEqual(
      [true, false, true, false],
    );
  });

  it.each([
    ["loopback", "127.0.0.1", "127.0.0.0/8"],
    ["loopback of IPv6", "::1", "::1/128"],
    ["a cloud's metadata", "169.254.169.254", "169.254.169.254/32"],
    ["a link of IPv6", "fe80::1", "fe80::/10"],
    ["multicast", "239.1.1.1", "239.0.0.0/8"],
    ["multicast of IPv6", "ff02::1", "ff02::/16"],
    ["IPv4 behind NAT64", "64:ff9b::a9fe:a9fe", "64:ff9b::/96"],
    ["IPv4 by 6to4", "2002:7f00:1::", "2002::/16"],
  ])("have %s only where they name it", (_, address, named) => {
    expect(has(["0.0.0.0/0", "::/0"], address)).toEqual([false]);
    expect(has(["0.0.0.0/0", "::/0", named], address)).toEqual([true]);
  });

  it.each([
    "0.0.0.0",
    "0.1.2.3",
    "255.255.255.255",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "0:0:0:0:0:ffff:7f00:1",
  ])("never have %s", (address) => {
    expect(has(["0.0.0.0/0", "0.0.0.0/8", "10.0.0.0/8", "::/0", "::ffff:0:0/96"], address)).toEqual([false]);
  });

  it("are private or not", () => {
    expect(
      ["10.0.0.1", "172.31.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.1", "fd12::1"].every(isPrivate),
    ).toBe(true);
    expect(
      ["172.32.0.1", "192.0.2.1", "8.8.8.8", "2001:db8::1", "0.0.0.0", "::ffff:10.0.0.1"].some(isPrivate),
    ).toBe(false);
  });
});
