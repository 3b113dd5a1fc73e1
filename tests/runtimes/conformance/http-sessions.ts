import { FRAME_LIMIT, OpenedSession, parse, parseJson, ServerFrame } from "@fairlead/protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { joinFrame } from "../../support/protocol-client.ts";
import { readEventStream } from "../../support/wires/read-event-stream.ts";
import type { Instance } from "../runtime.ts";
import type { Instances } from "./use-instances.ts";

type Asked = {
  at?: Instance;
  ticket?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

/** How the HTTP way looks on the wire; what sessions do over it is the same as over a WebSocket. */
export function httpSessionFacts(instances: Instances): void {
  const ask = (method: string, path: string, { at, ticket, body, headers, signal }: Asked = {}) =>
    fetch(`${(at ?? instances.first).url}${path}`, {
      method,
      signal: signal ?? null,
      body: body === undefined ? null : JSON.stringify(body),
      headers: {
        ...(ticket === undefined ? {} : { authorization: `Bearer ${ticket}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
    });
  const refusal = async (response: Response) => [response.status, (await response.json()).error.code];
  const open = async () => {
    const { type: _, ...join } = joinFrame({ ticket: await instances.ticket({ room: instances.newRoom() }) });
    const response = await ask("POST", "/v1/sessions", { body: join });
    expect(response.status).toBe(201);
    const opened = parse(OpenedSession, await response.json());
    onTestFinished(async () => {
      await (
        await ask("DELETE", `/v1/sessions/${opened.sessionId}`, { ticket: opened.sessionTicket })
      ).text();
    });
    return { ...opened, path: `/v1/sessions/${opened.sessionId}` };
  };
  const follow = async ({ path, position, sessionTicket }: Awaited<ReturnType<typeof open>>) => {
    const ending = new AbortController();
    onTestFinished(() => ending.abort());
    const headers = { "last-event-id": position };
    const response = await ask("GET", `${path}/events`, {
      ticket: sessionTicket,
      headers,
      signal: ending.signal,
    });
    expect(response.status).toBe(200);
    return response;
  };
  const streamOf = async function* (response: Response) {
    if (!response.body) throw new Error("no body");
    for await (const { id, data } of readEventStream(response.body))
      yield { id, frame: parseJson(ServerFrame, data) };
  };

  describe("a session over HTTP", () => {
    it("has its events as server-sent events whose ids are positions, after its fresh ticket", async () => {
      const session = await open();
      const response = await follow(session);
      expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
      expect(response.headers.get("cache-control")).toMatch(/no-store/);
      const messages = streamOf(response);
      expect((await messages.next()).value).toMatchObject({ frame: { type: "resumed", connection: 2 } });
      expect((await messages.next()).value).toMatchObject({
        id: `${session.epoch}:1`,
        frame: { type: "event", position: `${session.epoch}:1`, event: { name: "snapshot.started" } },
      });
    });

    it("hears a pong while nothing happens, so that nothing between takes the stream for dead", async () => {
      const messages = streamOf(await follow(await open()));
      for await (const { frame } of messages) if (frame.type === "pong") return;
      expect.fail("the stream ended");
    });

    it("is asked by any instance, with the ticket alone", async () => {
      const { path, sessionTicket: ticket } = await open();
      const body = {
        frames: [
          { type: "ping" },
          { type: "command", id: 1, settledBelow: 1, name: "producer.pause", data: { producerId: "none" } },
          { type: "command", id: 2, settledBelow: 1, name: "sing", data: {} },
        ],
      };
      const response = await ask("POST", `${path}/commands`, { at: instances.second, ticket, body });
      expect(response.status).toBe(200);
      expect((await response.json()).frames).toMatchObject([
        { type: "pong" },
        { type: "reply", id: 1, ok: false, error: { code: "producer_not_found" } },
        { type: "reply", id: 2, ok: false, error: { code: "unknown_command" } },
      ]);
    });

    it("takes frames as long as on a WebSocket, and no longer", async () => {
      const { path, sessionTicket: ticket } = await open();
      const sing = async (length: number) => {
        const data = { song: "\u20ac".repeat(length) };
        const body = { frames: [{ type: "command", id: 1, settledBelow: 1, name: "sing", data }] };
        return ask("POST", `${path}/commands`, { ticket, body });
      };
      const response = await sing(FRAME_LIMIT - 200);
      expect((await response.json()).frames).toMatchObject([{ error: { code: "unknown_command" } }]);
      expect(await refusal(await sing(FRAME_LIMIT))).toEqual([413, "frame_too_large"]);
    });

    it("is left once and for all, on any instance", async () => {
      const { path, sessionTicket: ticket } = await open();
      for (const at of [instances.second, instances.first]) {
        const response = await ask("DELETE", path, { at, ticket });
        expect([response.status, await response.text()]).toEqual([204, ""]);
      }
      const command = {
        type: "command",
        id: 1,
        settledBelow: 1,
        name: "producer.pause",
        data: { producerId: "x" },
      };
      const response = await ask("POST", `${path}/commands`, { ticket, body: { frames: [command] } });
      expect((await response.json()).frames).toMatchObject([
        { type: "error", error: { code: "session_gone" } },
      ]);
      const headers = { "last-event-id": "1:0" };
      expect(await refusal(await ask("GET", `${path}/events`, { ticket, headers }))).toEqual([
        410,
        "session_gone",
      ]);
    });

    it("needs its own ticket, its position, and frames that are some", async () => {
      const { path, sessionTicket: ticket, position } = await open();
      const other = await open();
      const body = { frames: [{ type: "ping" }] };
      const headers = { "last-event-id": position };
      const refusals = [
        await ask("POST", `${path}/commands`, { body }),
        await ask("POST", `${path}/commands`, { body, ticket: "no-ticket-of-anybody" }),
        await ask("POST", `${path}/commands`, { body, ticket: other.sessionTicket }),
        await ask("GET", `${path}/events`, { headers, ticket: other.sessionTicket }),
        await ask("DELETE", path, { ticket: other.sessionTicket }),
        await ask("GET", `${path}/events`, { ticket }),
        await ask("GET", `${path}/events`, { ticket, headers: { "last-event-id": "the-last-one" } }),
        await ask("POST", `${path}/commands`, { ticket, body: { frames: [] } }),
        await ask("POST", `${path}/commands`, { ticket, body: { frames: Array(51).fill({ type: "ping" }) } }),
        await ask("POST", `${path}/commands`, { ticket, body: { frames: [{ type: "join" }] } }),
      ];
      expect(await Promise.all(refusals.map(refusal))).toEqual([
        ...Array(5).fill([401, "session_invalid"]),
        ...Array(5).fill([400, "invalid_request"]),
      ]);
    });
  });
}
