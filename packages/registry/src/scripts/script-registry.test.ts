import type { Heartbeat } from "@fairlead/protocol";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { HeartbeatReply } from "../registry.ts";
import type { ScriptPort } from "./script-port.ts";
import { ScriptRegistry } from "./script-registry.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

function beatOf(nodeId: string): Heartbeat {
  return {
    nodeId,
    incarnation: `${nodeId}-run`,
    state: "ready",
    busConnected: true,
    region: "",
    labels: [],
    version: "1",
    networkLoad: 0,
    cores: [{ core: 0, cpuLoad: 0, rooms: 0, peers: 0, consumers: 0, usable: true }],
    settledDebits: [],
    observedCosts: [],
    suspects: [],
    capacity: { maxPeers: null, networkBps: 1 },
    leases: { count: 0, epochSum: 0, named: [] },
  };
}

const ANSWER = ["1", "", "", "", "", "0", "", "", "500"];
const UNREACHABLE = { code: "registry_unreachable" };

/** Over a port that answers when the test says so. */
function setUp() {
  const sent: PromiseWithResolvers<unknown>[] = [];
  const port: ScriptPort = {
    run: () => {
      const answer = Promise.withResolvers<unknown>();
      sent.push(answer);
      return answer.promise;
    },
    time: async () => 0,
    probe: async () => {},
    evictionPolicy: async () => null,
    close: async () => {},
  };
  return { registry: new ScriptRegistry(port, { now: () => 1 }), sent };
}

it("sends no heartbeat while the node's last one is unanswered, though it was given up; its late answer is told", async () => {
  const { registry, sent } = setUp();
  const late: HeartbeatReply[] = [];
  const first = expect(registry.heartbeat(beatOf("a"), (reply) => late.push(reply))).rejects.toMatchObject(
    UNREACHABLE,
  );
  await vi.advanceTimersByTimeAsync(1_000);
  await first;
  await expect(registry.heartbeat(beatOf("a"))).rejects.toMatchObject(UNREACHABLE);
  expect(sent).toHaveLength(1);
  sent[0]?.resolve(ANSWER);
  await vi.advanceTimersByTimeAsync(0);
  expect(late).toMatchObject([{ leasesDiffer: true }]);
  const next = registry.heartbeat(beatOf("a"));
  await vi.advanceTimersByTimeAsync(0);
  sent[1]?.resolve(ANSWER);
  expect(await next).toMatchObject({ leasesDiffer: true });
  expect(late).toHaveLength(1);
});

it("sends one again once the connection of the last is gone, and another node's meanwhile", async () => {
  const { registry, sent } = setUp();
  const first = expect(registry.heartbeat(beatOf("a"))).rejects.toMatchObject(UNREACHABLE);
  void registry.heartbeat(beatOf("b")).catch(() => {});
  await vi.advanceTimersByTimeAsync(1_000);
  await first;
  expect(sent).toHaveLength(2);
  sent[0]?.reject(new Error("the connection was closed"));
  await vi.advanceTimersByTimeAsync(0);
  void registry.heartbeat(beatOf("a")).catch(() => {});
  await vi.advanceTimersByTimeAsync(0);
  expect(sent).toHaveLength(3);
});
