import { type PeerDetail, PeerPage } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { joinFrame } from "../support/protocol-client.ts";
import { askToJoin } from "./calls-by-bus.ts";
import { useMemoryCluster } from "./use-memory-cluster.ts";

let cluster: MemoryCluster;
useMemoryCluster(
  (started) => {
    cluster = started;
  },
  // One identity joins as fast as it can.
  { budgets: { joins: { burst: 1e9, perSecond: 1e9 } } },
);

const ban = (room: string, identity: string) => cluster.api("PUT", `/v1/rooms/${room}/bans/${identity}`);

async function peersIn(room: string): Promise<PeerDetail[]> {
  return PeerPage.parse((await cluster.api("GET", `/v1/rooms/${room}/peers`)).body).peers;
}

async function identitiesIn(room: string): Promise<string[]> {
  return (await peersIn(room)).map(({ identity }) => identity);
}

/** In the room, or replaced by a newer join of the same identity before the answer was sent. */
const LET_IN = [201, 409];

/** Joins one after another, by sessions over HTTP, until one is refused. @returns The statuses. */
async function keepJoining(room: string, identity: string): Promise<number[]> {
  const statuses: number[] = [];
  const ticket = await cluster.ticket(room, identity);
  while (LET_IN.includes(statuses.at(-1) ?? 201)) {
    const { type: _, ...join } = joinFrame({ ticket });
    const response = await fetch(`${cluster.url}/v1/sessions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(join),
    });
    statuses.push(response.status);
    await response.body?.cancel();
  }
  return statuses;
}

describe("a ban, once it is answered,", () => {
  it.each(Array.from({ length: 12 }, (_, round) => round))(
    "has nobody of the identity in the room, whose joins never stop (%i)",
    async (round) => {
      const room = cluster.newRoom();
      await cluster.join(room, "ann");
      const joining = Array.from({ length: 4 }, () => keepJoining(room, "mallory"));
      // The ban meets the joins at another point in each round.
      for (let turns = 0; turns < round; turns += 1) await identitiesIn(room);
      expect((await ban(room, "mallory")).status).toBe(204);
      expect(await identitiesIn(room)).toEqual(["ann"]);
      for (const statuses of await Promise.all(joining)) expect(statuses.at(-1)).toBe(403);
      expect(await identitiesIn(room)).toEqual(["ann"]);
    },
  );

  it("holds against a join that was placed before it, in a room that is not open yet", async () => {
    const { room, placement, ticket } = await placed();
    // So that the node learns nothing from the room's record.
    cluster.node.registryLink.cut();
    try {
      expect((await ban(room, "mallory")).status).toBe(204);
      await expect(askToJoin(cluster, room, { ticket }, placement)).rejects.toMatchObject({ code: "banned" });
    } finally {
      cluster.node.registryLink.restore();
    }
  });

  it("no longer holds there when it was lifted meanwhile", async () => {
    const { room, placement, ticket } = await placed();
    await ban(room, "mallory");
    expect((await cluster.api("DELETE", `/v1/rooms/${room}/bans/mallory`)).status).toBe(204);
    await askToJoin(cluster, room, { ticket }, placement);
    expect(await identitiesIn(room)).toEqual(["mallory"]);
  });

  it("by a moderator has nobody of the identity in the room either", async () => {
    const room = cluster.newRoom();
    const bob = await cluster.join(room, "bob");
    const joining = keepJoining(room, "mallory");
    // Each join takes the place of the one before, so the moderator may well name one that is out already.
    const remove = async () => {
      const peers = await peersIn(room);
      const peerId = peers.find(({ identity }) => identity === "mallory")?.peerId ?? "none yet";
      return bob.command("peer.remove", { peerId, reason: "rude" }).then(
        () => "removed",
        ({ code }) => code,
      );
    };
    await expect.poll(remove, { interval: 1 }).toBe("removed");
    expect(await identitiesIn(room)).toEqual(["bob"]);
    expect((await joining).at(-1)).toBe(403);
    expect(await identitiesIn(room)).toEqual(["bob"]);
  });
});

/** A join that has found its place, and has not come to the node yet. */
async function placed() {
  const room = cluster.newRoom();
  const placement = await cluster.registry.place({ roomId: room });
  return { room, placement, ticket: await cluster.ticket(room, "mallory") };
}
