import type { Finding, Observation, ScaleRules } from "./observation.ts";
import type { Fleet } from "./sort-out.ts";

/** As many names as a log line should have. */
const NAMED = 10;

/** What an operator should know of a group, whatever is done about it. */
export function findingsOf(seen: Observation, fleet: Fleet, rules: ScaleRules): Finding[] {
  const { capacity, instances, elsewhere } = seen;
  const found: Finding[] = [];
  if (instances === null) found.push({ what: "driver_away" });
  if (capacity === null) found.push({ what: "group_unknown", instances: instances?.length });
  const wanted = capacity?.neededNodes ?? 0;
  if (wanted > fleet.serving && fleet.total >= rules.max)
    found.push({ what: "at_most", wanted, max: rules.max, instances: instances?.length });
  if (fleet.late.length > 0) found.push({ what: "never_came", instances: namesOf(fleet.late) });
  if (fleet.silent.length > 0) found.push({ what: "node_silent", instances: namesOf(fleet.silent) });
  if (fleet.misplaced.length > 0)
    found.push({
      what: "node_of_other_group",
      instances: namesOf(fleet.misplaced),
      groups: [...new Set(fleet.misplaced.map(({ nodeId }) => elsewhere.get(nodeId ?? "")))].slice(0, NAMED),
    });
  for (const { nodeId, rooms, peers, drain } of fleet.ours) {
    if (instances !== null && !fleet.instanceOf.has(nodeId))
      found.push({ what: "drain_without_instance", nodeId });
    else if ((drain?.forMs ?? 0) >= rules.drainMs)
      found.push({ what: "drain_unfinished", nodeId, rooms, peers, forMs: drain?.forMs });
  }
  if (fleet.twice.length > 0) found.push({ what: "node_twice", nodeIds: fleet.twice.slice(0, NAMED) });
  if (fleet.strangers.length > 0)
    found.push({
      what: "nodes_of_others",
      count: fleet.strangers.length,
      nodeIds: fleet.strangers.slice(0, NAMED).map(({ nodeId }) => nodeId),
    });
  return found;
}

function namesOf(instances: readonly { id: string }[]): string[] {
  return instances.slice(0, NAMED).map(({ id }) => id);
}
