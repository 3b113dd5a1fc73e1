import { FakeHandler, testFakeParameters } from "mediasoup-client";
import { afterEach, beforeEach, expect, it } from "vitest";
import { forgetCapabilities } from "./connection/capabilities-cache.ts";
import { joinRoom } from "./join-room.ts";
import { ScriptedHttpSignaling } from "./testing/scripted-http-signaling.ts";
import { CAPABILITIES, openedSession } from "./testing/scripted-signaling.ts";

const TICKET = "ticket-of-the-test";
const RESUMED = { type: "resumed", sessionTicket: "session-ticket-after", connection: 2 } as const;
const device = { handlerFactory: FakeHandler.createFactory(testFakeParameters) };

let signaling: ScriptedHttpSignaling;

beforeEach(async () => {
  forgetCapabilities();
  signaling = await ScriptedHttpSignaling.start();
});
afterEach(() => signaling.close());

it("a room is joined, heard, spoken to and left over HTTP where the upgrade to a WebSocket is refused", async () => {
  const joining = joinRoom({ url: signaling.url, ticket: TICKET, device });
  (await signaling.next("GET /v1/capabilities")).answer(200, CAPABILITIES);
  (await signaling.next("GET /v1/connect")).answer(400, "<h1>No WebSockets here</h1>");
  (await signaling.next("POST /v1/sessions")).answer(201, openedSession());
  const room = await joining;
  expect(room).toMatchObject({ peerId: "me", connectionState: "connected", signalingTransport: "http" });

  const events = await signaling.next("GET /v1/sessions/s1/events");
  const joined = new Promise<string>((resolve) => {
    room.on("peer.joined", ({ peer }) => resolve(peer.name));
  });
  events.say(RESUMED);
  const snapshot = [
    { name: "snapshot.started", data: { roomId: "room", peerId: "me", grants: room.grants } },
    {
      name: "peers.joined",
      data: { peers: [{ peerId: "p1", identity: "ann", name: "Ann", metadata: "", joinedAtMs: 0 }] },
    },
    { name: "snapshot.ended", data: {} },
  ] as const;
  for (const [index, event] of snapshot.entries())
    events.say({ type: "event", position: `1:${index + 1}`, event: event as never });
  expect(await joined).toBe("Ann");

  const muting = room.mutePeer("p1", "microphone", true);
  const sent = await signaling.next("POST /v1/sessions/s1/commands");
  const [mute] = sent.frames.filter((frame) => frame.type === "command");
  expect(mute).toMatchObject({ name: "peer.mute", data: { peerId: "p1", muted: true } });
  sent.answer(200, { frames: [{ type: "reply", id: mute?.id ?? 0, ok: true, data: {} }] });
  await muting;

  const leaving = room.leave();
  (await signaling.next("DELETE /v1/sessions/s1")).answer(204, null);
  await leaving;
  await events.closed;
  expect(room.connectionState).toBe("closed");
});

it("nothing but HTTP is tried if the app says so", async () => {
  const joining = joinRoom({ url: signaling.url, ticket: TICKET, device, transport: "http" });
  (await signaling.next("GET /v1/capabilities")).answer(200, CAPABILITIES);
  (await signaling.next("POST /v1/sessions")).refuse("banned");
  await expect(joining).rejects.toMatchObject({ code: "banned" });
  expect(signaling.waiting).toBe(0);
});
