import { describe, expect, it } from "vitest";
import { whyNoNamespaces } from "../support/processes/network-namespace.ts";
import { skipBecause } from "../support/skip-because.ts";
import { expectConsistent, expectNoSurplus } from "./expect-nothing-left.ts";
import { useProcessCluster } from "./use-process-cluster.ts";

const noNamespaces = whyNoNamespaces();
const chaos = useProcessCluster({
  name: "node",
  cores: 2,
  nodes: [{}, { link: "relayed" }, { link: noNamespaces === null ? "namespace" : "direct" }],
});

describe("a media node", () => {
  it("dies (SIGKILL): its room goes on elsewhere; it comes back as another incarnation", async () => {
    const meeting = await chaos.meet({ nodeId: "node-1" });
    const before = await meeting.state();
    const node = chaos.cluster.node("node-1");
    const incarnation = await chaos.incarnationOf("node-1");

    await node.kill();
    await meeting.expectBack(before);
    expect((await meeting.node()).name).not.toBe("node-1");
    expect((await meeting.state()).epoch).toBeGreaterThan(before.epoch ?? 0);

    await node.restart();
    await chaos.untilWhole();
    expect(await chaos.incarnationOf("node-1")).not.toBe(incarnation);
    await expectConsistent(chaos.cluster, { rooms: 1, peers: 3 });
  });

  it("hangs (SIGSTOP): its room goes on elsewhere; awake again it yields, and nothing is served twice", async () => {
    const meeting = await chaos.meet({ nodeId: "node-1" });
    const before = await meeting.state();
    const node = chaos.cluster.node("node-1");

    node.signalGroup("SIGSTOP");
    await meeting.expectBack(before);
    const moved = await meeting.state();
    node.signalGroup("SIGCONT");
    await chaos.untilWhole();
    await expectConsistent(chaos.cluster, { rooms: 1, peers: 3 });
    await meeting.expectUndisturbed(moved);
    expect((await meeting.node()).name).not.toBe("node-1");
  });

  it("loses its network: its room goes on elsewhere; connected again it yields", async (test) => {
    skipBecause(noNamespaces, test);
    const meeting = await chaos.meet({ nodeId: "node-3" });
    const before = await meeting.state();
    const { network } = chaos.cluster.node("node-3");

    network?.dropPackets();
    await meeting.expectBack(before);
    const moved = await meeting.state();
    network?.restore();
    await chaos.untilWhole();
    await expectConsistent(chaos.cluster, { rooms: 1, peers: 3 });
    await meeting.expectUndisturbed(moved);
  });

  it("is cut from NATS only: its room moves, though it beats; nobody is served twice", async () => {
    const meeting = await chaos.meet({ nodeId: "node-2" });
    const before = await meeting.state();
    const { nats } = chaos.cluster.node("node-2");

    nats?.cut();
    await meeting.expectBack(before);
    expect((await meeting.node()).name).not.toBe("node-2");
    // It hears of it by its heartbeat, and serves the room no longer, although nobody could tell it by NATS.
    await expectConsistent(chaos.cluster, { rooms: 1, peers: 3 });
    const moved = await meeting.state();
    nats?.restore();
    await chaos.untilWhole();
    await meeting.expectUndisturbed(moved);
  });

  it.each([
    ["dies (SIGKILL)", "SIGKILL"],
    ["hangs (SIGSTOP)", "SIGSTOP"],
  ] as const)("has a worker that %s: its room goes on on another core", async (_, signal) => {
    const meeting = await chaos.meet({ nodeId: "node-1" });
    const before = await meeting.state();
    const { placement } = await chaos.cluster.room(meeting.room);
    const worker = chaos.cluster.node("node-1").workerPids()[placement?.core ?? 0] ?? 0;

    process.kill(worker, signal);
    await meeting.expectBack(before);
    const after = (await chaos.cluster.room(meeting.room)).placement;
    expect([after?.nodeId, after?.core]).not.toEqual([placement?.nodeId, placement?.core]);
    expect(after?.epoch).toBeGreaterThan(before.epoch ?? 0);
    await chaos.untilWhole();
    await expectConsistent(chaos.cluster, { rooms: 1, peers: 3 });
  });

  it("leaves no surplus, over all of this", () => expectNoSurplus(chaos.cluster));
});
