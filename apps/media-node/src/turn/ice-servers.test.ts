import { describe, expect, it } from "vitest";
import { iceServersFor } from "./ice-servers.ts";

const TURN = { urls: ["turn:turn.example.org"], secret: "a-secret-of-tests", ttlS: 60 };
const NOW_MS = 1_800_000_000_999;

describe("ICE servers", () => {
  it("come with a name that says when it expires and whose it is, and with the HMAC of it", () => {
    expect(iceServersFor(TURN, "peer", NOW_MS)).toEqual([
      {
        urls: TURN.urls,
        username: "1800000060:peer",
        // printf 1800000060:peer | openssl dgst -sha1 -hmac a-secret-of-tests -binary | base64
        credential: "Ad58/+TcoEdXEfDhk35roH/2Mg8=",
      },
    ]);
  });

  it("differ for every peer, second and secret", () => {
    const made = [
      iceServersFor(TURN, "peer", NOW_MS),
      iceServersFor(TURN, "other", NOW_MS),
      iceServersFor(TURN, "peer", NOW_MS + 1_000),
      iceServersFor({ ...TURN, secret: "another-secret" }, "peer", NOW_MS),
    ];
    expect(new Set(made.map(([server]) => server?.credential)).size).toBe(made.length);
  });

  it("of STUN alone need no credentials, and have none", () => {
    const urls = ["stun:a", "turn:b", "stuns:c", "turns:d?transport=tcp"];
    expect(iceServersFor({ ...TURN, urls }, "peer", NOW_MS)).toMatchObject([
      { urls: ["stun:a", "stuns:c"] },
      { urls: ["turn:b", "turns:d?transport=tcp"], username: "1800000060:peer" },
    ]);
    expect(iceServersFor({ urls: ["stun:a"], ttlS: 60 }, "peer", NOW_MS)).toEqual([{ urls: ["stun:a"] }]);
  });

  it("are none where none are set", () => {
    expect(iceServersFor({ ...TURN, urls: [] }, "peer", NOW_MS)).toEqual([]);
  });
});
