import { callNode } from "@fairlead/bus";
import type { JoinReply, PeerDetail } from "@fairlead/protocol";
import { generateKeySet, issueSessionTicket, issueTicket, type SessionInput } from "@fairlead/tickets";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EVERYTHING } from "../support/clusters/everything.ts";
import { type MemoryCluster, startMemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import type { ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { askToJoin } from "./calls-by-bus.ts";
import { publish } from "./publish.ts";

let cluster: MemoryCluster;
beforeAll(async () => {
  cluster = await startMemoryCluster();
});
afterAll(() => cluster.close());

const JOINED_AT_MS = 1_700_000_000_000;

/** A session ticket as signaling would have given it to `ann` before a move. */
function sessionTicketOf(room: string, other: Partial<SessionInput> = {}, ttlS?: number): Promise<string> {
  const { nodeId: node, incarnation } = cluster.node;
  const place = { room, node, incarnation, epoch: 1, connection: 1, session: "earlier", ticketId: "earlier" };
  const session = { ...place, sub: "ann", peer: "ann-before", joinedAtMs: JOINED_AT_MS, ...other };
  return issueSessionTicket(cluster.sessionKeys, session, { ttlS });
}

const asBefore = { peerId: "ann-before", joinedAtMs: JOINED_AT_MS };

async function peersOf(room: string): Promise<PeerDetail[]> {
  return (await cluster.api("GET", `/v1/rooms/${room}/peers`)).body.peers;
}

/** What others have heard of peers since `from` events. */
const heardOf = (client: ProtocolClient, from: number) =>
  client.events
    .slice(from)
    .map(({ event }) => event)
    .filter(({ name }) => name === "peers.joined" || name === "peer.left" || name === "producer.closed");

async function leaveByBus({ sessionId, connection }: Pick<JoinReply, "sessionId" | "connection">) {
  await callNode(cluster.bus, cluster.node.incarnation, "session.leave", { sessionId, connection });
}

describe("a peer that joins with its previous session's ticket", () => {
  it("has the peer id and the joining time of then, in the reply and for everybody", async () => {
    const room = cluster.newRoom();
    const previousSession = await sessionTicketOf(room);
    const bob = await cluster.join(room, "bob");
    const ann = await cluster.join(room, "ann", { previousSession });
    expect(ann.joined).toMatchObject(asBefore);
    await bob.until(() => bob.view.peers.has("ann-before"), "ann");
    expect(bob.view.peers.get("ann-before")).toMatchObject({ identity: "ann", joinedAtMs: JOINED_AT_MS });
  });

  it("passes both on to its next session", async () => {
    const room = cluster.newRoom();
    const first = await cluster.join(room, "ann");
    const second = await cluster.join(room, "ann", { previousSession: first.sessionTicket });
    const third = await cluster.join(room, "ann", { previousSession: second.sessionTicket });
    const { peerId, joinedAtMs, sessionId } = first.joined;
    expect(third.joined).toMatchObject({ peerId, joinedAtMs });
    expect(third.joined.sessionId).not.toBe(sessionId);
  });

  it("takes its own earlier self's place: others hear that its media ended, and neither of a leave nor of a joining", async () => {
    const room = cluster.newRoom();
    const [ann, bob] = [await cluster.join(room, "ann"), await cluster.join(room, "bob")];
    const producerId = await publish(ann, "microphone", rtpParameters("opus"));
    await bob.until(() => bob.view.producers.has(producerId), "ann's microphone");
    const from = bob.events.length;
    const { peerId, sessionTicket: previousSession } = ann;
    const again = await cluster.join(room, "ann", { previousSession });
    await ann.until(() => ann.isClosed, "the older's end");
    await bob.until(() => !bob.view.producers.has(producerId), "the end of the microphone");
    const marker = await publish(again, "camera", rtpParameters("vp8"));
    await bob.until(() => bob.view.producers.has(marker), "ann's camera");
    expect(again.peerId).toBe(peerId);
    expect(heardOf(bob, from)).toEqual([{ name: "producer.closed", data: { producerId } }]);
  });

  it("by another ticket tells the others its new name under the same id", async () => {
    const room = cluster.newRoom();
    const [ann, bob] = [await cluster.join(room, "ann"), await cluster.join(room, "bob")];
    const from = bob.events.length;
    const input = { room, identity: "ann", name: "Ann the second", grants: EVERYTHING, ttlS: 60 };
    const { ticket } = await issueTicket(cluster.ticketKeys, input);
    const { sessionTicket: previousSession } = ann;
    await askToJoin(cluster, room, { ticket, previousSession });
    await bob.until(() => heardOf(bob, from).length > 0, "the new name");
    const info = { peerId: ann.peerId, name: "Ann the second", joinedAtMs: ann.joined.joinedAtMs };
    expect(heardOf(bob, from)).toMatchObject([{ name: "peers.joined", data: { peers: [info] } }]);
  });

  it("twice at once is one peer, the one that came last", async () => {
    const room = cluster.newRoom();
    const bob = await cluster.join(room, "bob");
    const placement = await cluster.registry.place({ roomId: room });
    const previousSession = await sessionTicketOf(room);
    const joins = await Promise.all(["ann", "ann"].map((name) => cluster.ticket(room, name)));
    const answers = await Promise.allSettled(
      joins.map((ticket) => askToJoin(cluster, room, { ticket, previousSession }, placement)),
    );
    const outcomes = answers.map((answer) => (answer.status === "fulfilled" ? "in" : answer.reason.code));
    expect(outcomes).toContain("in");
    // One that is replaced before it is answered hears so, and not that the room went elsewhere.
    expect(outcomes.filter((outcome) => outcome !== "in" && outcome !== "session_replaced")).toEqual([]);
    const peers = await peersOf(room);
    expect(peers.filter(({ identity }) => identity === "ann")).toMatchObject([asBefore]);
    expect(bob.events.filter(({ event }) => event.name === "peer.left")).toEqual([]);
  });

  it("is not touched by the late leave, acknowledgement or detaching of its earlier session", async () => {
    const room = cluster.newRoom();
    const ticket = await cluster.ticket(room, "ann");
    const previousSession = await sessionTicketOf(room);
    const older = await askToJoin(cluster, room, { ticket, previousSession });
    const newer = await askToJoin(cluster, room, { ticket, previousSession });
    await leaveByBus(older);
    const call = { sessionId: older.sessionId, connection: older.connection };
    for (const late of [
      callNode(cluster.bus, cluster.node.incarnation, "session.detach", call),
      callNode(cluster.bus, cluster.node.incarnation, "session.ack", {
        ...call,
        ack: { position: older.position, resend: true },
      }),
    ])
      await expect(late).rejects.toMatchObject({ code: "session_replaced" });
    expect(await peersOf(room)).toMatchObject([{ ...asBefore, connected: true }]);
    await leaveByBus(newer);
    expect(await peersOf(room)).toEqual([]);
  });

  it("under duplicateIdentity refuse is the same one as the peer that is here, and another session's is not", async () => {
    const room = cluster.newRoom();
    await cluster.api("PUT", `/v1/rooms/${room}`, { duplicateIdentity: "refuse" });
    const ann = await cluster.join(room, "ann");
    const refused = { code: "duplicate_identity" };
    await expect(cluster.join(room, "ann")).rejects.toMatchObject(refused);
    const elsewhere = await sessionTicketOf(room);
    await expect(cluster.join(room, "ann", { previousSession: elsewhere })).rejects.toMatchObject(refused);
    const { peerId, sessionTicket: previousSession } = ann;
    expect((await cluster.join(room, "ann", { previousSession })).peerId).toBe(peerId);
  });
});

describe("a session ticket gives no peer id away", () => {
  const isNew = async (room: string, previousSession: string, identity = "ann") => {
    const peer = await cluster.join(room, identity, { previousSession });
    expect(peer.peerId).not.toBe("ann-before");
    expect(peer.joined.joinedAtMs).toBeGreaterThan(JOINED_AT_MS);
  };

  it("to another identity that has stolen it", async () => {
    const room = cluster.newRoom();
    const ann = await cluster.join(room, "ann", { previousSession: await sessionTicketOf(room) });
    await isNew(room, ann.sessionTicket, "eve");
    const identities = (await peersOf(room)).map(({ identity }) => identity);
    expect(identities.sort()).toEqual(["ann", "eve"]);
  });

  it("to whoever has no valid ticket: the join is refused", async () => {
    const room = cluster.newRoom();
    const previousSession = await sessionTicketOf(room);
    const input = { room, identity: "ann", grants: EVERYTHING, ttlS: 60 };
    const { ticket } = await issueTicket(await generateKeySet(), input);
    const refused = { code: "ticket_unknown_key" };
    await expect(askToJoin(cluster, room, { ticket, previousSession })).rejects.toMatchObject(refused);
  });

  it.each([
    ["of another room", { room: "elsewhere" }],
    ["of a version that did not tell the joining time", { joinedAtMs: undefined }],
  ])("if it is %s", async (_, other) => {
    const room = cluster.newRoom();
    await isNew(room, await sessionTicketOf(room, other));
  });

  it("once it has expired: a page that was frozen for so long comes back as a new peer", async () => {
    const room = cluster.newRoom();
    await isNew(room, await sessionTicketOf(room, {}, -60));
  });

  it("if others signed it", async () => {
    const room = cluster.newRoom();
    const claims = {
      room,
      node: "n",
      incarnation: "i",
      epoch: 1,
      connection: 1,
      session: "s",
      ticketId: "t",
    };
    const session = { ...claims, sub: "ann", peer: "ann-before", joinedAtMs: JOINED_AT_MS };
    await isNew(room, await issueSessionTicket(await generateKeySet(), session));
  });
});
