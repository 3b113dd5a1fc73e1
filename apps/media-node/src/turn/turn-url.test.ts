import { describe, expect, it } from "vitest";
import { isTurn, TurnUrl } from "./turn-url.ts";

describe("a STUN or TURN URL", () => {
  it.each([
    "stun:example.org",
    "stuns:example.org:5349",
    "turn:192.0.2.1",
    "turn:turn-1.example.org:3478?transport=udp",
    "TURN:example.org?transport=tcp",
    "turns:[2001:db8::1]:443?transport=tcp",
  ])("is %s", (url) => {
    expect(TurnUrl.parse(url)).toBe(url);
    expect(isTurn(url)).toBe(/^turn/i.test(url));
  });

  it.each([
    "example.org",
    "turn:",
    "turn://example.org",
    "turn:user@example.org",
    "turn:example.org:0",
    "turn:example.org:65536",
    "turn:example.org:",
    "turn:example.org?transport=sctp",
    "turn:example.org?transport=udp&x=1",
    "stun:example.org?transport=udp",
    "turn:2001:db8::1",
    "turn:[example.org]",
    "turn:-example.org",
    "turn:exam ple.org",
    "turn:example.org\n",
    "http://example.org",
  ])("is not %j", (url) => {
    expect(TurnUrl.safeParse(url).success).toBe(false);
  });
});
