import { createMemoryBus } from "@fairlead/bus/memory";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { API_KEY, setUpHttp } from "@fairlead/signaling/testing";
import { verifyTicket } from "@fairlead/tickets";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { addDemoRoutes } from "./demo-routes.ts";
import { askDemo } from "./testing/ask-demo.ts";

/** The demo before a real signaling app, and one broadcast that somebody created by it. */
async function setUp(visibility: "private" | "public" = "private") {
  const { signaling, ticketKeys } = await setUpHttp(createMemoryBus(), createMemoryRegistry());
  const app = new Hono();
  const fetch = async (url: string, init: RequestInit) => signaling.app.request(url, init);
  const api = { url: "http://localhost", apiKey: API_KEY, fetch };
  const urlAt = (origin: string) => `rtmp://${new URL(origin).hostname}/live`;
  const rtmp = { urlAt, note: null };
  addDemoRoutes(app, { ticketKeys, api, rtmp, isLan: false, isHttps: false, lanUrls: () => [] });
  const ask = (what: string, body: object, from?: string) =>
    askDemo(app, { path: `/demo/broadcasts${what}`, body: JSON.stringify(body), ...(from ? { from } : {}) });
  const create = async () => (await ask("", { title: "Launch", visibility })).body;
  const created = await create();
  const askFor = (what: string, body: object, from?: string) =>
    ask(`/${created.broadcastId}/${what}`, body, from);
  const askForMeeting = (room: string) =>
    askDemo(app, { path: "/demo/tickets", body: JSON.stringify({ room, name: "Ann" }) });
  return { ask, askFor, askForMeeting, create, created, ticketKeys };
}

const STUDIO_ROUTES = ["studio", "publisher", "ingest", "settings", "key", "end"];
const NO_RIGHT = { status: 401, body: { error: expect.objectContaining({ code: "ticket_invalid" }) } };

describe("a broadcast of the demo", () => {
  it("is run by those who have its secret: they see it, publish, change its key and end it", async () => {
    const { askFor, created, ticketKeys } = await setUp();
    const { broadcastId, secret, streamKey } = created;
    const { body: studio } = await askFor("studio", { secret });
    expect(studio).toMatchObject({
      settings: {
        title: "Launch",
        visibility: "private",
        startsAtMs: null,
        endsAtMs: null,
        maxViewers: null,
      },
      url: "http://localhost:3000",
      whipUrl: `http://localhost:3000/v1/broadcasts/${broadcastId}/whip`,
      rtmpUrl: "rtmp://localhost/live",
    });
    const seen = await verifyTicket(ticketKeys, studio.ticket, { room: broadcastId });
    expect(seen.grants).toMatchObject({ publish: [], subscribe: true, moderate: false });
    const { body: publisher } = await askFor("publisher", { secret });
    const sent = await verifyTicket(ticketKeys, publisher.ticket, { room: broadcastId });
    expect(sent.grants.publish).toEqual(["microphone", "camera", "screen", "screen_audio"]);
    expect((await askFor("key", { secret })).body.streamKey).not.toBe(streamKey);
    expect((await askFor("end", { secret })).status).toBe(200);
  });

  it("is run by nobody else, not with another one's secret or with a viewer's pass either", async () => {
    const { askFor, create, created } = await setUp();
    const other = await create();
    const { pass } = (await askFor("studio", { secret: created.secret })).body.settings;
    for (const secret of ["", "x".repeat(43), other.secret, pass])
      for (const route of STUDIO_ROUTES)
        expect(await askFor(route, { secret }), route).toMatchObject(NO_RIGHT);
  });

  it("has times and a limit that may be changed; one that everybody may watch from now on needs no pass", async () => {
    const { ask, askFor, created } = await setUp();
    const { secret } = created;
    const startsAtMs = Date.now() + 60_000;
    const wish = { title: "Later", startsAtMs, endsAtMs: startsAtMs + 1, maxViewers: 5 };
    expect((await ask("", wish)).status).toBe(200);
    expect((await ask("", { ...wish, endsAtMs: startsAtMs })).status).toBe(400);
    const changes = { startsAtMs, maxViewers: 3, visibility: "public" };
    const { body } = await askFor("settings", { secret, ...changes });
    expect(body).toEqual({ title: "Launch", endsAtMs: null, pass: null, ...changes });
    expect((await askFor("settings", { secret, startsAtMs: null })).body).toEqual({
      ...body,
      startsAtMs: null,
    });
    expect((await askFor("ingest", { secret })).body).toEqual({ publisher: null });
  });

  it("is opened by no ticket for a meeting", async () => {
    const { askForMeeting, created } = await setUp("public");
    expect(await askForMeeting(created.broadcastId)).toMatchObject({
      status: 400,
      body: { error: { code: "invalid_request" } },
    });
    expect((await askForMeeting("standup")).status).toBe(200);
  });

  it("is watched by those who have its pass, as viewers", async () => {
    const { askFor, created, ticketKeys } = await setUp();
    const { pass } = (await askFor("studio", { secret: created.secret })).body.settings;
    const { body } = await askFor("viewer", { pass });
    expect(await verifyTicket(ticketKeys, body.ticket, { room: created.broadcastId })).toMatchObject({
      role: "viewer",
      aud: "fairlead/viewer",
      grants: { publish: [] },
    });
    const path = `http://localhost:3000/v1/broadcasts/${created.broadcastId}`;
    expect(body).toMatchObject({ whepUrl: `${path}/whep`, hlsUrl: `${path}/hls` });
    for (const wrong of [{}, { pass: "x" }, { pass: created.secret }])
      expect(await askFor("viewer", wrong)).toMatchObject(NO_RIGHT);
  });

  it("is watched by everybody if it is public", async () => {
    const { askFor, created } = await setUp("public");
    expect((await askFor("studio", { secret: created.secret })).body.settings.pass).toBeNull();
    expect((await askFor("viewer", {})).status).toBe(200);
  });

  it("is for this computer only, as the demo's tickets are", async () => {
    const { ask, askFor, created } = await setUp("public");
    const refused = { status: 403, body: { error: { code: "grant_missing" } } };
    const wish = { title: "Launch", visibility: "public" };
    expect(await ask("", wish, "192.168.1.9")).toMatchObject(refused);
    for (const route of [...STUDIO_ROUTES, "viewer"])
      expect(await askFor(route, { secret: created.secret }, "192.168.1.9")).toMatchObject(refused);
  });

  it("that nobody created is none", async () => {
    const { ask } = await setUp();
    expect(await ask("/none/viewer", {})).toMatchObject({
      status: 404,
      body: { error: { code: "broadcast_not_found" } },
    });
    expect((await ask("/a%20b/viewer", {})).status).toBe(400);
  });
});
