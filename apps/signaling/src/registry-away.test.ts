import { FairleadError } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import { startScriptedNode } from "@fairlead/signaling/testing";
import { describe, expect, it } from "vitest";
import { startScriptedCluster } from "./testing/start-scripted-cluster.ts";

/** From now on. @returns How often it was asked for a place. */
function takeAway(
  registry: Registry,
  code: "registry_unreachable" | "registry_cold" = "registry_unreachable",
) {
  const asked = { times: 0 };
  registry.place = () => {
    asked.times += 1;
    return Promise.reject(new FairleadError(code, { retryAfterMs: 40 }));
  };
  return asked;
}

describe("while the registry is away", () => {
  it("a running room is joined where its node says that it is", async () => {
    const { join, connect, joinFrame, registry, node } = await startScriptedCluster();
    const { joined } = await join("standup", "ann");
    takeAway(registry);
    const client = await connect();
    client.send(await joinFrame("standup", "bob"));
    expect(await client.next("joined")).toMatchObject({ roomId: "standup", epoch: joined.epoch });
    expect(node.callsTo("room.claim")).toEqual([]);
    expect(node.callsTo("room.owner").map(({ request }) => request)).toEqual([
      { roomId: "standup", peer: { identity: "bob", ticketId: expect.any(String) } },
    ]);
    expect(node.callsTo("room.join").at(-1)?.request).toMatchObject({ debitId: "" });
  });

  it("nobody gets in whom the node knows to be banned", async () => {
    const { join, connect, joinFrame, registry, node } = await startScriptedCluster();
    await join();
    takeAway(registry);
    node.refuseNext("room.owner", "banned");
    const client = await connect();
    client.send(await joinFrame());
    expect(await client.refusal()).toEqual(["banned", 4415]);
  });

  it("a new room goes to the same node from every process, is marked in the log, and is found there", async () => {
    const lines: { event: string; fields: unknown }[] = [];
    const warn = (event: string, fields: unknown) => void lines.push({ event, fields });
    const log = { error: warn, warn, info: () => {}, debug: () => {}, child: () => log };
    const { connect, joinFrame, registry, bus, serve, server, node } = await startScriptedCluster({ log });
    const nodes = [
      node,
      await startScriptedNode(bus, registry, { nodeId: "node-b" }),
      await startScriptedNode(bus, registry, { nodeId: "node-c" }),
    ];
    takeAway(registry);
    const other = await serve();
    const rooms = Array.from({ length: 8 }, (_, index) => `room-${index}`);
    await Promise.all(
      rooms.flatMap((room) =>
        [server.url, other.url].map(async (url) => {
          const client = await connect(url);
          client.send(await joinFrame(room, url));
          await client.next("joined");
        }),
      ),
    );
    const claims = nodes.flatMap((each) =>
      each
        .callsTo("room.claim")
        .map(({ request }) => `${(request as { roomId: string }).roomId} ${each.incarnation}`),
    );
    expect(new Set(claims).size).toBe(rooms.length);
    expect(lines.filter(({ event }) => event === "room.placed").at(0)?.fields).toMatchObject({
      roomId: expect.any(String),
      reason: "rendezvous",
      candidates: [{ load: 0 }, { load: 0 }, { load: 0 }],
    });
  });

  it("neither draining nor full nodes get new rooms, and those of this region come first", async () => {
    const { connect, joinFrame, registry, bus, node } = await startScriptedCluster({ region: "eu" });
    const [draining, full, near] = [
      await startScriptedNode(bus, registry, { nodeId: "node-b", state: "draining", region: "eu" }),
      await startScriptedNode(bus, registry, { nodeId: "node-c", load: null, region: "eu" }),
      await startScriptedNode(bus, registry, { nodeId: "node-d", region: "eu" }),
    ];
    takeAway(registry);
    const enter = async (room: string) => {
      const client = await connect();
      client.send(await joinFrame(room));
      await client.next("joined");
    };
    for (const room of ["a", "b", "c", "d"]) await enter(room);
    expect([draining, full, node].map((each) => each.callsTo("room.claim"))).toEqual([[], [], []]);
    expect(near.callsTo("room.claim")).toHaveLength(4);
    near.kill();
    await enter("e");
    expect(node.callsTo("room.claim")).toHaveLength(1);
  });

  it("the next node is asked when the first refuses, but not when it did not answer: it may have claimed", async () => {
    const { connect, joinFrame, registry, bus, node } = await startScriptedCluster({
      limits: { retryDelaysMs: [] },
    });
    const other = await startScriptedNode(bus, registry, { nodeId: "node-b" });
    takeAway(registry);
    for (const each of [node, other]) each.refuseNext("room.claim", "node_draining");
    const refused = await connect();
    refused.send(await joinFrame());
    expect((await refused.next("error")).error.code).toBe("node_draining");
    for (const each of [node, other]) each.refuseNext("room.claim", "node_timeout");
    refused.send(await joinFrame());
    expect((await refused.next("error")).error.code).toBe("node_timeout");
    expect([...node.callsTo("room.claim"), ...other.callsTo("room.claim")]).toHaveLength(3);
  });

  it("and a node that reaches it says that it is cold, the join waits for it", async () => {
    const { connect, joinFrame, registry, node } = await startScriptedCluster();
    takeAway(registry);
    node.refuseNext("room.claim", "registry_cold");
    const client = await connect();
    client.send(await joinFrame());
    await client.next("joined");
    expect(node.callsTo("room.claim")).toHaveLength(2);
  });

  it("joins do not wait for it once it has failed three times in a row", async () => {
    const { join, registry } = await startScriptedCluster();
    const asked = takeAway(registry);
    for (const identity of ["ann", "bob", "cid", "dan", "eve"]) await join("standup", identity);
    expect(asked.times).toBe(3);
  });
});

describe("while the registry is away and the bus has just come back", () => {
  it("no room is given away, as its node may not be back yet", async () => {
    const limits = { retryDelaysMs: [] };
    const { join, connect, joinFrame, registry, signalingBus, node } = await startScriptedCluster({ limits });
    await join("running", "ann");
    takeAway(registry);
    signalingBus.cut();
    signalingBus.restore();
    await join("running", "bob");
    const client = await connect();
    client.send(await joinFrame("new"));
    expect((await client.next("error")).error.code).toBe("registry_unreachable");
    expect(node.callsTo("room.claim")).toEqual([]);
  });
});

describe("while the registry is cold", () => {
  it("running rooms are joined at once, and new ones when it knows the nodes again", async () => {
    const { join, connect, joinFrame, registry, node } = await startScriptedCluster();
    await join("standup", "ann");
    const place = registry.place.bind(registry);
    const asked = takeAway(registry, "registry_cold");
    await join("standup", "bob");
    expect(asked.times).toBe(1);
    const client = await connect();
    client.send(await joinFrame("new"));
    await expect.poll(() => asked.times).toBeGreaterThan(2);
    registry.place = place;
    await client.next("joined");
    expect(node.callsTo("room.claim")).toEqual([]);
  });
});
