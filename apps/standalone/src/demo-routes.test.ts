import { generateKeySet, verifyTicket } from "@fairlead/tickets";
import { Hono } from "hono";
import { beforeAll, describe, expect, it } from "vitest";
import { addDemoRoutes, type DemoOptions } from "./demo-routes.ts";
import { type Asking, askDemo } from "./testing/ask-demo.ts";

let ticketKeys: DemoOptions["ticketKeys"];
beforeAll(async () => {
  ticketKeys = await generateKeySet();
});

const BODY = JSON.stringify({ room: "standup", name: " Ann " });

const api = { url: "http://localhost", apiKey: "not-asked-here" };

function appOf({ isLan = false } = {}) {
  const app = new Hono();
  const lanUrls = () => ["http://192.168.1.7:3000"];
  const rtmp = { urlAt: () => null, note: null };
  addDemoRoutes(app, { ticketKeys, api, rtmp, isLan, isHttps: false, lanUrls });
  return app;
}

const ask = ({ isLan = false, ...asking }: Partial<Asking> & { isLan?: boolean } = {}) =>
  askDemo(appOf({ isLan }), { path: "/demo/tickets", body: BODY, ...asking });

const REFUSED = { status: 403, body: { error: expect.objectContaining({ code: "grant_missing" }) } };

describe("the demo's tickets", () => {
  it("grant everything in the room that was asked for", async () => {
    const { status, body } = await ask();
    expect(status).toBe(200);
    expect(body.url).toBe("http://localhost:3000");
    expect(await verifyTicket(ticketKeys, body.ticket, { room: "standup" })).toMatchObject({
      name: "Ann",
      grants: { publish: ["microphone", "camera", "screen", "screen_audio"], moderate: true },
    });
  });

  it("give one tab the same identity each time, which does not tell the tab's secret, and another tab another", async () => {
    const subjectOf = async (person: string) => {
      const { body } = await ask({ body: JSON.stringify({ room: "standup", name: "Ann", person }) });
      return (await verifyTicket(ticketKeys, body.ticket)).sub;
    };
    const [first, again, other] = [
      await subjectOf("a".repeat(32)),
      await subjectOf("a".repeat(32)),
      await subjectOf("b".repeat(32)),
    ];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect(first).not.toContain("aaaa");
  });

  it.each(["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])("are given to %s", async (from) => {
    expect((await ask({ from })).status).toBe(200);
  });

  it.each(["192.168.1.9", "::ffff:192.168.1.9", "128.0.0.1", "2001:db8::1"])(
    "are refused to %s, unless the LAN may have them",
    async (from) => {
      expect(await ask({ from })).toMatchObject(REFUSED);
      expect((await ask({ from, isLan: true })).status).toBe(200);
    },
  );

  it.each(["http://127.0.0.1:3000", "http://[::1]:3000", "https://192.168.1.7:3000"])(
    "are given to a page of %s",
    async (url) => {
      expect((await ask({ url })).status).toBe(200);
    },
  );

  it.each(["http://evil.example:3000", "http://localhost.evil.example", "http://127.0.0.1.evil.example"])(
    "are refused to a page of %s, though it comes from here",
    async (url) => {
      expect(await ask({ url })).toMatchObject(REFUSED);
      expect(await ask({ url, isLan: true })).toMatchObject(REFUSED);
    },
  );

  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])(
    "are refused to what another site can send without asking: %s",
    async (contentType) => {
      expect(await ask({ contentType })).toMatchObject(REFUSED);
    },
  );

  it.each([
    "{",
    "null",
    '{"room":"a b","name":"Ann"}',
    '{"room":"standup","name":"  "}',
    '{"room":"standup","name":"\u200b\u2060"}',
  ])("are refused for the body %s", async (body) => {
    expect(await ask({ body })).toMatchObject({
      status: 400,
      body: { error: { code: "invalid_request" } },
    });
  });

  it("are refused for a body that is too long", async () => {
    const app = appOf();
    const body = JSON.stringify({ room: "standup", name: "Ann", pad: "x".repeat(5_000) });
    const headers = { "content-type": "application/json", "content-length": String(body.length) };
    const response = await app.request("http://localhost/demo/tickets", { method: "POST", body, headers });
    expect(response.status).toBe(413);
  });
});
