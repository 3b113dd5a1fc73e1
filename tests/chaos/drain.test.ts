import { describe, expect, it } from "vitest";
import { freePort } from "../support/servers/free-port.ts";
import { expectConsistent, expectNoSurplus } from "./expect-nothing-left.ts";
import { useProcessCluster } from "./use-process-cluster.ts";

const ROOMS = 12;
const HTTP_PORT = await freePort();
const chaos = useProcessCluster({
  name: "drain",
  nodes: [{ env: { FAIRLEAD_HTTP_PORT: `${HTTP_PORT}` } }, {}],
  cores: 2,
});

const askNode = async (path: string) => (await fetch(`http://127.0.0.1:${HTTP_PORT}${path}`)).status;

/** Rooms of one peer without media each, on one node; the peers follow their rooms as the SDK would. */
async function fill(nodeId: string) {
  const { cluster } = chaos;
  const rooms = Array.from({ length: ROOMS }, () => cluster.newRoom());
  const clients = await Promise.all(
    rooms.map(async (room) => {
      await cluster.api("PUT", `/v1/rooms/${room}`, { nodeId });
      const client = await cluster.join(room, "ann");
      await cluster.api("PUT", `/v1/rooms/${room}`, {});
      return client;
    }),
  );
  return {
    rejoinAll: () =>
      Promise.all(
        clients.map(async (client) => {
          await client.until(() => client.framesOf("moved").length > 0, "moved");
          await client.rejoin();
        }),
      ),
    leaveAll: async () => {
      await Promise.all(clients.map((client) => client.leave()));
      await Promise.all(rooms.map((room) => cluster.api("DELETE", `/v1/rooms/${room}`)));
    },
  };
}

describe("a node under load", () => {
  it("gets SIGTERM: its rooms move, sockets stay open, and it ends by itself", async () => {
    const meeting = await chaos.meet({ nodeId: "node-1" });
    const others = await fill("node-1");
    const before = await meeting.state();
    const sockets = await meeting.tab.sockets();
    const node = chaos.cluster.node("node-1");

    const ended = node.kill("SIGTERM");
    await Promise.all([meeting.expectBack(before), others.rejoinAll(), ended]);
    expect(await node.ended()).toBe(0);
    expect((await meeting.node()).name).toBe("node-2");
    const { facts } = await meeting.state();
    expect(facts.map(({ moves }) => moves.length)).toEqual([1, 1, 1]);
    expect(await meeting.tab.sockets()).toBe(sockets);
    await expectConsistent(chaos.cluster, { rooms: ROOMS + 1, peers: ROOMS + 3 });

    await node.restart();
    await chaos.untilWhole();
    await others.leaveAll();
  });

  it("is drained by the API: it takes no room until that is cancelled", async () => {
    const { cluster } = chaos;
    const meeting = await chaos.meet({ nodeId: "node-1" });
    const before = await meeting.state();

    expect(await askNode("/readyz")).toBe(200);
    await cluster.api("POST", "/v1/nodes/node-1/drain");
    expect(await askNode("/readyz")).toBe(503);
    expect(await askNode("/livez")).toBe(200);
    await meeting.expectBack(before);
    expect((await meeting.node()).name).toBe("node-2");
    expect((await cluster.listNodes()).find(({ nodeId }) => nodeId === "node-1")?.state).toBe("draining");

    await cluster.api("DELETE", "/v1/nodes/node-1/drain");
    await chaos.untilWhole();
    const again = await chaos.meet({ nodeId: "node-1" });
    expect((await again.node()).name).toBe("node-1");
  });

  it("leaves no surplus, over all of this", () => expectNoSurplus(chaos.cluster));
});
