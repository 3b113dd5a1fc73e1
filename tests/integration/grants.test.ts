import { callNode } from "@fairlead/bus";
import {
  type CommandName,
  type ErrorCode,
  type Grants,
  type ReplyFrame,
  RoomOptions,
  randomId,
} from "@fairlead/protocol";
import { generateKeySet, issueSessionTicket, issueTicket, type SessionInput } from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import type { MemoryCluster, TicketOptions } from "../support/clusters/start-memory-cluster.ts";
import { type JoinOptions, joinFrame } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { askToJoin, commandByBus } from "./calls-by-bus.ts";
import { useMemoryCluster } from "./use-memory-cluster.ts";

let cluster: MemoryCluster;
useMemoryCluster((started) => {
  cluster = started;
});

const joinByBus = (room: string, options: JoinOptions) => askToJoin(cluster, room, options);

async function refusalOf(join: Promise<unknown>): Promise<ErrorCode> {
  return join.then(
    () => expect.fail("was admitted"),
    (error) => error.code,
  );
}

async function sendAlone(room: string, grants: Partial<Grants>, name: CommandName, data: unknown) {
  const joined = await joinByBus(room, { ticket: await cluster.ticket(room, "eve", { grants }) });
  return commandByBus(cluster, joined, 1, name, data);
}

const GRANT_MISSING = expect.objectContaining({
  ok: false,
  error: expect.objectContaining({ code: "grant_missing" }),
}) as ReplyFrame;

describe("a node refuses by itself, with grant_missing,", () => {
  it.each([
    ["camera", "video", "vp8"],
    ["screen", "video", "vp9"],
    ["screen_audio", "audio", "opus"],
  ] as const)("publishing %s with a ticket for the microphone only", async (source, kind, codec) => {
    const data = { kind, source, rtpParameters: rtpParameters(codec) };
    const grants: Partial<Grants> = { publish: ["microphone"] };
    expect(await sendAlone(cluster.newRoom(), grants, "producer.create", data)).toEqual(GRANT_MISSING);
  });

  it("subscribing", async () => {
    const data = { producerIds: ["any"] };
    const grants = { subscribe: false };
    expect(await sendAlone(cluster.newRoom(), grants, "producers.subscribe", data)).toEqual(GRANT_MISSING);
  });

  it("sending data", async () => {
    const data = { label: "chat", sctpStreamParameters: { streamId: 1 } };
    const grants = { data: false };
    expect(await sendAlone(cluster.newRoom(), grants, "data_producer.create", data)).toEqual(GRANT_MISSING);
  });

  it.each([
    ["peer.mute", { source: "microphone", muted: true }],
    ["peer.remove", {}],
  ] as const)("%s", async (name, data) => {
    const room = cluster.newRoom();
    const ann = await cluster.join(room, "ann");
    const request = { ...data, peerId: ann.peerId };
    expect(await sendAlone(room, { moderate: false }, name, request)).toEqual(GRANT_MISSING);
    expect(ann.isConnected).toBe(true);
  });
});

it("a peer that may not subscribe gets no consumer, though it asks for all", async () => {
  const room = cluster.newRoom();
  const ann = await cluster.join(room, "ann");
  const eve = await cluster.join(room, "eve", { grants: { subscribe: false } });
  const bob = await cluster.join(room, "bob");
  const data = { kind: "audio", source: "microphone", rtpParameters: rtpParameters("opus") } as const;
  await ann.command("producer.create", data);
  await bob.until(() => bob.view.consumers.size === 1, "Bob's consumer");
  expect((await cluster.room(room)).consumers).toBe(1);
  expect(eve.view.consumers.size).toBe(0);
});

describe("a ticket handed straight to the node is refused", () => {
  const ticketFor = (room: string, options?: TicketOptions) => cluster.ticket(room, "eve", options);

  it("tampered with: ticket_invalid", async () => {
    const room = cluster.newRoom();
    const [header, payload = "", signature] = (await ticketFor(room, { grants: { publish: [] } })).split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    claims.grants.publish = ["camera"];
    const forged = Buffer.from(JSON.stringify(claims)).toString("base64url");
    const ticket = [header, forged, signature].join(".");
    expect(await refusalOf(joinByBus(room, { ticket }))).toBe("ticket_invalid");
  });

  it("of another key: ticket_unknown_key", async () => {
    const room = cluster.newRoom();
    const grants: Grants = { publish: [], subscribe: true, data: false, moderate: false };
    const foreign = await issueTicket(await generateKeySet(), { room, identity: "eve", grants, ttlS: 60 });
    expect(await refusalOf(joinByBus(room, foreign))).toBe("ticket_unknown_key");
  });

  it("for another room: ticket_wrong_room", async () => {
    const ticket = await ticketFor(cluster.newRoom());
    expect(await refusalOf(joinByBus(cluster.newRoom(), { ticket }))).toBe("ticket_wrong_room");
  });

  it("expired: ticket_expired; not yet valid: ticket_not_yet_valid", async () => {
    const room = cluster.newRoom();
    const expired = await expiredTicket(room);
    expect(await refusalOf(joinByBus(room, { ticket: expired.ticket }))).toBe("ticket_expired");
    const early = await ticketFor(room, { notBefore: Date.now() / 1_000 + 50 });
    expect(await refusalOf(joinByBus(room, { ticket: early }))).toBe("ticket_not_yet_valid");
  });

  it("with stale capabilities: capabilities_mismatch, with the fresh ones", async () => {
    const room = cluster.newRoom();
    const { lease, debitId } = await cluster.registry.place({ roomId: room });
    const { type: _, ...join } = joinFrame({ ticket: await ticketFor(room) });
    const request = { sessionId: randomId(), lease, debitId, mutes: [], options: RoomOptions.parse({}) };
    const stale = { ...request, join: { ...join, capabilitiesVersion: "old" } };
    await expect(callNode(cluster.bus, lease.incarnation, "room.join", stale)).rejects.toMatchObject({
      code: "capabilities_mismatch",
      detail: { capabilities: { version: join.capabilitiesVersion } },
    });
  });
});

describe("an expired ticket with the session ticket of an earlier session", () => {
  it("of the same admission is accepted", async () => {
    const room = cluster.newRoom();
    const { ticket, session } = await expiredTicket(room);
    const previousSession = await issueSessionTicket(cluster.sessionKeys, session);
    expect(await joinByBus(room, { ticket, previousSession })).toMatchObject({ roomId: room });
  });

  it.each([
    ["another ticket", { ticketId: "other" }],
    ["another identity", { sub: "mallory" }],
    ["another room", { room: "elsewhere" }],
  ])("of %s proves nothing", async (_, other) => {
    const room = cluster.newRoom();
    const { ticket, session } = await expiredTicket(room);
    const previousSession = await issueSessionTicket(cluster.sessionKeys, { ...session, ...other });
    expect(await refusalOf(joinByBus(room, { ticket, previousSession }))).toBe("ticket_expired");
  });

  it("that has expired itself is refused", async () => {
    const room = cluster.newRoom();
    const { ticket, session } = await expiredTicket(room);
    const anHourAgo = () => Date.now() - 3_600_000;
    const previousSession = await issueSessionTicket(cluster.sessionKeys, session, {
      ttlS: 60,
      now: anHourAgo,
    });
    expect(await refusalOf(joinByBus(room, { ticket, previousSession }))).toBe("ticket_expired");
  });

  it("signed by others is refused", async () => {
    const room = cluster.newRoom();
    const { ticket, session } = await expiredTicket(room);
    const previousSession = await issueSessionTicket(await generateKeySet(), session);
    expect(await refusalOf(joinByBus(room, { ticket, previousSession }))).toBe("ticket_expired");
  });
});

/** A ticket that ended an hour ago, and the session that it opened. */
async function expiredTicket(room: string): Promise<{ ticket: string; session: SessionInput }> {
  const grants: Grants = { publish: [], subscribe: true, data: false, moderate: false };
  const twoHoursAgo = () => Date.now() - 7_200_000;
  const input = { room, identity: "ann", grants, ttlS: 3_600 };
  const { ticket, claims } = await issueTicket(cluster.ticketKeys, input, { now: twoHoursAgo });
  const { nodeId: node, incarnation } = cluster.node;
  const place = { room, node, incarnation, epoch: 1, connection: 1 };
  return { ticket, session: { ...place, sub: "ann", session: "s", peer: "p", ticketId: claims.jti } };
}
