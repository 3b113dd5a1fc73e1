import { randomId } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { joinFrame, ProtocolClient } from "../support/protocol-client.ts";
import { useMemoryCluster } from "./use-memory-cluster.ts";

/** One core, whose debits are then those of the test. */
let cluster: MemoryCluster;
useMemoryCluster(
  (started) => {
    cluster = started;
  },
  { cores: 1 },
);

/** Each costs 0.4 % of the core: were they to stay open, no room would find place any more. */
const SOCKETS = 15;
const JOINS_PER_SOCKET = 16;
/** A few heartbeats, and far less than debits live that nobody settles. */
const SETTLED = { timeout: 3_000 };

async function debit(): Promise<number> {
  const node = await cluster.nodeStatus();
  return node?.cores[0]?.debit ?? expect.fail("the node is not known");
}

async function refusedJoins(ticket: string): Promise<ProtocolClient> {
  const client = new ProtocolClient(cluster.url);
  await client.connect();
  for (let count = 1; count <= JOINS_PER_SOCKET; count++) {
    client.send({ ...joinFrame({ ticket }), capabilitiesVersion: "old" });
    await client.until(() => client.framesOf("error").length === count, "the refusal");
  }
  return client;
}

describe("no debit stays open", () => {
  it("of joins that are refused: new rooms are placed as before", async () => {
    const room = cluster.newRoom();
    await cluster.join(room, "ann");
    const before = await debit();
    const ticket = await cluster.ticket(room, "eve");
    const clients = await Promise.all(Array.from({ length: SOCKETS }, () => refusedJoins(ticket)));
    const codes = clients.flatMap((client) => client.framesOf("error").map(({ error }) => error.code));
    expect(new Set(codes)).toEqual(new Set(["capabilities_mismatch"]));
    expect(codes).toHaveLength(SOCKETS * JOINS_PER_SOCKET);
    await expect.poll(debit, SETTLED).toBeLessThanOrEqual(before);
    await cluster.join(cluster.newRoom(), "ann");
  });

  it("of joins that are the first one again", async () => {
    const room = cluster.newRoom();
    const options = { ticket: await cluster.ticket(room, "ann"), joinId: randomId() };
    const first = await ProtocolClient.join(cluster.url, options);
    const before = await debit();
    const again = Array.from({ length: 30 }, () => ProtocolClient.join(cluster.url, options));
    const peerIds = (await Promise.allSettled(again)).flatMap((join) =>
      join.status === "fulfilled" ? [join.value.peerId] : [],
    );
    expect(new Set(peerIds)).toEqual(new Set([first.peerId]));
    await expect.poll(debit, SETTLED).toBeLessThanOrEqual(before);
  });
});
