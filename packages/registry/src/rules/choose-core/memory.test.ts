import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coreLoadPpm } from "../core-load/memory.ts";
import { NodePools } from "../node-pools/memory.ts";
import { explainChoice } from "../place/memory.ts";
import { DEFAULT_POLICY, type PlacementCore, type PlacementNode, type PlacementWish } from "../policy.ts";
import { type Choice, chooseCore } from "./memory.ts";

const NOW_MS = 1_000_000;

function coreOf(core: number, given: Partial<PlacementCore>): PlacementCore {
  return { core, usable: true, cpuPpm: 0, debitPpm: 0, growthPpm: 0, ...given };
}

/** A living, idle node of one core per load, in permille, but for what is given. */
function node(nodeId: string, permille: number[], options: Partial<PlacementNode> = {}): PlacementNode {
  const cores = permille.map((load, core) => coreOf(core, { cpuPpm: load * 1_000 }));
  return {
    nodeId,
    incarnation: `${nodeId}-run`,
    state: "ready",
    busConnected: true,
    region: "eu",
    labels: [],
    networkPpm: 0,
    peers: 0,
    openPeers: 0,
    maxPeers: null,
    lastBeatMs: NOW_MS,
    cores,
    ...options,
  };
}

type Wish = Partial<PlacementWish>;

function choiceOf(nodes: PlacementNode[], wish: Wish = {}): Choice {
  const pools = new NodePools(DEFAULT_POLICY);
  for (const each of nodes) pools.rank(each);
  const runsOf = (nodeId: string) => nodes.filter((each) => each.nodeId === nodeId);
  const needPpm = DEFAULT_POLICY.peerCostPpm;
  const moment = { nowMs: NOW_MS, aliveFloorMs: 0 };
  return chooseCore({ pools, runsOf, policy: DEFAULT_POLICY }, { needPpm, ...wish }, moment);
}

/** @returns `node.core`, or `none`. */
function choose(nodes: PlacementNode[], wish: Wish = {}): string {
  const choice = choiceOf(nodes, wish);
  return choice.state === "chosen" ? `${choice.core.nodeId}.${choice.core.core}` : "none";
}

const stale = (ageMs: number) => ({ lastBeatMs: NOW_MS - ageMs });

describe("chooseCore", () => {
  it.each<[string, PlacementNode[], Wish, string]>([
    ["the least-loaded core", [node("a", [500, 200, 300])], {}, "a.1"],
    ["the node whose best core is least loaded", [node("a", [100, 900]), node("b", [150, 0])], {}, "b.1"],
    [
      "by network where that is fuller",
      [node("a", [0], { networkPpm: 400_000 }), node("b", [300])],
      {},
      "b.0",
    ],
    ["ties by node id", [node("b", [100]), node("a", [100])], {}, "a.0"],
    ["ties by byte, not by locale", [node("a", [100]), node("B", [100])], {}, "B.0"],
    ["ties by core", [node("a", [100, 100])], {}, "a.0"],
    [
      "of two runs of one node the first id",
      [node("a", [0], { incarnation: "z" }), node("a", [0, 0], { incarnation: "y" })],
      {},
      "a.0",
    ],
    [
      "the preferred region though it is fuller",
      [node("a", [0], { region: "us" }), node("b", [700])],
      { region: "eu" },
      "b.0",
    ],
    [
      "another region when the preferred is full",
      [node("a", [0], { region: "us" }), node("b", [896])],
      { region: "eu" },
      "a.0",
    ],
    ["any region without a wish", [node("a", [0], { region: "us" }), node("b", [700])], {}, "a.0"],
    [
      "every label",
      [node("a", [0], { labels: ["gpu"] }), node("b", [9], { labels: ["x", "gpu"] })],
      { labels: ["gpu", "x"] },
      "b.0",
    ],
    ["nobody without the label", [node("a", [0])], { labels: ["gpu"] }, "none"],
    ["not the dead", [node("a", [0], stale(3_001)), node("b", [500])], {}, "b.0"],
    ["the late but living", [node("a", [0], stale(3_000)), node("b", [500])], {}, "a.0"],
    ["not a late suspect", [node("a", [0], stale(1_201)), node("b", [500])], { suspect: "a-run" }, "b.0"],
    [
      "a suspect whose heartbeat is fresh",
      [node("a", [0], stale(1_200)), node("b", [500])],
      { suspect: "a-run" },
      "a.0",
    ],
    ["not the draining", [node("a", [0], { state: "draining" }), node("b", [500])], {}, "b.0"],
    ["not one cut off from the bus", [node("a", [0], { busConnected: false }), node("b", [500])], {}, "b.0"],
    [
      "not one with as many peers as it may have",
      [node("a", [0], { peers: 7, openPeers: 3, maxPeers: 10 }), node("b", [500])],
      {},
      "b.0",
    ],
    [
      "one with room for one peer more",
      [node("a", [0], { peers: 7, openPeers: 2, maxPeers: 10 }), node("b", [500])],
      {},
      "a.0",
    ],
    ["the node that it is pinned to", [node("a", [0]), node("b", [500])], { nodeId: "b" }, "b.0"],
    [
      "the pinned node's better run",
      [node("b", [400], { incarnation: "y" }), node("b", [500, 300], { incarnation: "z" })],
      { nodeId: "b" },
      "b.1",
    ],
    ["nobody where the pinned node is full", [node("a", [0]), node("b", [896])], { nodeId: "b" }, "none"],
    [
      "nobody where the pinned node lacks a label",
      [node("b", [0])],
      { nodeId: "b", labels: ["gpu"] },
      "none",
    ],
    [
      "not an excluded core",
      [node("a", [0, 500])],
      { exclude: [{ nodeId: "a", incarnation: "a-run", core: 0 }] },
      "a.1",
    ],
    [
      "the same core of a later run",
      [node("a", [0, 500])],
      { exclude: [{ nodeId: "a", incarnation: "former", core: 0 }] },
      "a.0",
    ],
    ["nobody where all would be full", [node("a", [896])], {}, "none"],
    ["one that would be just below full", [node("a", [895])], {}, "a.0"],
    ["nobody where the peers that come with it do not fit", [node("a", [860])], { needPpm: 40_000 }, "none"],
    ["nobody where there is none", [], {}, "none"],
  ])("chooses %s", (_, nodes, wish, expected) => {
    expect(choose(nodes, wish)).toBe(expected);
  });

  it("skips a core without a worker", () => {
    const cores = node("a", [0, 500]).cores.map((core) => ({ ...core, usable: core.core !== 0 }));
    expect(choose([node("a", [], { cores })])).toBe("a.1");
  });

  it("counts open debits", () => {
    const cores = [coreOf(0, { debitPpm: 300_000 }), coreOf(1, { cpuPpm: 200_000 })];
    expect(choose([node("a", [], { cores })])).toBe("a.1");
  });

  it("ranks by what young rooms may grow by, and refuses nothing for it", () => {
    const grown = (ppm: number, debitPpm = ppm) => coreOf(0, { debitPpm, growthPpm: ppm });
    const reserved = node("a", [], { cores: [grown(5_000_000)] });
    expect(choose([reserved, node("b", [700])])).toBe("b.0");
    expect(choose([reserved, node("b", [896])])).toBe("a.0");
    expect(choose([node("a", [], { cores: [grown(5_000_000, 5_896_000)] })])).toBe("none");
  });

  it("takes an idle core with much reserved before a core that is full by measure", () => {
    const cores = [coreOf(0, { cpuPpm: 900_000 }), coreOf(1, { debitPpm: 950_000, growthPpm: 950_000 })];
    expect(choose([node("a", [], { cores })])).toBe("a.1");
  });

  it("asks to come back soon where nodes are full, later where there are none", () => {
    expect(choiceOf([node("a", [950])])).toEqual({ state: "no_capacity", retryAfterMs: 1_000 });
    expect(choiceOf([node("a", [0], { state: "draining" })])).toEqual({
      state: "no_capacity",
      retryAfterMs: 5_000,
    });
  });

  it("looks at no more than 256 nodes of a pool", () => {
    const withLabels = (count: number) =>
      Array.from({ length: count }, (_, n) => node(`n${1_000 + n}`, [n], { labels: ["gpu"] }));
    const last = node("last", [800], { labels: ["gpu", "ssd"] });
    const wish = { labels: ["gpu", "ssd"] };
    expect(choose([...withLabels(255), last], wish)).toBe("last.0");
    expect(choose([...withLabels(256), last], wish)).toBe("none");
  });

  it("explains itself with at most eight candidates, best first, loads before the debit", () => {
    const nodes = Array.from({ length: 12 }, (_, n) => node(`n${n}`, [800 - n * 10, 880]));
    const choice = choiceOf(nodes);
    const chosen = choice.state === "chosen" ? choice.candidates : [];
    const { candidates, reason, atMs } = explainChoice(chosen, NOW_MS);
    expect({ reason, atMs, count: candidates.length }).toEqual({
      reason: "least_loaded",
      atMs: NOW_MS,
      count: 8,
    });
    expect(candidates.slice(0, 2)).toEqual([
      { nodeId: "n11", core: 0, load: 0.69 },
      { nodeId: "n10", core: 0, load: 0.7 },
    ]);
  });
});

const arbitraryCore = fc.record({
  usable: fc.boolean(),
  cpuPpm: fc.integer({ min: 0, max: 1_200_000 }),
  peersPpm: fc.integer({ min: 0, max: 100_000 }),
  growthPpm: fc.constantFrom(0, 0, 8_000, 2_000_000),
});
const arbitraryNode = fc.record({
  state: fc.constantFrom("ready" as const, "draining" as const),
  busConnected: fc.boolean(),
  region: fc.constantFrom("eu", "us"),
  labels: fc.subarray(["gpu", "tier-1"]),
  networkPpm: fc.integer({ min: 0, max: 1_000_000 }),
  lastBeatMs: fc.integer({ min: NOW_MS - 4_000, max: NOW_MS }),
  maxPeers: fc.constantFrom(null, 11, 12),
  cores: fc.array(arbitraryCore, { minLength: 1, maxLength: 4 }),
});
const arbitraryNodes = fc.array(arbitraryNode, { maxLength: 6 }).map((nodes) =>
  nodes.map((each, index) => ({
    ...each,
    nodeId: `n${index}`,
    incarnation: `n${index}-run`,
    peers: 10,
    openPeers: 1,
    cores: each.cores.map(({ peersPpm, ...core }, number) =>
      coreOf(number, { ...core, debitPpm: peersPpm + core.growthPpm }),
    ),
  })),
);
const arbitraryWish: fc.Arbitrary<Wish> = fc.record({
  region: fc.constantFrom("eu", "us", "asia"),
  labels: fc.subarray(["gpu", "tier-1"]),
  nodeId: fc.constantFrom(undefined, undefined, undefined, "n0", "n1"),
  suspect: fc.constantFrom("n0-run", "n1-run"),
  exclude: fc.array(
    fc.record({ nodeId: fc.constant("n2"), incarnation: fc.constant("n2-run"), core: fc.nat({ max: 3 }) }),
  ),
});

/** The rules once more, as a plain list of cores: what may be chosen, with its load. */
function allowed(nodes: PlacementNode[], wish: Wish) {
  return nodes.flatMap((each) =>
    each.cores.flatMap((core) => {
      const load = coreLoadPpm(core, each.networkPpm);
      const ageMs = NOW_MS - each.lastBeatMs;
      const isForbidden =
        ageMs > (each.incarnation === wish.suspect ? 1_200 : 3_000) ||
        each.state !== "ready" ||
        !each.busConnected ||
        (each.maxPeers ?? 12) < 12 ||
        (wish.nodeId !== undefined && wish.nodeId !== each.nodeId) ||
        !core.usable ||
        (wish.labels ?? []).some((label) => !each.labels.includes(label)) ||
        (wish.exclude ?? []).some((e) => e.incarnation === each.incarnation && e.core === core.core) ||
        load - core.growthPpm + DEFAULT_POLICY.peerCostPpm >= DEFAULT_POLICY.fullPpm;
      return isForbidden ? [] : [{ address: `${each.nodeId}.${core.core}`, region: each.region, load }];
    }),
  );
}

describe("chooseCore over random clusters", () => {
  it("takes the least-loaded of the allowed cores, in the preferred region if that has one, whatever their order", () => {
    fc.assert(
      fc.property(arbitraryNodes, arbitraryWish, (nodes, wish) => {
        const cores = allowed(nodes, wish);
        const inRegion = cores.filter(({ region }) => region === wish.region);
        const pool = inRegion.length > 0 ? inRegion : cores;
        const least = Math.min(...pool.map(({ load }) => load));
        const best = pool.filter(({ load }) => load === least).map(({ address }) => address);
        expect(choose(nodes, wish)).toBe(best.sort()[0] ?? "none");
        expect(choose([...nodes].reverse(), wish)).toBe(choose(nodes, wish));
      }),
      { numRuns: 2_000 },
    );
  });
});
