import { describe, expect, it } from "vitest";
import type { ProcessCluster } from "../support/clusters/start-process-cluster.ts";
import { expectConsistent } from "./expect-nothing-left.ts";
import { useProcessCluster } from "./use-process-cluster.ts";

const GRACE_MS = 4_000;
/** Longer than the grace time, and than three proofs of life of a peer with a socket. */
const LONGER_THAN_GRACE_MS = 10_000;
/** Longer than a node lives without a heartbeat. */
const AWAY_MS = 4_000;

const chaos = useProcessCluster({ name: "nats", env: { FAIRLEAD_GRACE_MS: `${GRACE_MS}` } });

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const movesLogged = ({ nodes }: ProcessCluster) =>
  nodes.flatMap(({ log }) => log).filter(({ msg }) => msg === "room.moved").length;

describe("NATS", () => {
  it("is restarted at once: no living node's room moves", async () => {
    const meeting = await chaos.meet();
    const before = await meeting.state();
    await chaos.cluster.nats.restart();
    await meeting.expectConnected();
    await meeting.expectUndisturbed(before);
    expect(movesLogged(chaos.cluster)).toBe(0);
    await expectConsistent(chaos.cluster, { rooms: 1, peers: 3 });
  });

  it("is away for longer than the grace time: media flows, peers see `reconnecting`, all resume", async () => {
    const meeting = await chaos.meet();
    const before = await meeting.state();
    await chaos.cluster.nats.kill();
    const states = async () => (await meeting.tab.facts()).map(({ state }) => state);
    await expect.poll(states, { timeout: 20_000 }).toEqual(Array(3).fill("reconnecting"));
    await pause(LONGER_THAN_GRACE_MS);
    await meeting.expectMedia();
    await chaos.cluster.nats.restart();
    await meeting.expectConnected();
    await meeting.expectUndisturbed(before);
    await expectConsistent(chaos.cluster, { rooms: 1, peers: 3 });
  });
});

describe("NATS and Redis are both away", () => {
  it.each(["redis", "nats"] as const)("and come back, %s first: media flows, all resume", async (first) => {
    const { nats, redis } = chaos.cluster;
    const meeting = await chaos.meet();
    const before = await meeting.state();
    await Promise.all([nats.kill(), redis.signal("SIGKILL")]);
    await pause(AWAY_MS);
    await meeting.expectMedia();
    const [one, other] = first === "redis" ? [redis, nats] : [nats, redis];
    await one.restart();
    await pause(AWAY_MS);
    await other.restart();
    await meeting.expectConnected();
    await meeting.expectUndisturbed(before);
    await expectConsistent(chaos.cluster, { rooms: 1, peers: 3 });
  });
});
