import type { BroadcastState } from "@fairlead/protocol";
import type { Rate } from "@fairlead/registry";
import fc from "fast-check";
import { NODE_NAMES, type NodeName, type StepCore } from "./cluster-model.ts";

/** One thing that happens to a registry, named so that two of them can live through the same. */
export type Step =
  | {
      do: "beat";
      node: NodeName;
      cores: StepCore[];
      networkLoad: number;
      names: "changed" | "all" | "nothing";
      /** How many of the node's open debits are settled. */
      settles: number;
      /** Of how many the peers sit on core 1. */
      seats: number;
      /** The cost of each room that it serves. */
      peersNow: number | null;
      observed: { kind: "meeting" | "broadcast"; load: number }[];
      suspects: NodeName[];
    }
  /** Time in which only these nodes beat, every `everyMs`. */
  | { do: "pass"; beats: number; everyMs: number; nodes: NodeName[] }
  /** Clocks of these nodes, and of those who place rooms, are set: ahead of the others', or behind. */
  | { do: "setClock"; nodes: NodeName[]; callers: boolean; ms: number }
  /** A beat that was sent so long ago. */
  | { do: "lateBeat"; node: NodeName; heldMs: number }
  /** Time in which nobody beats. */
  | { do: "wait"; ms: number }
  | {
      do: "place";
      roomId: string;
      withPeer: boolean;
      /** The node gets to know of it. */
      opens: boolean;
      region?: string;
      labels: string[];
      /** The room's options, where it has none yet. */
      options?: { kind: "meeting" | "broadcast"; region?: string; labels: string[]; nodeId?: string };
      exclude: { node: NodeName; core: number }[];
      suspect?: NodeName;
      /** By the lease that was last handed out. */
      supersedes: boolean;
      rates: Rate[];
      /** What a room that moves costs, in cores. */
      movedLoad?: number;
      fills?: boolean;
      /** In which order a refused join counts for groups. */
      groups?: string[];
    }
  | { do: "count"; rates: Rate[] }
  /** A node places the first room that it was handed as an orphan; where it was handed none, another one. */
  | { do: "inherit"; node: NodeName; suspects: boolean }
  /** The registry is not asked. */
  | { do: "claimLocally"; node: NodeName; roomId: string; core: number; peers: number }
  | { do: "release"; roomId: string; isStale: boolean }
  /** The node closes a room, and its release is lost. */
  | { do: "forget"; node: NodeName; roomId: string }
  | { do: "state"; node: NodeName; isDraining: boolean }
  | { do: "bus"; nodes: NodeName[]; isConnected: boolean }
  | { do: "restart"; node: NodeName; labels: string[]; group?: string; saysGoodbye: boolean }
  | {
      do: "update";
      roomId: string;
      patch:
        | "ban"
        | "banTicket"
        | "unban"
        | "mute"
        | "unmute"
        | "options"
        | "defaults"
        | "restore"
        | "restoreBans"
        | "restoreBroadcast";
    }
  /** Who writes names the revision and the epoch that are known, or others. */
  | {
      do: "broadcast";
      roomId: string;
      state: BroadcastState | "removed";
      neededForMs: number | null;
      options: boolean;
      ifRevision: "known" | "none" | "another";
      epoch: "none" | "known" | "lower";
    }
  | { do: "look"; roomId: string; limit: number; node?: NodeName }
  | { do: "flush" };

const node = fc.constantFrom(...NODE_NAMES);
const someNodes = fc.subarray(NODE_NAMES);
const allNodes = fc.subarray(NODE_NAMES, { minLength: NODE_NAMES.length });
const roomId = fc.constantFrom("r0", "r1", "R2", "r-3", "r_4");
const kind = fc.constantFrom("meeting" as const, "broadcast" as const);
const load = fc.oneof(
  fc.constantFrom(0, 0, 0.2, 0.5, 0.88, 0.888, 0.9, 1.2),
  fc.integer({ min: 0, max: 1_000_000 }).map((ppm) => ppm / 1_000_000),
);
const labels = fc.constantFrom<string[]>(
  ...[[], [], [], [], [], [], ["gpu"], ["gpu", "ssd"], ["ssd"], ["tape"]],
);
const region = fc.constantFrom(undefined, "eu", "us", "asia", "");
const mostly = fc.integer({ min: 0, max: 4 }).map((n) => n > 0);
const seldom = mostly.map((is) => !is);

/** Few subjects of small limits, so that they are reached; intervals that are no whole number of ms among them. */
const rates: fc.Arbitrary<Rate[]> = fc.subarray<Rate>([
  { name: "address", subject: "192.0.2.1", limit: 7, windowMs: 10_000 },
  { name: "address", subject: "2001:db8::/64", limit: 1, windowMs: 2_000 },
  { name: "key", subject: "0a1b", limit: 3, windowMs: 60_000 },
  { name: "room", subject: "r0", limit: 2, windowMs: 1_000 },
]);

/** The policy's own times, to the millisecond and one more. */
const justAsLong = fc
  .constantFrom(650, 1_000, 1_100, 1_200, 3_000, 5_000, 10_000, 30_000, 60_000, 120_000)
  .chain((ms) => fc.constantFrom(ms, ms + 1));

const beat = fc.record({
  do: fc.constant("beat" as const),
  node,
  cores: fc.array(
    fc.record(
      {
        cpuLoad: load,
        usable: mostly,
        peers: fc.nat({ max: 4 }),
        rooms: fc.nat({ max: 2 }),
        lingeringLoad: load,
      },
      { requiredKeys: ["cpuLoad", "usable", "peers", "rooms"] },
    ),
    { minLength: 1, maxLength: 3 },
  ),
  networkLoad: fc.constantFrom(0, 0, 0, 0.3, 0.895),
  names: fc.constantFrom("changed" as const, "changed" as const, "all" as const, "nothing" as const),
  settles: fc.nat({ max: 4 }),
  seats: fc.nat({ max: 3 }),
  peersNow: fc.option(fc.nat({ max: 70 }), { freq: 3 }),
  observed: seldomAny(fc.array(fc.record({ kind, load: load.map((each) => each / 4) }), { maxLength: 40 })),
  suspects: seldomAny(someNodes),
});

const place = fc.record(
  {
    do: fc.constant("place" as const),
    roomId,
    withPeer: fc.boolean(),
    opens: mostly,
    region,
    labels,
    options: fc.option(
      fc.record(
        { kind, region, labels, nodeId: fc.constantFrom(undefined, undefined, "a", "c", "nobody") },
        { requiredKeys: ["kind", "labels"] },
      ),
      { nil: undefined },
    ),
    exclude: fc.array(fc.record({ node, core: fc.nat({ max: 2 }) }), { maxLength: 2 }),
    suspect: fc.option(node, { nil: undefined, freq: 2 }),
    supersedes: seldom,
    rates: seldomAny(rates),
    movedLoad: load,
    fills: fc.boolean(),
    groups: fc.constantFrom<string[]>(["us+gpu", "odd", "eu"], ["nobody", "us"]),
  },
  { requiredKeys: ["do", "roomId", "withPeer", "opens", "labels", "exclude", "supersedes", "rates"] },
);

const pass = fc.record({
  do: fc.constant("pass" as const),
  beats: fc.integer({ min: 1, max: 10 }),
  everyMs: fc.constantFrom(250, 500, 500, 900, 1_500),
  nodes: fc.oneof(someNodes, fc.subarray(NODE_NAMES, { minLength: 3 }), allNodes),
});

const wait = fc.record({
  do: fc.constant("wait" as const),
  ms: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 1_500 }) },
    { weight: 1, arbitrary: fc.constantFrom(4_000, 9_000, 31_000, 125_000) },
    { weight: 1, arbitrary: justAsLong },
  ),
});

const setClock = fc.record({
  do: fc.constant("setClock" as const),
  nodes: fc.oneof(someNodes, allNodes),
  callers: fc.boolean(),
  ms: fc.constantFrom(-90_000, 90_000, 0, 0, -700, 700),
});

const lateBeat = fc.record({
  do: fc.constant("lateBeat" as const),
  node,
  heldMs: fc.constantFrom(20, 800, 20_000),
});

const inherit = fc.record({ do: fc.constant("inherit" as const), node, suspects: fc.boolean() });

const claimLocally = fc.record({
  do: fc.constant("claimLocally" as const),
  node,
  roomId,
  core: fc.nat({ max: 1 }),
  peers: fc.nat({ max: 3 }),
});

const broadcast: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("broadcast" as const),
  roomId,
  state: fc.constantFrom("created", "live", "interrupted", "ended", "removed"),
  neededForMs: fc.constantFrom(null, 0, 60_000),
  options: fc.boolean(),
  ifRevision: fc.constantFrom("known", "known", "known", "none", "another"),
  epoch: fc.constantFrom("none", "none", "known", "lower"),
});

const other: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("count" as const), rates }),
  fc.record({ do: fc.constant("release" as const), roomId, isStale: seldom }),
  fc.record({ do: fc.constant("forget" as const), node, roomId }),
  fc.record({ do: fc.constant("state" as const), node, isDraining: fc.boolean() }),
  fc.record({ do: fc.constant("bus" as const), nodes: someNodes, isConnected: fc.boolean() }),
  fc.record(
    {
      do: fc.constant("restart" as const),
      node,
      labels,
      group: fc.constantFrom("odd", "eu"),
      saysGoodbye: fc.boolean(),
    },
    { requiredKeys: ["do", "node", "labels", "saysGoodbye"] },
  ),
  fc.record({
    do: fc.constant("update" as const),
    roomId,
    patch: fc.constantFrom(
      ...([
        "ban",
        "banTicket",
        "unban",
        "mute",
        "unmute",
        "options",
        "defaults",
        "restore",
        "restoreBans",
        "restoreBroadcast",
      ] as const),
    ),
  }),
  fc.record(
    {
      do: fc.constant("look" as const),
      roomId,
      limit: fc.integer({ min: 1, max: 3 }),
      node: fc.option(node, { nil: undefined }),
    },
    { requiredKeys: ["do", "roomId", "limit"] },
  ),
);

/** Where all clocks go alike, and no call is held up. */
const calmStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: beat },
  { weight: 14, arbitrary: place },
  { weight: 8, arbitrary: pass },
  { weight: 4, arbitrary: wait },
  { weight: 4, arbitrary: inherit },
  { weight: 3, arbitrary: claimLocally },
  { weight: 9, arbitrary: other },
  { weight: 3, arbitrary: broadcast },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "flush" }) },
);

export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 14, arbitrary: calmStep },
  { weight: 1, arbitrary: setClock },
  { weight: 1, arbitrary: lateBeat },
);

function seldomAny<T>(list: fc.Arbitrary<T[]>): fc.Arbitrary<T[]> {
  return fc.tuple(seldom, list).map(([is, items]) => (is ? items : []));
}

/** A history of a running cluster: long enough for nodes to die, come back, be cut off and inherit. */
export const steps: fc.Arbitrary<Step[]> = fc
  .array(calmStep, { minLength: 10, maxLength: 60 })
  .map((rest) => [{ do: "pass", beats: 1, everyMs: 500, nodes: [...NODE_NAMES] }, ...rest]);
