import { ErrorAnswer } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { refuseEarly } from "./refuse-early.ts";

const AUTHORIZED = { Authorization: "Bearer something" };

async function refusalOf(method: string, path: string, headers: Record<string, string> = {}) {
  const answer = refuseEarly(new Request(`https://signaling.example.org${path}`, { method, headers }));
  return answer && [answer.status, ErrorAnswer.parse(await answer.json()).error.code];
}

describe("before any shard is asked", () => {
  it.each([
    ["GET", "/v1/sessions/s-1/events"],
    ["POST", "/v1/sessions/s-1/commands"],
    ["DELETE", "/v1/sessions/s-1"],
  ])("%s %s needs a session ticket", async (method, path) => {
    expect(await refusalOf(method, path)).toEqual([401, "session_invalid"]);
    expect(await refusalOf(method, path, AUTHORIZED)).toBeNull();
  });

  it.each([
    ["GET", "/v1/rooms"],
    ["POST", "/v1/rooms/standup/tickets"],
    ["DELETE", "/v1/rooms/standup/peers/p"],
    ["GET", "/v1/nodes"],
    ["POST", "/v1/surplus/reclaim"],
    ["POST", "/v1/broadcasts"],
    ["DELETE", "/v1/broadcasts/launch"],
    ["POST", "/v1/broadcasts/launch/key"],
  ])("%s %s needs an API key", async (method, path) => {
    expect(await refusalOf(method, path)).toEqual([401, "api_key_missing"]);
    expect(await refusalOf(method, path, AUTHORIZED)).toBeNull();
  });

  it.each([
    ["POST", "/v1/whip"],
    ["POST", "/v1/broadcasts/launch/whip"],
    ["PATCH", "/v1/broadcasts/launch/whip/node-run/session-1"],
    ["DELETE", "/v1/broadcasts/launch/whip/node-run/session-1"],
  ])("%s %s needs a stream key", async (method, path) => {
    expect(await refusalOf(method, path)).toEqual([401, "stream_key_invalid"]);
    expect(await refusalOf(method, path, AUTHORIZED)).toBeNull();
  });

  it.each(["a.b", "%00", "x".repeat(65), "a%20b", "*"])("%s is no session's id", async (id) => {
    for (const path of [`/v1/sessions/${id}/events`, `/v1/broadcasts/launch/whep/node-run/${id}`])
      expect(await refusalOf("GET", path, AUTHORIZED)).toEqual([400, "invalid_request"]);
  });

  it.each([
    ["GET", "/v1/connect"],
    ["POST", "/v1/sessions"],
    ["GET", "/v1/capabilities"],
    ["GET", "/v1/roomsandmore"],
    ["GET", "/readyz"],
    ["GET", "/v1/whip"],
    ["HEAD", "/v1/broadcasts/launch/whip"],
    ["POST", "/v1/broadcasts/launch/whep"],
    ["DELETE", "/v1/broadcasts/launch/whep/node-run/session-1"],
    ["OPTIONS", "/v1/whip"],
    ["OPTIONS", "/v1/sessions/s-1/events"],
    ["OPTIONS", "/v1/rooms"],
  ])("%s %s passes without anything", async (method, path) => {
    expect(await refusalOf(method, path)).toBeNull();
  });

  it("a refusal may be read by pages, and has an id", () => {
    const headers = refuseEarly(new Request("https://signaling.example.org/v1/rooms"))?.headers;
    expect(headers?.get("Access-Control-Allow-Origin")).toBe("*");
    expect(headers?.get("X-Request-Id")).toMatch(/^[\w-]{8,}$/);
  });
});
