import { describe, expect, it } from "vitest";
import { decide } from "./decide.ts";
import type { Observation, ScaleRules } from "./observation.ts";
import { capacityOf, drainingOf, instanceOf, nodeOf, seen } from "./testing/observations.ts";

const RULES: ScaleRules = {
  ...{ min: 2, max: 20 },
  ...{ startMs: 180_000, settleMs: 600_000, drainMs: 300_000 },
};
const AT_MS = 10_000_000;
const NAMES = ["a", "b", "c", "d"];

/** Ready nodes of these names, each in an instance of its own. */
function fleet(names: readonly string[], given: Partial<Observation> = {}): Observation {
  const nodes = names.map((nodeId, index) => nodeOf(nodeId, { peers: 10 * (index + 1), rooms: 1 }));
  return seen({ nodes, instances: names.map((nodeId) => instanceOf(nodeId)), ...given });
}

const capacity = (neededNodes: number, given: Parameters<typeof capacityOf>[0] = {}) =>
  capacityOf({ atMs: AT_MS, neededNodes, ...given });

/** @returns E.g. `start 2`, `drain a`, in order. */
function actionsOf(observation: Observation, rules: Partial<ScaleRules> = {}): string[] {
  return decide(observation, { ...RULES, ...rules }).actions.map((action) => {
    if (action.do === "start") return `start ${action.count}`;
    if (action.do === "remove") return `remove ${action.instance.id} ${action.why}`;
    return action.do === "undrain" ? `undrain ${action.nodeId} ${action.why}` : `drain ${action.nodeId}`;
  });
}

const findingsIn = (observation: Observation, rules: Partial<ScaleRules> = {}) =>
  decide(observation, { ...RULES, ...rules }).findings.map(({ what }) => what);

describe("a group that needs more", () => {
  const twelve = Array.from({ length: 12 }, (_, index) => `n${index}`);
  it.each<[name: string, Observation, string[]]>([
    ["gets one, of however few", fleet(["a", "b"], { capacity: capacity(5) }), ["start 1"]],
    ["gets a quarter of it at once", fleet(twelve, { capacity: capacity(20) }), ["start 3"]],
    [
      "gets no more than a quarter, those on their way included",
      fleet(twelve, {
        capacity: capacity(20),
        instances: [...twelve.map((id) => instanceOf(id)), instanceOf("x", { ageMs: 5_000 })],
        unlisted: 1,
      }),
      ["start 1"],
    ],
    [
      "gets none for those that are on their way",
      fleet(["a", "b"], { capacity: capacity(3), unlisted: 1 }),
      [],
    ],
    [
      "gets another one for one that did not come in its time",
      fleet(["a", "b"], {
        capacity: capacity(3),
        instances: [instanceOf("a"), instanceOf("b"), instanceOf("x", { ageMs: 180_000 })],
      }),
      ["start 1"],
    ],
    ["gets no more than its most", fleet(twelve, { capacity: capacity(40) }), ["start 3"]],
    ["never falls below its fewest", fleet(["a"], { capacity: capacity(0) }), ["start 1"]],
    ["gets nothing while the driver is away", fleet(NAMES, { capacity: capacity(9), instances: null }), []],
  ])("%s", (_name, observation, expected) => {
    expect(actionsOf(observation)).toEqual(expected);
  });

  it("is held to its most by all that there is: late ones, and those of nobody", () => {
    const observation = fleet(NAMES, {
      capacity: capacity(9),
      instances: [instanceOf("a"), instanceOf("b"), instanceOf("x", { ageMs: 180_000 })],
    });
    expect(actionsOf(observation, { max: 5 })).toEqual([]);
    expect(findingsIn(observation, { max: 5 })).toContain("at_most");
    expect(actionsOf(observation, { max: 6 })).toEqual(["start 1"]);
  });
});

describe("a group that would do with less", () => {
  const idle = { capacity: capacity(3) };

  it("drains the ready node with the fewest peers, one at a time", () => {
    expect(actionsOf(fleet(NAMES, idle))).toEqual(["drain a"]);
    expect(actionsOf(fleet(NAMES, { capacity: capacity(2) }))).toEqual(["drain a"]);
    expect(actionsOf(fleet(NAMES, { capacity: capacity(4) }))).toEqual([]);
  });

  it("keeps its fewest", () => {
    expect(actionsOf(fleet(["a", "b"], { capacity: capacity(2) }))).toEqual([]);
    expect(actionsOf(fleet(NAMES, idle), { min: 4 })).toEqual([]);
  });

  it.each<[name: string, Partial<Observation>]>([
    ["one has come within the last ten minutes", { capacity: came(AT_MS - 599_999) }],
    ["one is on its way", { instances: [...NAMES.map((id) => instanceOf(id)), instanceOf("x")] }],
    ["one is on its way and not listed yet", { unlisted: 1 }],
    ["the driver is away", { instances: null }],
    ["another one still has rooms to hand over, whoever drains it", { nodes: withDraining({ rooms: 1 }) }],
    ["another one's media still flows", { nodes: withDraining({ lingering: 1 }) }],
  ])("lets nobody go while %s", (_name, given) => {
    expect(actionsOf(fleet(NAMES, { capacity: capacity(2), ...given }))).toEqual([]);
  });

  it("waits for no node that an operator keeps drained and empty", () => {
    expect(actionsOf(fleet(NAMES, { capacity: capacity(2), nodes: withDraining({}) }))).toEqual(["drain b"]);
  });

  it("drains no node of somebody else, none that is there twice, and none whose drain failed lately", () => {
    const without = (id: string) => NAMES.filter((name) => name !== id).map((name) => instanceOf(name));
    expect(actionsOf(fleet(NAMES, { ...idle, instances: without("a") }))).toEqual(["drain b"]);
    const twice = [...NAMES.map((name) => instanceOf(name)), { ...instanceOf("a"), id: "other" }];
    expect(actionsOf(fleet(NAMES, { ...idle, instances: twice }))).toEqual(["drain b"]);
    expect(actionsOf(fleet(NAMES, { ...idle, spared: new Set(["a", "b"]) }))).toEqual(["drain c"]);
    const none = fleet(NAMES, { ...idle, spared: new Set(NAMES) });
    expect([actionsOf(none), findingsIn(none)]).toEqual([[], ["nothing_to_drain"]]);
  });

  function came(lastCameAtMs: number) {
    return capacity(2, { lastCameAtMs });
  }
  function withDraining({ rooms = 0, lingering = 0 }) {
    const [, ...others] = NAMES.map((nodeId, index) => nodeOf(nodeId, { peers: 10 * (index + 1) }));
    return [drainingOf("a", { by: null, rooms, lingering }), ...others];
  }
});

describe("a node that the autoscaler drains", () => {
  const draining = (given: Parameters<typeof drainingOf>[1], needed = 3, more: Partial<Observation> = {}) => {
    const [, ...others] = NAMES.map((nodeId) => nodeOf(nodeId, { rooms: 1, peers: 1 }));
    return fleet(NAMES, {
      nodes: [drainingOf("a", given), ...others],
      capacity: capacity(needed),
      ...more,
    });
  };

  it("goes once it has neither rooms nor media that still flows", () => {
    expect(actionsOf(draining({ rooms: 1 }))).toEqual([]);
    expect(actionsOf(draining({ lingering: 1 }))).toEqual([]);
    expect(actionsOf(draining({}))).toEqual(["remove a empty"]);
    expect(actionsOf(draining({}, 2))).toEqual(["remove a empty", "drain b"]);
  });

  it("takes rooms again before anything is started, when it is needed", () => {
    expect(actionsOf(draining({ rooms: 1 }, 4))).toEqual(["undrain a needed"]);
    expect(actionsOf(draining({}, 4))).toEqual(["undrain a needed"]);
    expect(actionsOf(draining({ rooms: 1 }, 6))).toEqual(["undrain a needed", "start 1"]);
    expect(actionsOf(draining({ rooms: 1 }, 4, { instances: null }))).toEqual(["undrain a needed"]);
  });

  it("has another one started in its place where it can't be told", () => {
    const untold = draining({ rooms: 1 }, 4, { spared: new Set(["a"]) });
    expect(actionsOf(untold)).toEqual(["undrain a needed", "start 1"]);
  });

  it("takes rooms again where it can't get rid of them in time, which is told", () => {
    expect(actionsOf(draining({ rooms: 1, forMs: 299_999 }))).toEqual([]);
    const late = draining({ rooms: 1, forMs: 300_000 });
    expect([actionsOf(late), findingsIn(late)]).toEqual([["undrain a unfinished"], ["drain_unfinished"]]);
  });

  it("takes rooms again where the driver can't remove it for as long again, which is told from the first time on", () => {
    const stuck = (forMs: number) => draining({ forMs });
    expect([actionsOf(stuck(300_000)), findingsIn(stuck(300_000))]).toEqual([
      ["remove a empty"],
      ["drain_unfinished"],
    ]);
    expect(actionsOf(stuck(600_000))).toEqual(["undrain a unfinished"]);
  });

  it("stays, and takes rooms again, where no single instance of the driver is known to be it", () => {
    const instances = NAMES.slice(1).map((name) => instanceOf(name));
    const lost = draining({}, 3, { instances });
    expect(actionsOf(lost)).toEqual(["undrain a no_instance"]);
    expect(findingsIn(lost)).toContain("drain_without_instance");
    expect(actionsOf(draining({}, 3, { instances: null }))).toEqual([]);
  });

  it("is told from one that an operator drains, which is neither removed nor taken back", () => {
    expect(actionsOf(draining({ by: null }, 3))).toEqual([]);
    expect(actionsOf(draining({ by: null, rooms: 1 }, 4))).toEqual(["start 1"]);
    expect(actionsOf(draining({ by: "upgrader", forMs: 900_000, rooms: 1 }))).toEqual([]);
  });
});

describe("instances and nodes that do not fit", () => {
  it("one that never came is told, and given up once it was looked at for two starts", () => {
    const late = (silentMs: number, given = {}) =>
      fleet(["a", "b"], {
        capacity: capacity(2),
        instances: [
          instanceOf("a"),
          instanceOf("b"),
          instanceOf("x", { ageMs: 400_000, silentMs, ...given }),
        ],
      });
    expect(findingsIn(late(0))).toEqual(["never_came"]);
    expect(actionsOf(late(359_999))).toEqual([]);
    expect(actionsOf(late(360_000))).toEqual(["remove x never_came"]);
    // Nobody knows what it is called; or the driver could not remove it lately.
    expect(actionsOf(late(360_000, { nodeId: null }))).toEqual([]);
    expect(actionsOf({ ...late(360_000), spared: new Set(["x"]) })).toEqual([]);
  });

  it("one that was heard, and is not any more, is told and given up alike: a successor has not heard it either", () => {
    const silent = (silentMs: number) =>
      fleet(["a", "b"], {
        capacity: capacity(2),
        instances: [instanceOf("a"), instanceOf("b"), instanceOf("x", { hasBeaten: true, silentMs })],
      });
    expect(findingsIn(silent(180_000))).toEqual(["node_silent"]);
    expect(actionsOf(silent(359_999))).toEqual([]);
    expect(actionsOf(silent(360_000))).toEqual(["remove x silent"]);
  });

  it("they are given up one at a time", () => {
    const late = ["x", "y"].map((id) => instanceOf(id, { ageMs: 900_000 }));
    const instances = [instanceOf("a"), instanceOf("b"), ...late];
    expect(actionsOf(fleet(["a", "b"], { capacity: capacity(2), instances }))).toEqual([
      "remove x never_came",
    ]);
  });

  it("nothing is given up while a node beats that the driver does not know: it may be that one", () => {
    const observation = fleet(["a", "b", "y"], {
      capacity: capacity(3),
      instances: [instanceOf("a"), instanceOf("b"), instanceOf("x", { ageMs: 900_000 })],
    });
    expect(actionsOf(observation)).toEqual([]);
    expect(findingsIn(observation)).toEqual(["never_came", "nodes_of_others"]);
  });

  it("a group that nobody knows gets its fewest, where the driver has none", () => {
    const unknown = (instances: Observation["instances"]) => seen({ capacity: null, nodes: [], instances });
    expect(actionsOf(unknown([]))).toEqual(["start 1"]);
    expect(actionsOf(unknown([instanceOf("x", { ageMs: 5_000 })]))).toEqual([]);
    expect(actionsOf(unknown([instanceOf("x"), instanceOf("y")]))).toEqual([]);
    expect(actionsOf(unknown(null))).toEqual([]);
    expect(findingsIn(unknown([]))).toEqual(["group_unknown"]);
  });

  it("a group that nobody knows any more gets its fewest in place of those that fell silent, and these are given up", () => {
    const dead = (silentMs: number) =>
      seen({
        ...{ capacity: null, nodes: [] },
        instances: ["x", "y"].map((id) => instanceOf(id, { hasBeaten: true, silentMs })),
      });
    expect(actionsOf(dead(179_999))).toEqual([]);
    expect(actionsOf(dead(180_000))).toEqual(["start 1"]);
    expect(actionsOf(dead(360_000), { max: 2 })).toEqual(["remove x silent"]);
  });
});

describe("instances whose nodes beat as of another group", () => {
  const old = (id: string) => instanceOf(id, { ageMs: 900_000, hasBeaten: true, silentMs: 0 });
  const elsewhere = new Map([
    ["x", "eu"],
    ["y", "eu"],
  ]);

  it("are told, and never given up, though nobody of the group is heard", () => {
    const strayed = fleet(["a", "b"], {
      ...{ capacity: capacity(2), elsewhere },
      // As a successor sees them.
      instances: [
        old("a"),
        old("b"),
        instanceOf("x", { ageMs: 900_000 }),
        instanceOf("y", { ageMs: 900_000 }),
      ],
    });
    expect([actionsOf(strayed), findingsIn(strayed)]).toEqual([[], ["node_of_other_group"]]);
    const all = seen({ capacity: null, elsewhere, instances: [old("x"), old("y")] });
    expect([actionsOf(all), findingsIn(all)]).toEqual([[], ["group_unknown", "node_of_other_group"]]);
  });

  it("have no others started where the newest is one of them: these would not come either", () => {
    const needy = (x: number) =>
      fleet(["a", "b"], {
        ...{ capacity: capacity(4), elsewhere },
        instances: [old("a"), old("b"), instanceOf("x", { ageMs: x })],
      });
    expect(actionsOf(needy(300_000))).toEqual([]);
    expect(actionsOf(needy(1_000_000))).toEqual(["start 1"]);
    expect(actionsOf(seen({ capacity: null, elsewhere, instances: [old("x")] }))).toEqual([]);
  });

  it("are not drained where a node of the group has the same id", () => {
    const observation = fleet(NAMES, { capacity: capacity(3), elsewhere: new Map([["a", "eu"]]) });
    expect([actionsOf(observation), findingsIn(observation)]).toEqual([["drain b"], ["node_twice"]]);
  });
});

describe("nodes that have lost the bus", () => {
  const eight = Array.from({ length: 8 }, (_, index) => `n${index}`);
  const cutOff = (count: number, wantedFor: string, { ready = 8, needed = 8 } = {}) =>
    fleet(eight, {
      nodes: eight.map((id, index) => nodeOf(id, { busConnected: index >= count })),
      capacity: capacity(needed, {
        wantedFor,
        nodes: { ready, draining: 0, withRooms: 8, lastCameAtMs: null },
      }),
    });

  it.each(["hysteresis", "rooms", "demand"])(
    "have none started in their place while the registry counts on them (%s)",
    (why) => {
      for (const count of [1, 8]) expect(actionsOf(cutOff(count, why))).toEqual([]);
    },
  );

  it("are missed once it does not", () => {
    expect(actionsOf(cutOff(1, "demand", { ready: 7 }))).toEqual(["start 1"]);
    expect(actionsOf(cutOff(1, "refusals", { needed: 9 }))).toEqual(["start 1"]);
  });

  it("undo no drain, and none goes meanwhile", () => {
    const nodes = [
      drainingOf("n0", { rooms: 1 }),
      ...eight.slice(1).map((id) => nodeOf(id, { busConnected: false })),
    ];
    const kept = { nodes: { ready: 7, draining: 1, withRooms: 8, lastCameAtMs: null }, wantedFor: "rooms" };
    expect(actionsOf(fleet(eight, { nodes, capacity: capacity(7, kept) }))).toEqual([]);
    expect(actionsOf(cutOff(8, "demand", { needed: 5 }))).toEqual([]);
  });

  it("and those that another look counts: that no fewer are wanted than there are has nobody started", () => {
    const drained = [drainingOf("n0", { by: null }), ...eight.slice(1).map((id) => nodeOf(id))];
    const given = cutOff(0, "hysteresis");
    expect(actionsOf({ ...given, nodes: drained })).toEqual([]);
  });
});

describe("a node whose removal the driver has taken", () => {
  const removed = (needed: number) => {
    const [, ...others] = NAMES.map((nodeId) => nodeOf(nodeId, { peers: 1, rooms: 1 }));
    const nodes = [drainingOf("a"), ...others];
    return fleet(NAMES, { nodes, capacity: capacity(needed), removed: new Set(["a"]) });
  };

  it("is neither removed again nor undrained: another one is started in its place", () => {
    expect(actionsOf(removed(3))).toEqual([]);
    expect(actionsOf(removed(4))).toEqual(["start 1"]);
    expect(actionsOf(removed(2))).toEqual(["drain b"]);
  });
});
