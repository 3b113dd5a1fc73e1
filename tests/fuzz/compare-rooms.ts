import { PeerPage, RoomDetail, RoomOptions } from "@fairlead/protocol";
import { expect } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import type { Model, RoomFacts } from "./model.ts";

/** Compares the model with the rooms that the API lists, and with their bans and mutes in the registry. */
export async function compareRooms(
  cluster: MemoryCluster,
  model: Model,
  rooms: readonly string[],
): Promise<void> {
  for (const room of rooms) expect(await factsOf(cluster, room), room).toEqual(model.factsOf(room));
}

async function factsOf(cluster: MemoryCluster, room: string): Promise<RoomFacts> {
  const record = await cluster.registry.describeRoom(room);
  const facts = {
    options: record?.options ?? RoomOptions.parse({}),
    bannedIdentities: record?.bannedIdentities.toSorted() ?? [],
    bannedTicketIds: record?.bannedTicketIds.toSorted() ?? [],
    mutes: record?.mutes.map(({ identity, source }) => `${identity} ${source}`).sort() ?? [],
  };
  const detail = await cluster.api("GET", `/v1/rooms/${room}`);
  expect(detail.status).toBe(record ? 200 : 404);
  const peers = record?.lease ? await peersOf(cluster, room) : [];
  const producers = peers.flatMap((peer) => peer.producers);
  if (record) {
    const { options, ...counts } = RoomDetail.parse(detail.body);
    expect(options).toEqual(facts.options);
    expect(counts).toMatchObject({ peers: peers.length, producers: producers.length });
  }
  return {
    ...facts,
    peers: peers.map(({ peerId, identity }) => `${peerId} ${identity}`).sort(),
    producers: producers
      .map((some) => `${some.peerId} ${some.producerId} ${some.source} ${some.paused} ${some.muted}`)
      .sort(),
  };
}

async function peersOf(cluster: MemoryCluster, room: string): Promise<PeerPage["peers"]> {
  const peers: PeerPage["peers"] = [];
  let cursor: string | undefined;
  do {
    const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const answer = await cluster.api("GET", `/v1/rooms/${room}/peers${query}`);
    // The room has just been closed for being empty.
    if (answer.status === 404) return [];
    const page = PeerPage.parse(answer.body);
    peers.push(...page.peers);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return peers;
}
