import { describe, expect, it } from "vitest";
import { canonicalAddress } from "./canonical-address.ts";

describe("an address as limits count it", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    [" 192.0.2.7 ", "192.0.2.7"],
    ["192.0.2.7:4711", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::FFFF:c000:207", "192.0.2.7"],
    ["2001:db8:0:1:aaaa::1", "2001:db8:0:1::/64"],
    ["2001:0DB8:0000:0001:ffff:ffff:ffff:ffff", "2001:db8:0:1::/64"],
    ["[2001:db8:0:1::1]:4711", "2001:db8:0:1::/64"],
    ["2001:db8::192.0.2.7", "2001:db8:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
  ])("%s is %s", (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  it.each([
    ...[
      "",
      "unknown",
      "_hidden",
      "192.0.2",
      "192.0.2.256",
      "192.0.2.7.1",
      "1:2:3",
      "1::2::3",
      "::12345",
      "::g",
    ],
    ...["1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8:9", "1:2:3:4:5:6:7:192.0.2.7", "a b", "::1 x", "192.0.2.7::"],
  ])("%s is none", (text) => {
    expect(canonicalAddress(text)).toBeUndefined();
  });
});
