import { type BroadcastRecord, type NodeCallRequest, RoomOptions } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { generateKeySet, issueTicket } from "@fairlead/tickets";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { noHooks } from "../hooks/hooks.ts";
import { openRoom } from "../room/testing/open-room.ts";
import { useTwoCores } from "../room/testing/use-two-cores.ts";
import { SdpSessions } from "../sdp/sdp-sessions.ts";
import { makeOffer } from "../sdp/testing/make-offer.ts";
import { openWhep } from "./open-whep.ts";
import { openWhip } from "./open-whip.ts";
import { RoomBroadcast } from "./room-broadcast.ts";
import type { SdpCallsDeps } from "./sdp-calls-deps.ts";
import { KEY_HASH, recordOf } from "./testing/record-of.ts";

const cores = useTwoCores();
const OFFER = makeOffer({ sections: [{ kind: "audio" }, { kind: "video" }] });
const WATCH = makeOffer({ sections: [{ kind: "audio", direction: "recvonly" }] });

let keys: SdpCallsDeps["keys"];
beforeAll(async () => {
  const [ticketKeys, sessionKeys] = await Promise.all([generateKeySet(), generateKeySet()]);
  keys = { ticketKeys, sessionKeys };
});

async function setUp(settings: Partial<BroadcastRecord> = {}, hooks = noHooks) {
  const { room, clock, surplus, guest } = await openRoom(cores, { kind: "broadcast" });
  const record = recordOf({ visibility: "public", ...settings });
  const registry = createMemoryRegistry({ now: () => clock.nowMs });
  const options = RoomOptions.parse({ kind: "broadcast" });
  await registry.updateRoom("r", { options, broadcast: { write: record, ifRevision: null } });
  const elapsed = () => clock.nowMs;
  const broadcast = new RoomBroadcast({ room, record, registry, hooks, elapsed, onEnded: () => {} });
  room.broadcast = broadcast;
  const seating = { open: 0, isFull: false };
  const take = () => {
    if (seating.isFull) throw refusal("core_full");
    seating.open += 1;
    return { core: guest.core, atMs: 0 };
  };
  const arrivals = { note: vi.fn(), noteGone: vi.fn() };
  const sessions = new SdpSessions();
  const deps = {
    broadcasts: { of: async () => broadcast },
    joins: { openRoom: async () => room },
    seating: { take, takeForViewer: take, giveBack: () => (seating.open -= 1) },
    ...{ hooks, sessions, keys, arrivals, now: Date.now, confirm: async () => {} },
  } as unknown as SdpCallsDeps;
  const placed = { lease: room.lease, options, mutes: [], debitId: "d" };
  const whip = (request: Partial<NodeCallRequest<"whip.open">> = {}) =>
    openWhip({ ...placed, offer: OFFER, keyHash: KEY_HASH, ...request }, deps);
  const whep = (request: Partial<NodeCallRequest<"whep.open">> = {}) =>
    openWhep({ ...placed, offer: WATCH, ticket: null, bearer: null, ...request }, deps);
  return { room, clock, surplus, broadcast, sessions, seating, arrivals, whip, whep };
}

const refusal = (code: string) => expect.objectContaining({ code });

describe("WHIP at the home", () => {
  it("takes a publisher with the key, and frees everything when it goes", async () => {
    const { whip, room, sessions, seating, surplus, arrivals, broadcast } = await setUp();
    const { sessionId } = await whip();
    expect([room.publishers.size, seating.open, broadcast.counts.publisher?.kind]).toEqual([1, 1, "whip"]);
    expect(() => sessions.find(sessionId, { roomId: "r", bearer: "b".repeat(64) })).toThrow(
      refusal("sdp_session_not_found"),
    );
    sessions.find(sessionId, { roomId: "r", bearer: KEY_HASH }).close();
    await expect.poll(() => seating.open).toBe(0);
    expect([room.publishers.size, sessions.size, surplus()]).toEqual([0, 0, []]);
    expect(broadcast.counts.publisher).toBeNull();
    expect(arrivals.noteGone).toHaveBeenCalledWith("d");
  });

  it.each([
    ["another key", { keyHash: "b".repeat(64) }, {}, "stream_key_invalid"],
    ["an ended broadcast", {}, { state: "ended", endedAtMs: 1 } as const, "broadcast_ended"],
    ["what a hook refuses", {}, {}, "hook_refused"],
  ])("refuses %s before anything is made", async (_what, request, settings, code) => {
    const askPublish = vi.fn(async () => Promise.reject(refusal("hook_refused")));
    const { whip, room, surplus, seating } = await setUp(settings, { ...noHooks, askPublish });
    await expect(whip(request)).rejects.toEqual(refusal(code));
    expect([room.publishers.size, surplus(), seating.open]).toEqual([0, [], 0]);
  });

  it("lets the newest take over after two seconds without media, and not by an offer that can't be answered", async () => {
    const { whip, clock, room, sessions, seating } = await setUp();
    const first = await whip();
    await expect(whip()).rejects.toMatchObject({ code: "publisher_active", retryAfterMs: 2_000 });
    clock.nowMs += 2_000;
    await expect(whip({ offer: WATCH })).rejects.toEqual(refusal("sdp_unprocessable"));
    expect(room.publishers.size).toBe(1);
    const second = await whip();
    expect(() => sessions.find(first.sessionId, { roomId: "r", bearer: KEY_HASH })).toThrow();
    expect(sessions.find(second.sessionId, { roomId: "r", bearer: KEY_HASH }).isClosed).toBe(false);
    await expect.poll(() => [room.publishers.size, seating.open]).toEqual([1, 1]);
  });

  it("keeps no place for one that finds no seat", async () => {
    const tellPublishDone = vi.fn();
    const { whip, seating, broadcast } = await setUp({}, { ...noHooks, tellPublishDone });
    seating.isFull = true;
    await expect(whip()).rejects.toEqual(refusal("core_full"));
    expect([broadcast.counts.publisher, tellPublishDone.mock.calls.length]).toEqual([null, 1]);
    seating.isFull = false;
    await whip();
  });

  it("of two at once one comes in", async () => {
    const { whip, room } = await setUp();
    const outcomes = await Promise.allSettled([whip(), whip()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(room.publishers.size).toBe(1);
  });
});

describe("WHEP at the home", () => {
  it("waits for a live broadcast", async () => {
    const { whep, broadcast } = await setUp();
    await expect(whep()).rejects.toEqual(refusal("broadcast_not_live"));
    broadcast.end();
    await expect(whep()).rejects.toEqual(refusal("broadcast_ended"));
  });

  it("lets in only viewers' tickets of this room where the broadcast is private, and no banned ones", async () => {
    const { whep, room } = await setUp({ visibility: "private" });
    const ticketFor = async (input: { room: string; identity: string; role?: "viewer" }) =>
      (await issueTicket(keys.ticketKeys as Awaited<ReturnType<typeof generateKeySet>>, input)).ticket;
    const bob = { room: "r", identity: "bob" };
    await expect(whep()).rejects.toEqual(refusal("ticket_invalid"));
    await expect(whep({ ticket: await ticketFor(bob) })).rejects.toEqual(refusal("ticket_wrong_audience"));
    const elsewhere = await ticketFor({ ...bob, room: "other", role: "viewer" });
    await expect(whep({ ticket: elsewhere })).rejects.toEqual(refusal("ticket_wrong_room"));
    const ticket = await ticketFor({ ...bob, role: "viewer" });
    await expect(whep({ ticket })).rejects.toEqual(refusal("broadcast_not_live"));
    room.bans.add({ identity: "bob" });
    await expect(whep({ ticket })).rejects.toEqual(refusal("banned"));
  });
});
