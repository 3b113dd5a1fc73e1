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
  ])("%s %s needs an API key", async (method, path) => {
    expect(await refusalOf(method, path)).toEqual([401, "api_key_missing"]);
    expect(await refusalOf(method, path, AUTHORIZED)).toBeNull();
  });

  it.each(["a.b", "%00", "x".repeat(65), "a%20b", "*"])("%s is no session's id", async (id) => {
    expect(await refusalOf("GET", `/v1/sessions/${id}/events`, AUTHORIZED)).toEqual([400, "invalid_request"]);
  });

  it.each([
    ["GET", "/v1/connect"],
    ["POST", "/v1/sessions"],
    ["GET", "/v1/capabilities"],
    ["GET", "/v1/roomsandmore"],
    ["GET", "/readyz"],
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
