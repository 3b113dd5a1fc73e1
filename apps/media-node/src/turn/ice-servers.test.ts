import { describe, expect, it } from "vitest";
import { iceServersFor } from "./ice-servers.ts";

const TURN = { urls: ["turn:turn.example.org"], secret: "a-secret-of-tests", ttlS: 60 };
const ANN = { roomId: "a-room", identity: "ann" };
const NOW_MS = 1_800_000_000_999;
// printf '["a-room","ann"]' | openssl dgst -sha256 -hmac a-secret-of-tests -binary | head -c 16 | base64
const USERNAME = "1800000060:Whu9w9C84OdXjr_z78N-8g";

describe("ICE servers", () => {
  it("come with a name that says when it expires and whose it is, and with the HMAC of it", () => {
    expect(iceServersFor(TURN, ANN, NOW_MS)).toEqual([
      {
        urls: TURN.urls,
        username: USERNAME,
        // printf $USERNAME | openssl dgst -sha1 -hmac a-secret-of-tests -binary | base64
        credential: "vNTvO1mGI/1dd5SYoHY2SwTd/uE=",
      },
    ]);
  });

  it("differ for every user, second and secret", () => {
    const made = [
      iceServersFor(TURN, ANN, NOW_MS),
      iceServersFor(TURN, { ...ANN, identity: "bob" }, NOW_MS),
      iceServersFor(TURN, { ...ANN, roomId: "another-room" }, NOW_MS),
      iceServersFor(TURN, ANN, NOW_MS + 1_000),
      iceServersFor({ ...TURN, secret: "another-secret" }, ANN, NOW_MS),
    ];
    expect(new Set(made.map(([server]) => server?.credential)).size).toBe(made.length);
  });

  it("have one name for an identity in a room, whatever the time, and another for any other", () => {
    const nameOf = (roomId: string, identity: string, nowMs = NOW_MS) =>
      iceServersFor(TURN, { roomId, identity }, nowMs)[0]?.username?.split(":")[1];
    expect(nameOf("a", "b", NOW_MS + 86_400_000)).toBe(nameOf("a", "b"));
    expect(
      new Set([nameOf("a", "b"), nameOf("b", "a"), nameOf('a","b', "c"), nameOf("a", 'b","c')]).size,
    ).toBe(4);
  });

  it("of STUN alone need no credentials, and have none", () => {
    const urls = ["stun:a", "turn:b", "stuns:c", "turns:d?transport=tcp"];
    expect(iceServersFor({ ...TURN, urls }, ANN, NOW_MS)).toMatchObject([
      { urls: ["stun:a", "stuns:c"] },
      { urls: ["turn:b", "turns:d?transport=tcp"], username: USERNAME },
    ]);
    expect(iceServersFor({ urls: ["stun:a"], ttlS: 60 }, ANN, NOW_MS)).toEqual([{ urls: ["stun:a"] }]);
  });

  it("are none where none are set", () => {
    expect(iceServersFor({ ...TURN, urls: [] }, ANN, NOW_MS)).toEqual([]);
  });
});
