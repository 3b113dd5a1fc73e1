import { StalledError } from "@fairlead/hls";
import type { BroadcastRecord, RoomRecord } from "@fairlead/protocol";
import { FairleadError } from "@fairlead/protocol";
import { generateKeySet, issueViewTicket } from "@fairlead/tickets";
import { expect, it } from "vitest";
import { createHlsAccess } from "./create-hls-access.ts";

const LIVE: BroadcastRecord = {
  ...{
    title: "",
    visibility: "private",
    startsAtMs: null,
    endsAtMs: null,
    maxViewers: null,
    graceMs: 30_000,
  },
  ...{ revision: 1, keyHashes: ["0".repeat(64)], state: "live", run: 7, createdAtMs: 0, startedAtMs: 0 },
  ...{ interruptedAtMs: null, endedAtMs: null, peakViewers: 0 },
};

/** A private broadcast that is packaged here, and a clock that both sides have. */
async function setUp(broadcast: Partial<BroadcastRecord> = {}) {
  const clock = { nowMs: 1_000_000_000 };
  const keys = await generateKeySet();
  const ended: [string, number][] = [];
  const stored: { next: number | null } = { next: 5 };
  const asked = { aboutViewers: false };
  const registry = {
    record: {
      ...{ roomId: "show", bannedIdentities: [], lease: null, aliveAtMs: clock.nowMs + 3_600_000 },
      broadcast: { ...LIVE, ...broadcast },
    } as unknown as RoomRecord | null,
    isAway: false,
    reads: 0,
    describeRoom: async () => {
      registry.reads += 1;
      if (registry.isAway) throw new FairleadError("registry_unreachable");
      return registry.record;
    },
  };
  const access = createHlsAccess({
    ...{ registry, keys: { ...keys, signer: null }, now: () => clock.nowMs, elapsed: () => clock.nowMs },
    asksAboutViewers: () => asked.aboutViewers,
    segments: {
      nextSequence: async (broadcastId) => (broadcastId === "elsewhere" ? null : stored.next),
      end: async (broadcastId, run) => void ended.push([broadcastId, run]),
    },
  });
  const change = (changed: Partial<BroadcastRecord>, bannedIdentities: string[] = []) => {
    const record = registry.record as RoomRecord;
    registry.record = { ...record, bannedIdentities, broadcast: { ...LIVE, ...broadcast, ...changed } };
    clock.nowMs += 2_000;
  };
  const ticketFor = (room: string, lifeMs = 60_000, sub: string | null = "ann") =>
    issueViewTicket(
      keys,
      { room, jti: "v".repeat(22), ...(sub === null ? {} : { sub }) },
      { expiresAtMs: clock.nowMs + lifeMs, now: () => clock.nowMs },
    );
  const codeOf = async (token: string | null, broadcastId = "show") =>
    access.check(broadcastId, token).then(
      ({ viewId }) => viewId,
      (error) => (error instanceof FairleadError ? error.code : error),
    );
  return { access, clock, registry, stored, asked, ended, change, ticketFor, codeOf };
}

it("a view ticket opens its own broadcast, until it expires, and asks the registry every other second", async () => {
  const { clock, registry, ticketFor, codeOf } = await setUp();
  const ticket = await ticketFor("show");
  for (let request = 0; request < 5; request++) expect(await codeOf(ticket)).toBe("v".repeat(22));
  expect(registry.reads).toBe(1);
  clock.nowMs += 2_000;
  await codeOf(ticket);
  expect(registry.reads).toBe(2);
  clock.nowMs += 120_000;
  expect(await codeOf(ticket)).toBe("ticket_expired");
});

it("what is altered, of another broadcast or of other keys opens nothing", async () => {
  const { registry, ticketFor, codeOf } = await setUp();
  const ticket = await ticketFor("show");
  const [head, claims, signature] = ticket.split(".");
  const altered = Buffer.from(
    Buffer.from(claims ?? "", "base64url")
      .toString()
      .replace("ann", "bob"),
  ).toString("base64url");
  expect(await codeOf(`${head}.${altered}.${signature}`)).toBe("ticket_invalid");
  expect(await codeOf("")).toBe("ticket_invalid");
  expect(await codeOf(await ticketFor("other"))).toBe("ticket_wrong_room");
  expect(await codeOf(await (await setUp()).ticketFor("show"))).toBe("ticket_unknown_key");
  expect(registry.reads).toBe(0);
});

it("a private broadcast is closed to whoever has no ticket, a public one is open", async () => {
  const { change, ticketFor, codeOf } = await setUp();
  expect(await codeOf(null)).toBe("ticket_invalid");
  expect(await codeOf("p-abc")).toBe("ticket_invalid");
  change({ visibility: "public" });
  const anonymous = await ticketFor("show", 60_000, null);
  expect([await codeOf(null), await codeOf("p-abc"), await codeOf(anonymous)]).toEqual([
    "",
    "p-abc",
    "v".repeat(22),
  ]);
  change({ visibility: "private" });
  expect([await codeOf("p-abc"), await codeOf(anonymous)]).toEqual(["ticket_invalid", "ticket_invalid"]);
});

it("a ban ends the viewing session of a ticket", async () => {
  const { change, ticketFor, codeOf } = await setUp();
  const ticket = await ticketFor("show");
  expect(await codeOf(ticket)).toBe("v".repeat(22));
  change({}, ["ann"]);
  expect(await codeOf(ticket)).toBe("banned");
});

it("a preview is not served; what has ended is for a minute, and its end is told to players", async () => {
  const { clock, change, ended, ticketFor, codeOf } = await setUp({ state: "created" });
  const ticket = await ticketFor("show", 600_000);
  expect(await codeOf(ticket)).toBe("broadcast_not_live");
  change({ state: "ended", endedAtMs: clock.nowMs });
  expect(await codeOf(ticket)).toBe("v".repeat(22));
  expect(ended).toEqual([["show", 7]]);
  clock.nowMs += 70_000;
  expect(await codeOf(ticket)).toBe("broadcast_ended");
});

it("while the registry is away its last word counts for a minute, and without one nobody watches", async () => {
  const { clock, registry, ticketFor, codeOf } = await setUp();
  const ticket = await ticketFor("show", 600_000);
  registry.isAway = true;
  expect(await codeOf(ticket)).toBe("registry_unreachable");
  registry.isAway = false;
  expect(await codeOf(ticket)).toBe("v".repeat(22));
  registry.isAway = true;
  clock.nowMs += 50_000;
  expect(await codeOf(ticket)).toBe("v".repeat(22));
  clock.nowMs += 20_000;
  expect(await codeOf(ticket)).toBe("registry_unreachable");
});

it("what only the clock of this process says has ended is refused later than its home ends it, and ends nothing", async () => {
  const { clock, change, ended, ticketFor, codeOf } = await setUp();
  const ticket = await ticketFor("show", 600_000);
  change({ endsAtMs: clock.nowMs });
  expect(await codeOf(ticket)).toBe("v".repeat(22));
  clock.nowMs += 12_000;
  expect(await codeOf(ticket)).toBe("broadcast_ended");
  change({ endsAtMs: null });
  expect(await codeOf(ticket)).toBe("v".repeat(22));
  expect(ended).toEqual([]);
});

it("where viewers are counted or asked about, nobody comes in without the API", async () => {
  const { asked, change, ticketFor, codeOf } = await setUp({ visibility: "public" });
  const anonymous = await ticketFor("show", 60_000, null);
  const codes = async () => [await codeOf(null), await codeOf("p-abc"), await codeOf(anonymous)];
  asked.aboutViewers = true;
  expect(await codes()).toEqual(["ticket_invalid", "ticket_invalid", "v".repeat(22)]);
  asked.aboutViewers = false;
  expect(await codes()).toEqual(["", "p-abc", "v".repeat(22)]);
  change({ maxViewers: 5 });
  expect(await codes()).toEqual(["ticket_invalid", "ticket_invalid", "v".repeat(22)]);
});

it("while a live broadcast has nothing here, as after a new start, players are told to ask again", async () => {
  const { access, stored, change, ticketFor, codeOf } = await setUp();
  const ticket = await ticketFor("show", 600_000);
  stored.next = null;
  const refusal = access.check("show", ticket);
  await expect(refusal).rejects.toThrow(StalledError);
  await expect(refusal).rejects.toMatchObject({ retryAfterMs: 1_000 });
  change({ state: "interrupted" });
  await expect(access.check("show", ticket)).rejects.toThrow(StalledError);
  change({ state: "created" });
  await expect(access.check("show", ticket)).rejects.not.toThrow(StalledError);
  change({ state: "ended" });
  expect(await codeOf(ticket)).toBe("broadcast_ended");
});

it("a view ticket does not open a later broadcast of the same id", async () => {
  const { clock, change, ticketFor, codeOf } = await setUp();
  const ticket = await ticketFor("show", 600_000);
  change({ createdAtMs: clock.nowMs + 9_000 });
  expect(await codeOf(ticket)).toBe("v".repeat(22));
  change({ createdAtMs: clock.nowMs + 12_000 });
  expect(await codeOf(ticket)).toBe("ticket_expired");
});

it("made-up ids ask no registry, and a ticket is verified before it does", async () => {
  const { access, registry, ticketFor, codeOf } = await setUp();
  await expect(access.check("elsewhere", null)).rejects.toThrow(StalledError);
  await expect(access.check("elsewhere", "p-abc")).rejects.toThrow(StalledError);
  expect(await codeOf(await ticketFor("show"), "elsewhere")).toBe("ticket_wrong_room");
  expect(await codeOf("made.up.ticket", "elsewhere")).toBe("ticket_invalid");
  expect(registry.reads).toBe(0);
});
