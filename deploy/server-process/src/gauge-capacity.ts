import type { GroupCapacity } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { GaugeName, Metrics } from "@fairlead/telemetry";

/** So long an answer of the registry also serves later scrapes. */
const REMEMBERED_MS = 2_000;

const OF_GROUPS: [GaugeName, (capacity: GroupCapacity) => number][] = [
  ["group.nodes_ready", ({ nodes }) => nodes.ready],
  ["group.nodes_draining", ({ nodes }) => nodes.draining],
  ["group.nodes_wanted", ({ wantedNodes }) => wantedNodes],
  ["group.cores", ({ cores }) => cores],
  ["group.demand_cores", ({ demandCores }) => demandCores],
  ["group.room_slots", ({ roomSlots }) => roomSlots],
  ["group.arrivals", ({ arrivals }) => arrivals.lastMinute],
  ["group.refused_joins", ({ refusedJoins }) => refusedJoins.total],
];

/** What groups carry and want, as the registry tells it when somebody looks. While it does not, nothing is told: a 0 would be believed. */
export function gaugeCapacity(
  metrics: Metrics,
  registry: Pick<Registry, "listGroups">,
  now: () => number = () => performance.now(),
): void {
  let last: { atMs: number; groups: Promise<GroupCapacity[]> } | null = null;
  const read = () => {
    if (!last || now() - last.atMs > REMEMBERED_MS) last = { atMs: now(), groups: registry.listGroups() };
    return last.groups;
  };
  metrics.gauge("capacity.known", () =>
    read().then(
      () => 1,
      () => 0,
    ),
  );
  for (const [name, tell] of OF_GROUPS)
    metrics.gauge(name, async () => new Map((await read()).map((each) => [each.group, tell(each)])));
}
