import {
  DRAINED_BY,
  type Observation,
  type ScaleRules,
  type SeenInstance,
  type SeenNode,
} from "./observation.ts";

/** Who is who in a group. */
export type Fleet = {
  /** They take rooms. */
  ready: SeenNode[];
  /** How many take rooms, or would but for the bus: as long as the registry counts on these, nobody is missing. */
  serving: number;
  /** Drained by the autoscaler. */
  ours: SeenNode[];
  /** Drained by somebody else, or ending, and not empty yet. */
  others: SeenNode[];
  /** Asked for, and on their way. */
  coming: number;
  /** Asked for, and too late. */
  late: SeenInstance[];
  /** Their nodes were heard, and are not any more, for longer than a start takes. */
  silent: SeenInstance[];
  /** Their nodes beat as of another group. */
  misplaced: SeenInstance[];
  /** The newest whose node beats is one of those: the next one would be too. */
  comesElsewhere: boolean;
  /** How many the driver has promised to remove. */
  leaving: number;
  /** Nodes that are in no instance of the driver. */
  strangers: SeenNode[];
  /** Ids that two nodes, or two instances, go by. */
  twice: string[];
  /** The one instance of a node; none for a node or instance that is not alone with its id. */
  instanceOf: ReadonlyMap<string, SeenInstance>;
  /** All that there are, or will be. */
  total: number;
};

/** Never counts a node twice, and takes nothing for certain of which there are two. */
export function sortOut(seen: Observation, rules: ScaleRules): Fleet {
  const { instances, unlisted } = seen;
  const all = instances ?? [];
  const named = new Set(all.flatMap(({ nodeId }) => nodeId ?? []));
  const leaving = all.filter(({ id }) => seen.removed.has(id));
  const going = new Set(leaving.map(({ nodeId }) => nodeId));
  const nodes = seen.nodes.filter(({ nodeId }) => !going.has(nodeId));
  const twice = twiceIn(seen);
  const single = all.flatMap((one) =>
    one.nodeId !== null && !twice.has(one.nodeId) ? [[one.nodeId, one] as const] : [],
  );
  const strangers = instances === null ? [] : nodes.filter(({ nodeId }) => !named.has(nodeId));
  const ready = nodes.filter(({ state, busConnected }) => state === "ready" && busConnected);
  return {
    ready,
    serving: servingOf(seen, nodes, ready.length),
    ours: nodes.filter(isOurs),
    others: nodes.filter((node) => node.state === "draining" && !isOurs(node) && !isEmpty(node)),
    ...sortInstances(seen, rules),
    leaving: leaving.length,
    strangers,
    twice: [...twice].sort(),
    instanceOf: new Map(single),
    total: all.length + strangers.length + unlisted,
  };
}

/** By where their nodes are heard: here, elsewhere, nowhere yet, nowhere any more. */
function sortInstances({ nodes, elsewhere, instances, removed, unlisted }: Observation, rules: ScaleRules) {
  const here = new Set(nodes.map(({ nodeId }) => nodeId));
  const whereOf = ({ nodeId }: SeenInstance) => {
    if (nodeId !== null && here.has(nodeId)) return "here";
    return nodeId !== null && elsewhere.has(nodeId) ? "elsewhere" : "nowhere";
  };
  const staying = (instances ?? []).filter(({ id }) => !removed.has(id));
  const sorted = Map.groupBy(staying, whereOf);
  const misplaced = sorted.get("elsewhere") ?? [];
  const unheard = sorted.get("nowhere") ?? [];
  const unborn = unheard.filter(({ hasBeaten }) => !hasBeaten);
  return {
    coming: unborn.filter(({ ageMs }) => ageMs < rules.startMs).length + unlisted,
    late: unborn.filter(({ ageMs }) => ageMs >= rules.startMs),
    silent: unheard.filter(({ hasBeaten, silentMs }) => hasBeaten && silentMs >= rules.startMs),
    misplaced,
    comesElsewhere: misplaced.length > 0 && youngestOf(misplaced) <= youngestOf(sorted.get("here") ?? []),
  };
}

/**
 * A node that loses the bus takes no rooms until it is back, or until the registry gives its rooms to others. So does each of them where the bus itself is away, and
 * then none that is started would beat.
 */
function servingOf({ capacity }: Observation, nodes: readonly SeenNode[], ready: number): number {
  const inGoodOrder = nodes.filter(({ state }) => state === "ready").length;
  return Math.max(ready, Math.min(inGoodOrder, capacity?.nodes.ready ?? 0));
}

function twiceIn({ nodes, elsewhere, instances }: Observation): Set<string> {
  const ids = nodes.map(({ nodeId }) => nodeId);
  return new Set([
    ...repeated(ids),
    ...ids.filter((nodeId) => elsewhere.has(nodeId)),
    ...repeated((instances ?? []).flatMap(({ nodeId }) => nodeId ?? [])),
  ]);
}

export function isEmpty({ rooms, drain }: Pick<SeenNode, "rooms" | "drain">): boolean {
  return rooms === 0 && (drain?.lingering ?? 0) === 0;
}

function isOurs({ state, drain }: SeenNode): boolean {
  return state === "draining" && drain?.by === DRAINED_BY;
}

function youngestOf(instances: readonly SeenInstance[]): number {
  return instances.reduce((age, { ageMs }) => Math.min(age, ageMs), Number.POSITIVE_INFINITY);
}

function repeated(ids: readonly string[]): string[] {
  const once = new Set<string>();
  return ids.filter((id) => once.has(id) || !once.add(id));
}
