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
export function sortOut({ nodes, instances, unlisted }: Observation, rules: ScaleRules): Fleet {
  const known = instances ?? [];
  const twice = new Set([
    ...repeated(nodes.map(({ nodeId }) => nodeId)),
    ...repeated(known.flatMap(({ nodeId }) => nodeId ?? [])),
  ]);
  const living = new Set(nodes.map(({ nodeId }) => nodeId));
  const named = new Set(known.flatMap(({ nodeId }) => nodeId ?? []));
  const single = known.flatMap((one) =>
    one.nodeId !== null && !twice.has(one.nodeId) ? [[one.nodeId, one] as const] : [],
  );
  const unheard = known.filter(({ nodeId }) => nodeId === null || !living.has(nodeId));
  const unborn = unheard.filter(({ hasBeaten }) => !hasBeaten);
  const strangers = instances === null ? [] : nodes.filter(({ nodeId }) => !named.has(nodeId));
  return {
    ready: nodes.filter(({ state, busConnected }) => state === "ready" && busConnected),
    ours: nodes.filter(isOurs),
    others: nodes.filter((node) => node.state === "draining" && !isOurs(node) && !isEmpty(node)),
    coming: unborn.filter(({ ageMs }) => ageMs < rules.startMs).length + unlisted,
    late: unborn.filter(({ ageMs }) => ageMs >= rules.startMs),
    silent: unheard.filter(({ hasBeaten, silentMs }) => hasBeaten && silentMs >= rules.startMs),
    strangers,
    twice: [...twice].sort(),
    instanceOf: new Map(single),
    total: known.length + strangers.length + unlisted,
  };
}

export function isEmpty({ rooms, drain }: Pick<SeenNode, "rooms" | "drain">): boolean {
  return rooms === 0 && (drain?.lingering ?? 0) === 0;
}

function isOurs({ state, drain }: SeenNode): boolean {
  return state === "draining" && drain?.by === DRAINED_BY;
}

function repeated(ids: readonly string[]): string[] {
  const once = new Set<string>();
  return ids.filter((id) => once.has(id) || !once.add(id));
}
