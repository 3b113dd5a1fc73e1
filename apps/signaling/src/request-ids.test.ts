import type { LogFields, Logger } from "@fairlead/telemetry";
import { describe, expect, it } from "vitest";
import { startScriptedCluster } from "./testing/start-scripted-cluster.ts";
import { TestClient } from "./testing/test-client.ts";

type Line = LogFields & { level: string; event: string };

function recordingLog(lines: Line[], fields: LogFields = {}): Logger {
  const at = (level: string) => (event: string, own?: LogFields) =>
    void lines.push({ level, event, ...fields, ...own });
  return {
    error: at("error"),
    warn: at("warn"),
    info: at("info"),
    debug: at("debug"),
    child: (own) => recordingLog(lines, { ...fields, ...own }),
  };
}

const setUp = async () => {
  const lines: Line[] = [];
  const cluster = await startScriptedCluster({ log: recordingLog(lines) });
  const linesOf = (requestId: string) =>
    lines.filter((line) => line.requestId === requestId).map(({ event }) => event);
  const ask = (path: string, id?: string) =>
    fetch(`${cluster.server.url}${path}`, { headers: id === undefined ? {} : { "X-Request-Id": id } });
  return { ...cluster, ask, lines, linesOf };
};

describe("a request's id", () => {
  it("is the caller's, in the answer and in every line about the request", async () => {
    const { ask, lines, linesOf } = await setUp();
    const answer = await ask("/v1/rooms", "of-caller_1=");
    expect([answer.status, answer.headers.get("X-Request-Id")]).toEqual([401, "of-caller_1="]);
    expect(linesOf("of-caller_1=")).toEqual(["stranger.refused", "http.answered"]);
    expect(lines.at(-1)).toMatchObject({ path: "/v1/rooms", status: 401, refusal: "api_key_missing" });
  });

  it.each([
    ["absent", undefined],
    ["too long", "a".repeat(129)],
    ["of other characters", 'a" event="forged'],
  ])("is made here when it is %s", async (_what, id) => {
    const { ask } = await setUp();
    const [first, second] = [await ask("/healthz", id), await ask("/healthz", id)];
    expect(first.headers.get("X-Request-Id")).toMatch(/^[\da-f-]{36}$/);
    expect(second.headers.get("X-Request-Id")).not.toBe(first.headers.get("X-Request-Id"));
  });

  it("of a WebSocket's request is in every line about its client", async () => {
    const { server, joinFrame, linesOf } = await setUp();
    const client = await TestClient.connect(server.url, { "X-Request-Id": "socket-1" });
    client.send(await joinFrame());
    await client.next("joined");
    client.sendText("{");
    await client.closed;
    expect(linesOf("socket-1")).toEqual(["session.joined", "connection.refused"]);
  });

  it("stands beside what a bug was, and the answer says nothing of it but the id", async () => {
    const { server, joinFrame, lines, registry } = await setUp();
    registry.place = async () => {
      throw new TypeError("secrets of the house");
    };
    const { type: _, ...join } = await joinFrame();
    const answer = await fetch(`${server.url}/v1/sessions`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Request-Id": "bug-1" },
      body: JSON.stringify(join),
    });
    expect([answer.status, answer.headers.get("X-Request-Id")]).toEqual([500, "bug-1"]);
    expect(await answer.text()).not.toContain("secrets");
    expect(lines).toContainEqual(
      expect.objectContaining({ requestId: "bug-1", event: "http.failed", error: expect.any(TypeError) }),
    );
  });
});
