import type { NodeStatus } from "@fairlead/protocol";
import { FairleadError } from "@fairlead/protocol";
import { silentLogger } from "@fairlead/telemetry";
import { expect, it } from "vitest";
import { capacityOf } from "../decide/testing/observations.ts";
import { Autoscaler } from "./autoscaler.ts";
import { ScaledGroup } from "./scaled-group.ts";

const RULES = { min: 2, max: 9, startMs: 60_000, settleMs: 0, drainMs: 60_000 };
const MINUTES = 20;

/** Groups with one driver that lists the instances of all of them, each looked at every minute. @returns What the driver was told. */
async function lookForLong(groupOf: Record<string, string>, scaled: readonly string[]): Promise<string[]> {
  const clock = { ms: 0 };
  const told: string[] = [];
  const driver = {
    list: async () => Object.keys(groupOf).map((id) => ({ id, nodeId: id, askedAtMs: 0 })),
    start: async (count: number) => void told.push(`start ${count}`),
    remove: async ({ id }: { id: string }) => void told.push(`remove ${id}`),
    close: async () => {},
  };
  const away = async () => {
    throw new FairleadError("node_not_found");
  };
  const clocks = { now: () => clock.ms, wallNow: () => clock.ms };
  const groups = scaled.map(
    (group) =>
      new ScaledGroup({
        ...{ group, rules: RULES, driver, log: silentLogger, mayAct: () => true, ...clocks },
        nodes: { drain: away, undrain: away, read: away },
        metrics: { count: () => {}, observe: () => {} },
      }),
  );
  const registry = {
    listGroups: async () =>
      [...new Set(Object.values(groupOf))].map((group) => capacityOf({ group, atMs: clock.ms })),
    listNodes: async () => ({ items: Object.entries(groupOf).map(([id, group]) => statusOf(id, group)) }),
  };
  const role = { isHeld: true, holder: "one" };
  const autoscaler = new Autoscaler({
    registry,
    groups,
    role,
    everyMs: 1,
    log: silentLogger,
    now: clocks.now,
  });
  for (let minute = 0; minute < MINUTES; minute += 1) {
    clock.ms += 60_000;
    await autoscaler.look();
    await autoscaler.close();
  }
  return told;
}

function statusOf(nodeId: string, group: string): NodeStatus {
  return {
    ...{ nodeId, incarnation: nodeId, group, region: "default", labels: [], version: "", cores: [] },
    ...{ state: "ready", busConnected: true, networkLoad: 0, lastBeatMs: 0 },
    capacity: { maxPeers: null, networkBps: 1 },
  };
}

it("two groups whose driver lists the nodes of both start and remove nothing of each other's", async () => {
  expect(await lookForLong({ a: "eu", b: "eu", x: "us", y: "us" }, ["eu", "us"])).toEqual([]);
});

it("a group all of whose nodes beat as of another one has none started in their place, and keeps them", async () => {
  expect(await lookForLong({ a: "eu", b: "eu" }, ["default"])).toEqual([]);
});
