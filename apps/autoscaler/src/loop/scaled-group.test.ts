import { type ErrorCode, FairleadError, type NodeStatus } from "@fairlead/protocol";
import type { LogFields, Logger } from "@fairlead/telemetry";
import { expect, it } from "vitest";
import { capacityOf, drainingOf, nodeOf } from "../decide/testing/observations.ts";
import type { NodeInstance } from "../drivers/node-driver.ts";
import { ScaledGroup } from "./scaled-group.ts";

const RULES = {
  ...{ min: 2, max: 9 },
  ...{ startMs: 60_000, settleMs: 0, drainMs: 10_000 },
};

function setUp({ mayAct = (): boolean => true } = {}) {
  const clock = { ms: 0 };
  const done: string[] = [];
  const lines: string[] = [];
  const driver = {
    instances: [] as NodeInstance[] | Error,
    startFails: false,
    listTakesMs: 0,
    list: async () => {
      clock.ms += driver.listTakesMs;
      if (driver.instances instanceof Error) throw driver.instances;
      return driver.instances;
    },
    start: async (count: number) => {
      done.push(`start ${count}`);
      if (driver.startFails) throw new Error("nobody knows");
    },
    remove: async ({ id }: NodeInstance, stillActs: () => boolean) => {
      if (driver.removeFails) throw new Error("it says no");
      done.push(`remove ${id}${stillActs() ? "" : " too late"}`);
    },
    removeFails: false,
    close: async () => {},
  };
  /** Of the node, as it answers itself. */
  const drained = { rooms: 0, by: "autoscaler" as string | undefined, error: null as ErrorCode | null };
  const tell = (word: string) => async (nodeId: string, options?: { by?: string }) => {
    done.push(`${word} ${nodeId} by ${options?.by}`);
    if (drained.error) throw new FairleadError(drained.error);
    const { rooms, by } = drained;
    return { nodeId, state: "draining" as const, rooms, ...(by === undefined ? {} : { by }) };
  };
  /** Of which the API knows, whatever the registry says. */
  const known = new Set<string>();
  const read = async (nodeId: string) => {
    if (!known.has(nodeId)) throw new FairleadError("node_not_found");
    return {} as NodeStatus;
  };
  const note =
    (level: string) =>
    (event: string, fields: LogFields = {}) =>
      void lines.push(`${level} ${event} ${fields.what ?? ""}`.trim());
  const log: Logger = {
    ...{ error: note("error"), warn: note("warn"), info: note("info"), debug: () => {} },
    child: () => log,
  };
  const group = new ScaledGroup({
    ...{ group: "default", rules: RULES, driver, log, mayAct },
    nodes: { drain: tell("drain"), undrain: tell("undrain"), read },
    metrics: { count: () => {}, observe: () => {} },
    ...{ now: () => clock.ms, wallNow: () => clock.ms },
  });
  const instance = (id: string) => ({ id, nodeId: id, askedAtMs: 0 });
  /** A look, a second after the last one. */
  const step = async (given: Parameters<typeof capacityOf>[0], nodes: ReturnType<typeof nodeOf>[]) => {
    clock.ms += 1_000;
    done.splice(0);
    await group.step(capacityOf({ atMs: clock.ms, ...given }), nodes);
    return [...done];
  };
  return { clock, driver, drained, known, lines, group, instance, step };
}

const PAIR = [nodeOf("a"), nodeOf("b")];
const LESS = { neededNodes: 2 };

it("asks once for what is needed, though the driver does not list it at once", async () => {
  const { driver, clock, instance, step } = setUp();
  driver.instances = [instance("a"), instance("b")];
  expect(await step({ neededNodes: 3 }, PAIR)).toEqual(["start 1"]);
  expect(await step({ neededNodes: 3 }, PAIR)).toEqual([]);
  clock.ms += 60_000;
  expect(await step({ neededNodes: 3 }, PAIR)).toEqual(["start 1"]);
});

it("waits a while before it asks again after a start of which nobody knows", async () => {
  const { driver, clock, instance, step } = setUp();
  driver.instances = [instance("a"), instance("b")];
  driver.startFails = true;
  expect(await step({ neededNodes: 3 }, PAIR)).toEqual(["start 1"]);
  expect(await step({ neededNodes: 3 }, PAIR)).toEqual([]);
  clock.ms += 10_000;
  expect(await step({ neededNodes: 3 }, PAIR)).toEqual(["start 1"]);
});

it("drains, asks the node itself whether it is empty, and removes it: a successor does the rest", async () => {
  const first = setUp();
  first.driver.instances = ["a", "b", "c"].map(first.instance);
  expect(await first.step(LESS, [...PAIR, nodeOf("c")])).toEqual(["drain a by autoscaler"]);
  const { driver, drained, instance, step } = setUp();
  driver.instances = ["a", "b", "c"].map(instance);
  const nodes = [drainingOf("a"), nodeOf("b"), nodeOf("c")];
  drained.rooms = 1;
  expect(await step(LESS, nodes)).toEqual(["drain a by autoscaler"]);
  drained.rooms = 0;
  drained.by = undefined;
  expect(await step(LESS, nodes)).toEqual(["drain a by autoscaler"]);
  drained.by = "autoscaler";
  expect(await step(LESS, nodes)).toEqual(["drain a by autoscaler", "remove a"]);
});

it("says so where a drain is an operator's, or nobody's name was kept", async () => {
  const { driver, drained, lines, instance, step } = setUp();
  driver.instances = ["a", "b", "c"].map(instance);
  drained.by = undefined;
  await step(LESS, [...PAIR, nodeOf("c")]);
  expect(lines).toContain("error scale.drain_unmarked");
});

it("spares a node whose drain came to nothing", async () => {
  const { driver, lines, clock, instance, step } = setUp();
  driver.instances = ["a", "b", "c"].map(instance);
  const late = drainingOf("a", { forMs: 10_000, rooms: 1 });
  expect(await step(LESS, [late, nodeOf("b"), nodeOf("c")])).toEqual(["undrain a by autoscaler"]);
  expect(lines).toContain("warn scale.finding drain_unfinished");
  expect(await step(LESS, [nodeOf("a"), nodeOf("b"), nodeOf("c")])).toEqual(["drain b by autoscaler"]);
  clock.ms += 60_000;
  expect(await step(LESS, [nodeOf("a"), nodeOf("b"), nodeOf("c")])).toEqual(["drain a by autoscaler"]);
});

it("starts another one where the node can't be told that it is needed", async () => {
  const { driver, drained, instance, step } = setUp();
  driver.instances = ["a", "b", "c"].map(instance);
  const nodes = [drainingOf("a", { rooms: 1 }), ...["b", "c"].map((name) => nodeOf(name))];
  drained.error = "node_unreachable";
  expect(await step({ neededNodes: 3 }, nodes)).toEqual(["undrain a by autoscaler"]);
  expect(await step({ neededNodes: 3 }, nodes)).toEqual(["undrain a by autoscaler", "start 1"]);
});

it("does nothing upon what is older than the last, or half of it; then goes on from there", async () => {
  const { driver, group, clock, instance, step } = setUp();
  driver.instances = [instance("a"), instance("b")];
  await step({ neededNodes: 2 }, PAIR);
  expect(await step({ neededNodes: 5, atMs: clock.ms - 3_600_000 }, PAIR)).toEqual([]);
  expect(await step({ neededNodes: 5, atMs: clock.ms - 3_599_000 }, PAIR)).toEqual(["start 1"]);
  group.lose();
  expect(await step({ neededNodes: 5 }, [])).toEqual([]);
});

it("does nothing once it has lost the role, between two actions too", async () => {
  let turns = 1;
  const { driver, instance, step } = setUp({ mayAct: () => turns-- > 0 });
  driver.instances = ["a", "b", "c"].map(instance);
  const nodes = [drainingOf("a"), nodeOf("b"), nodeOf("c")];
  // Asked, and not removed.
  expect(await step(LESS, nodes)).toEqual(["drain a by autoscaler"]);
  expect(await step(LESS, nodes)).toEqual([]);
});

it("lets the driver ask before each step whether it still acts", async () => {
  let turns = 2;
  const { driver, instance, step } = setUp({ mayAct: () => turns-- > 0 });
  driver.instances = ["a", "b", "c"].map(instance);
  expect(await step(LESS, [drainingOf("a"), ...["b", "c"].map((name) => nodeOf(name))])).toEqual([
    "drain a by autoscaler",
    "remove a too late",
  ]);
});

it("has a node removed once, though the driver takes its time; a need meanwhile has another one started", async () => {
  const { driver, clock, instance, step } = setUp();
  driver.instances = ["a", "b", "c"].map(instance);
  const nodes = [drainingOf("a"), nodeOf("b"), nodeOf("c")];
  const removal = ["drain a by autoscaler", "remove a"];
  expect(await step(LESS, nodes)).toEqual(removal);
  expect(await step(LESS, nodes)).toEqual([]);
  expect(await step({ neededNodes: 3 }, nodes)).toEqual(["start 1"]);
  clock.ms += 60_000;
  expect(await step(LESS, nodes)).toEqual(removal);
});

it("gives up what beats nowhere: in no group, and not just now either", async () => {
  const { driver, known, clock, group, instance, step } = setUp();
  driver.instances = ["a", "b", "x"].map(instance);
  await step(LESS, PAIR);
  clock.ms += 120_000;
  await group.step(capacityOf({ atMs: clock.ms, ...LESS }), PAIR, new Map([["x", "eu"]]));
  clock.ms += 120_000;
  known.add("x");
  expect(await step(LESS, PAIR)).toEqual([]);
  known.clear();
  expect(await step(LESS, PAIR)).toEqual(["remove x"]);
});

it("does not try for ever to give up one that the driver can't remove", async () => {
  const { driver, clock, lines, instance, step } = setUp();
  driver.instances = ["a", "b", "x", "y"].map(instance);
  driver.removeFails = true;
  await step(LESS, PAIR);
  clock.ms += 120_000;
  await step(LESS, PAIR);
  driver.removeFails = false;
  expect(await step(LESS, PAIR)).toEqual(["remove y"]);
  expect(lines.filter((line) => line.startsWith("warn scale.failed"))).toHaveLength(1);
});

it("drains no further node for a while where a drain bears nobody's name", async () => {
  const { driver, drained, instance, step } = setUp();
  const names = ["a", "b", "c", "d"];
  driver.instances = names.map(instance);
  drained.by = undefined;
  await step(
    LESS,
    names.map((name) => nodeOf(name)),
  );
  const nodes = [drainingOf("a", { by: null }), ...["b", "c", "d"].map((name) => nodeOf(name))];
  expect(await step(LESS, nodes)).toEqual([]);
});

it("blames the node that says no, and none while the API fails", async () => {
  const { driver, drained, instance, step } = setUp();
  driver.instances = ["a", "b", "c"].map(instance);
  const drainOf = () => step(LESS, [...PAIR, nodeOf("c")]);
  drained.error = "bus_disconnected";
  expect([await drainOf(), await drainOf()]).toEqual([["drain a by autoscaler"], ["drain a by autoscaler"]]);
  drained.error = "node_unreachable";
  expect([await drainOf(), await drainOf()]).toEqual([["drain a by autoscaler"], ["drain b by autoscaler"]]);
});

it("starts and removes nothing upon a signal that has grown old while the driver was asked", async () => {
  const { driver, instance, step } = setUp();
  driver.instances = ["a", "b"].map(instance);
  driver.listTakesMs = 20_001;
  expect(await step({ neededNodes: 3 }, PAIR)).toEqual([]);
  driver.listTakesMs = 19_000;
  expect(await step({ neededNodes: 3 }, PAIR)).toEqual(["start 1"]);
});

it("tells once that the driver is away, and that it is back", async () => {
  const { driver, lines, step } = setUp();
  driver.instances = new Error("away");
  for (let look = 0; look < 3; look += 1) expect(await step({ neededNodes: 5 }, PAIR)).toEqual([]);
  driver.instances = [];
  await step({ neededNodes: 2 }, []);
  await step({ neededNodes: 2 }, PAIR);
  expect(lines.filter((line) => line.includes("driver_away"))).toEqual([
    "warn scale.finding driver_away",
    "info scale.finding_over driver_away",
  ]);
});
