import { HTTP_BODY_LIMIT_BYTES } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import type { Instances } from "./use-instances.ts";

type Asked = RequestInit & { key?: string };

/** Facts about every answer, whatever the request. */
export function httpAnswerFacts(instances: Instances): void {
  const ask = (path: string, { key = instances.cluster.apiKey, headers, ...init }: Asked = {}) =>
    fetch(`${instances.first.url}${path}`, {
      ...init,
      headers: { ...(key ? { authorization: `Bearer ${key}` } : {}), ...(headers as Record<string, string>) },
    });
  const refusal = async (answer: Promise<Response>) => {
    const response = await answer;
    return [response.status, (await response.json()).error.code];
  };
  const json = { "content-type": "application/json" };
  const asJson = (body: string): Asked => ({ method: "PUT", headers: json, body });

  describe("an API key", () => {
    it("is needed, must be known, and must cover what is asked", async () => {
      expect(await refusal(ask("/v1/rooms", { key: "" }))).toEqual([401, "api_key_missing"]);
      expect(await refusal(ask("/v1/rooms", { key: "nobody-knows-this-one" }))).toEqual([
        401,
        "api_key_invalid",
      ]);
      const key = instances.cluster.ticketsKey;
      expect(await refusal(ask("/v1/rooms", { key }))).toEqual([403, "scope_missing"]);
      const body = JSON.stringify({ identity: "ann" });
      const issued = await ask("/v1/rooms/one/tickets", { key, method: "POST", headers: json, body });
      expect(issued.status).toBe(201);
    });
  });

  describe("a request", () => {
    it("for what is not there, or by a method that is not, is refused with what there is", async () => {
      expect(await refusal(ask("/v1/nothing"))).toEqual([404, "not_found"]);
      expect(await refusal(ask(`/v1/rooms/${instances.newRoom()}`))).toEqual([404, "room_not_found"]);
      const response = await ask("/v1/capabilities", { method: "DELETE" });
      expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      await response.text();
    });

    it("that makes no sense is told what is wrong with it", async () => {
      const path = `/v1/rooms/${instances.newRoom()}`;
      expect(await refusal(ask(path, asJson("{")))).toEqual([400, "invalid_request"]);
      expect(await refusal(ask("/v1/rooms/a.b", asJson("{}")))).toEqual([400, "invalid_request"]);
      const response = await ask(path, asJson('{"maxPeers":-1}'));
      expect(response.status).toBe(400);
      expect((await response.json()).error.message).toMatch(/maxPeers/);
    });

    it("with too large a body is refused, also when it does not say how large", async () => {
      const text = JSON.stringify({ labels: ["x".repeat(HTTP_BODY_LIMIT_BYTES)] });
      const path = `/v1/rooms/${instances.newRoom()}`;
      expect(await refusal(ask(path, asJson(text)))).toEqual([413, "frame_too_large"]);
      const body = new Blob([text]).stream();
      const chunked = { method: "PUT", headers: json, body, duplex: "half" } as Asked;
      expect(await refusal(ask(path, chunked))).toEqual([413, "frame_too_large"]);
    });

    it("whose body is optional may say that JSON comes and send none", async () => {
      const reclaimed = await ask("/v1/surplus/reclaim", { method: "POST", headers: json });
      expect([reclaimed.status, (await reclaimed.json()).unreachable]).toEqual([200, []]);
      const path = `/v1/rooms/${instances.newRoom()}/peers/nobody`;
      expect(await refusal(ask(path, { method: "DELETE", headers: json }))).toEqual([404, "room_not_found"]);
    });

    it("makes, changes, reads, ends and deletes a broadcast", async () => {
      const broadcastId = instances.newRoom();
      const path = `/v1/broadcasts/${broadcastId}`;
      const send = async (method: string, to: string, body?: object) => {
        const answer = await ask(to, {
          method,
          headers: json,
          ...(body ? { body: JSON.stringify(body) } : {}),
        });
        return { status: answer.status, body: answer.status === 204 ? null : await answer.json() };
      };
      const made = await send("POST", "/v1/broadcasts", { broadcastId, title: "Hello" });
      expect([made.status, made.body.state]).toEqual([201, "created"]);
      expect(made.body.urls.whip).toMatch(new RegExp(`^https?://.*${path}/whip$`));
      expect((await send("PATCH", path, { title: "new" })).body).toMatchObject({ title: "new" });
      expect((await send("POST", `${path}/key`)).body.streamKey).not.toBe(made.body.streamKey);
      expect((await send("GET", path)).body).toMatchObject({ title: "new", viewers: 0 });
      expect((await send("POST", `${path}/end`)).body).toMatchObject({ state: "ended" });
      expect((await send("DELETE", path)).status).toBe(204);
      expect(await refusal(ask(path))).toEqual([404, "broadcast_not_found"]);
    });

    it("has an id, its own or a new one, in its answer, refusals too", async () => {
      for (const path of ["/healthz", "/v1/capabilities", "/v1/nothing"]) {
        const own = await ask(path, { headers: { "x-request-id": "request-of-mine" } });
        const other = await ask(path);
        await Promise.all([own.text(), other.text()]);
        expect(own.headers.get("x-request-id")).toBe("request-of-mine");
        expect(other.headers.get("x-request-id")).toMatch(/^[\w-]{8,}$/);
      }
    });
  });

  describe("an answer", () => {
    it("may be read by pages of any origin, unless the operator says otherwise, and a preflight says what they may ask", async () => {
      const origin = "https://app.example";
      const preflight = await ask("/v1/sessions", {
        method: "OPTIONS",
        headers: {
          origin,
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization,content-type",
        },
      });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
      expect(preflight.headers.get("access-control-allow-methods")).toMatch(/POST/);
      expect(preflight.headers.get("access-control-allow-headers")).toMatch(/Authorization/i);
      const answer = await ask("/v1/capabilities", { headers: { origin } });
      await answer.text();
      expect(answer.headers.get("access-control-allow-origin")).toBe("*");
      expect(answer.headers.get("access-control-expose-headers")).toMatch(/X-Request-Id/i);
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    });

    it("with capabilities is cached by its version", async () => {
      const whole = await ask("/v1/capabilities");
      const etag = whole.headers.get("etag") ?? expect.fail("no ETag");
      expect((await whole.json()).version).toBe(JSON.parse(etag.replace(/^W\//, "")));
      const cached = await ask("/v1/capabilities", { headers: { "if-none-match": etag } });
      expect([cached.status, await cached.text()]).toEqual([304, ""]);
    });

    it("tells the public keys of tickets, and no other", async () => {
      const { keys } = await (await ask("/.well-known/jwks.json", { key: "" })).json();
      const own = JSON.parse(instances.cluster.site.env.FAIRLEAD_TICKET_KEYS ?? "").keys;
      const pairs = own.filter(({ kty }: { kty: string }) => kty !== "oct");
      expect(pairs.length).toBe(own.length - 1);
      expect(keys.map(({ kid }: { kid: string }) => kid)).toEqual(
        pairs.map(({ kid }: { kid: string }) => kid),
      );
      for (const key of keys) expect(Object.keys(key)).not.toContain("d");
    });

    it("describes the whole API", async () => {
      const document = await (await ask("/v1/openapi.json")).json();
      expect(Object.keys(document.paths)).toEqual(
        expect.arrayContaining(["/v1/sessions", "/v1/rooms/{room}"]),
      );
    });
  });
}
