import { callNode } from "@fairlead/bus";
import { type CommandName, type JoinReply, RoomOptions, randomId } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { askToJoin, commandByBus } from "./calls-by-bus.ts";
import { expectAgreement } from "./expect-agreement.ts";
import { useMemoryCluster } from "./use-memory-cluster.ts";

/** Calls that reach the node within one turn of its event loop: they go over the bus, as sockets would spread them. */
let cluster: MemoryCluster;
useMemoryCluster((started) => {
  cluster = started;
});

const ROOM = { router: 1 };
const OBSERVED = { rtp_observer: 2 };
const TRANSPORTS = 2;
const NOBODY = { peers: 0 };

/** Both ends agree, and what is there belongs to who is there. */
async function expectResources(room: string, resources: Record<string, number>) {
  await expect.poll(() => cluster.resourcesOf(room)).toEqual({ ...ROOM, ...resources });
  expect(await cluster.node.dump()).toEqual(cluster.ledger());
}

async function askAll(room: string, identities: string[], joinId?: string) {
  const tickets = await Promise.all(identities.map((identity) => cluster.ticket(room, identity)));
  await cluster.join(room, "first");
  const joins = tickets.map((ticket) => askToJoin(cluster, room, { ticket, joinId: joinId ?? randomId() }));
  const results = await Promise.allSettled(joins);
  const codes = results.map((result) => (result.status === "fulfilled" ? "ok" : result.reason.code));
  return {
    codes,
    replies: results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : [])),
  };
}

const command = (joined: JoinReply, id: number, name: CommandName, data: unknown) =>
  commandByBus(cluster, joined, id, name, data);

const microphone = () => ({ kind: "audio", source: "microphone", rtpParameters: rtpParameters("opus") });

describe("joins at once", () => {
  it("into a room for two: one gets in, and those refused leave nothing behind", async () => {
    const room = cluster.newRoom();
    await cluster.registry.updateRoom(room, {
      options: RoomOptions.parse({ maxPeers: 2 }),
    });
    const { codes } = await askAll(room, ["ann", "bob", "cleo"]);
    expect(codes.sort()).toEqual(["ok", "room_full", "room_full"]);
    await expectResources(room, { transport: 2 * TRANSPORTS });
  });

  it("of one identity: the last one stays", async () => {
    const room = cluster.newRoom();
    await askAll(room, ["ann", "ann", "ann"]);
    expect((await cluster.room(room)).peers).toBe(2);
    await expectResources(room, { transport: 2 * TRANSPORTS });
  });

  it("of one identity where the newer is refused: one gets in, and the others leave nothing behind", async () => {
    const room = cluster.newRoom();
    await cluster.registry.updateRoom(room, {
      options: RoomOptions.parse({ duplicateIdentity: "refuse" }),
    });
    const { codes } = await askAll(room, ["ann", "ann", "ann"]);
    expect(codes.sort()).toEqual(["duplicate_identity", "duplicate_identity", "ok"]);
    await expectResources(room, { transport: 2 * TRANSPORTS });
  });

  it("with one joinId and ticket are one join, also where the newer of an identity is refused", async () => {
    const room = cluster.newRoom();
    await cluster.registry.updateRoom(room, {
      options: RoomOptions.parse({ duplicateIdentity: "refuse" }),
    });
    const ticket = await cluster.ticket(room, "ann");
    const joinId = randomId();
    const ask = () => askToJoin(cluster, room, { ticket, joinId });
    const [one, two] = await Promise.all([ask(), ask()]);
    expect(two.peerId).toBe(one.peerId);
    expect(two.sessionId).toBe(one.sessionId);
    expect((await ask()).peerId).toBe(one.peerId);
    await expectResources(room, { transport: TRANSPORTS });
  });

  it("with the lease of a room that the API has closed do not open it again", async () => {
    const room = cluster.newRoom();
    const ticket = await cluster.ticket(room, "ann");
    const placement = await cluster.registry.place({ roomId: room });
    await askToJoin(cluster, room, { ticket }, placement);
    expect((await cluster.api("DELETE", `/v1/rooms/${room}`)).status).toBe(204);
    const late = askToJoin(cluster, room, { ticket }, placement);
    await expect(late).rejects.toMatchObject({ code: "lease_lost" });
    expect(cluster.resourcesOf(room)).toEqual({});
    await cluster.join(room, "ann");
    expect((await cluster.room(room)).placement?.epoch).toBeGreaterThan(placement.lease.epoch);
  });

  it("while the room is closed get in or don't, and leave nothing behind", async () => {
    for (let round = 0; round < 20; round++) {
      const room = cluster.newRoom();
      const ticket = await cluster.ticket(room, "ann");
      const { lease } = await cluster.registry.place({ roomId: room });
      const join = askToJoin(cluster, room, { ticket });
      // Each round hits another moment of the join.
      await new Promise((resolve) => setTimeout(resolve, round / 4));
      const close = { roomId: room, epoch: lease.epoch };
      const closed = callNode(cluster.bus, lease.incarnation, "room.close", close);
      await Promise.allSettled([join, closed]);
      const { peers } = await callNode(cluster.bus, lease.incarnation, "room.describe", close).catch(
        () => NOBODY,
      );
      expect(cluster.resourcesOf(room).transport ?? 0).toBe(peers * TRANSPORTS);
    }
    await expectAgreement(cluster);
  });
});

describe("a peer that leaves while its command is on its way", () => {
  it("leaves no producer", async () => {
    const room = cluster.newRoom();
    const { replies } = await askAll(room, ["ann"]);
    const ann = replies[0] ?? expect.fail();
    const made = command(ann, 1, "producer.create", microphone());
    await Promise.all([made, command(ann, 2, "session.leave", {})]);
    expect(await made).toMatchObject({ ok: false, error: { code: "session_gone" } });
    expect(await cluster.room(room)).toMatchObject({ peers: 1, producers: 0, consumers: 0 });
    await expectResources(room, { transport: TRANSPORTS });
  });

  it("leaves no data producer", async () => {
    const room = cluster.newRoom();
    const { replies } = await askAll(room, ["ann"]);
    const ann = replies[0] ?? expect.fail();
    const data = { label: "chat", sctpStreamParameters: { streamId: 1 } };
    const made = command(ann, 1, "data_producer.create", data);
    await Promise.all([made, command(ann, 2, "session.leave", {})]);
    expect(await made).toMatchObject({ ok: false, error: { code: "session_gone" } });
    await expectResources(room, { transport: TRANSPORTS });
  });

  it("leaves no consumer", async () => {
    const room = cluster.newRoom();
    const first = await cluster.join(room, "speaker");
    await first.command("producer.create", { ...microphone(), kind: "audio", source: "microphone" });
    await first.command("data_producer.create", { label: "chat", sctpStreamParameters: { streamId: 1 } });
    for (let round = 0; round < 10; round++) {
      const ticket = await cluster.ticket(room, "ann");
      const ann = await askToJoin(cluster, room, { ticket, autoSubscribe: round % 2 === 0 });
      const subscribe = { producerIds: [...first.view.producers.keys()] };
      const subscribed = command(ann, 1, "producers.subscribe", subscribe);
      await Promise.all([subscribed, command(ann, 2, "session.leave", {})]);
    }
    await expectResources(room, { transport: TRANSPORTS, producer: 1, data_producer: 1, ...OBSERVED });
  });

  it("leaves no consumer of a producer that closed meanwhile either", async () => {
    const room = cluster.newRoom();
    const { replies } = await askAll(room, ["ann"]);
    const ann = replies[0] ?? expect.fail();
    const listener = await cluster.join(room, "listener");
    const data = { label: "chat", sctpStreamParameters: { streamId: 1 } };
    const [made, madeData] = await Promise.all([
      command(ann, 1, "producer.create", microphone()),
      command(ann, 2, "data_producer.create", data),
    ]);
    expect([made.ok, madeData.ok]).toEqual([true, true]);
    await command(ann, 3, "session.leave", {});
    await expectResources(room, { transport: 2 * TRANSPORTS, ...OBSERVED });
    await listener.until(() => listener.view.peers.size === 2, "Ann left");
    expect(listener.view.consumers.size + listener.view.dataConsumers.size).toBe(0);
  });
});
