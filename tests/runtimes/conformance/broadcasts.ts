import type { BroadcastWithKey } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { SDP_CANDIDATE, sdpOffer } from "../../support/sdp-offer.ts";
import type { Instances } from "./use-instances.ts";

/** Facts about WHIP and WHEP (RFC 9725), which is nothing but HTTP: what runtimes may do to headers, statuses and bodies. */
export function broadcastFacts(instances: Instances): void {
  const ask = (method: string, path: string, { key, ...init }: RequestInit & { key?: string } = {}) =>
    fetch(new URL(path, instances.second.url), {
      method,
      ...init,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(init.headers as object),
      },
    });
  const statusOf = async (answer: Promise<Response>) => {
    const response = await answer;
    await response.text();
    return response.status;
  };
  const offer = (direction: "sendonly" | "recvonly") => ({
    headers: { "content-type": "application/sdp" },
    body: sdpOffer(direction),
  });
  const create = (body = {}) =>
    instances.api<BroadcastWithKey>("POST", "/v1/broadcasts", { visibility: "public", ...body });
  const pathOf = (opened: Response) => new URL(opened.headers.get("location") ?? "").pathname;

  describe("a publisher by WHIP (RFC 9725)", () => {
    it("gets answer, session, entity tag; changes its session and ends it, by whichever instance", async () => {
      const { broadcastId, streamKey: key } = await create();
      const opened = await ask("POST", "/v1/whip", { key, ...offer("sendonly") });
      expect(opened.status).toBe(201);
      expect(opened.headers.get("content-type")).toBe("application/sdp");
      expect(await opened.text()).toMatch(/^a=recvonly/m);
      const path = pathOf(opened);
      expect(path).toMatch(new RegExp(`^/v1/broadcasts/${broadcastId}/whip/[^/]+/[\\w-]{22}$`));
      const etag = opened.headers.get("etag") ?? "";
      expect(etag).toMatch(/^"[^"]+"$/);
      const fragment = { "content-type": "application/trickle-ice-sdpfrag" };
      const patch = (headers: Record<string, string>, body = SDP_CANDIDATE) =>
        ask("PATCH", path, { key, headers: { ...fragment, ...headers }, body });
      expect(await statusOf(patch({}))).toBe(428);
      expect(await statusOf(patch({ "content-type": "application/sdp", "if-match": etag }))).toBe(415);
      expect(await statusOf(patch({ "if-match": etag }, "hello"))).toBe(400);
      expect(await statusOf(patch({ "if-match": '"other"' }))).toBe(412);
      const trickled = await patch({ "if-match": etag });
      expect([trickled.status, await trickled.text(), trickled.headers.get("etag")]).toEqual([204, "", null]);
      const restarted = await patch({ "if-match": "*" }, SDP_CANDIDATE.replace("uFrg", "nExt"));
      expect(restarted.status).toBe(200);
      expect(restarted.headers.get("content-type")).toBe("application/trickle-ice-sdpfrag");
      expect(await restarted.text()).toMatch(/^a=ice-ufrag:/m);
      expect(restarted.headers.get("etag")).not.toBe(etag);
      expect(await statusOf(ask("DELETE", path))).toBe(401);
      expect(await statusOf(ask("DELETE", path, { key, headers: { "if-match": etag } }))).toBe(204);
      expect(await statusOf(ask("DELETE", path, { key }))).toBe(404);
    });

    it("is refused without its key, and with what is no SDP", async () => {
      const { streamKey: key } = await create();
      const refused = await ask("POST", "/v1/whip", offer("sendonly"));
      expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
      await refused.text();
      const json = { headers: { "content-type": "application/json" }, body: "{}" };
      expect(await statusOf(ask("POST", "/v1/whip", { key, ...json }))).toBe(415);
      expect(await statusOf(ask("POST", "/v1/whip", { key, ...offer("sendonly"), body: "hello" }))).toBe(400);
    });
  });

  describe("a viewer by WHEP", () => {
    it("is told when to come again while nothing is live, also without a ticket where that is public", async () => {
      const { broadcastId } = await create();
      const path = `/v1/broadcasts/${broadcastId}/whep`;
      const answer = await ask("POST", path, offer("recvonly"));
      expect([answer.status, answer.headers.get("retry-after")]).toEqual([409, "1"]);
      await answer.text();
      const { broadcastId: other } = await create({ visibility: "private" });
      expect(await statusOf(ask("POST", `/v1/broadcasts/${other}/whep`, offer("recvonly")))).toBe(401);
    });
  });

  describe("endpoints of WHIP and WHEP", () => {
    it("say by OPTIONS what they take, with CORS, and have nothing to read", async () => {
      for (const path of ["/v1/whip", "/v1/broadcasts/any/whip", "/v1/broadcasts/any/whep"]) {
        const options = await ask("OPTIONS", path, {
          headers: { origin: "https://app.example", "access-control-request-method": "POST" },
        });
        expect([options.status, options.headers.get("accept-post")]).toEqual([200, "application/sdp"]);
        expect(options.headers.get("access-control-allow-methods")).toMatch(/POST.*PATCH.*DELETE/);
        const read = await ask("GET", path);
        expect([read.status, await read.text()]).toEqual([204, ""]);
        const wrong = await ask("PUT", path, { key: instances.cluster.apiKey });
        expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST, GET, HEAD"]);
        await wrong.text();
      }
      const session = await ask("OPTIONS", "/v1/broadcasts/any/whip/node/session");
      expect(session.headers.get("accept-patch")).toBe("application/trickle-ice-sdpfrag");
    });
  });
}
