import type { CoreAdvert } from "@fairlead/protocol";
import type { Metrics } from "@fairlead/telemetry";
import { advertCores, countRooms } from "../heartbeat/compose-heartbeat.ts";
import type { NodeParts } from "./assemble-node.ts";

/** One scrape reads several gauges of what is counted once. */
const SAME_SCRAPE_MS = 100;

type Parts = Pick<NodeParts, "cores" | "rooms" | "readiness" | "registry" | "nodeId" | "incarnation">;

/** What the node and its cores have, when somebody looks. Only the registry knows what it promised to peers on their way. */
export function gaugeNode(metrics: Metrics, parts: Parts): void {
  const { cores, rooms, readiness } = parts;
  const adverts = shared(() => advertCores(cores, countRooms(rooms)));
  const byCore = (tell: (advert: CoreAdvert) => number) => () =>
    new Map(adverts().map((advert) => [String(advert.core), tell(advert)]));
  metrics.gauge(
    "core.load",
    byCore(({ cpuLoad }) => cpuLoad),
  );
  metrics.gauge(
    "core.rooms",
    byCore(({ rooms: homes }) => homes),
  );
  metrics.gauge(
    "core.peers",
    byCore(({ peers }) => peers),
  );
  metrics.gauge(
    "core.usable",
    byCore(({ usable }) => Number(usable)),
  );
  metrics.gauge("core.debits", () => debitsOf(parts));
  metrics.gauge("node.draining", () => Number(readiness.state === "draining"));
  metrics.gauge("node.lingering_rooms", () => rooms.lingering.count);
}

/** @returns null where the registry does not know the node now. */
async function debitsOf({ registry, nodeId, incarnation }: Parts): Promise<Map<string, number> | null> {
  const { items } = await registry.listNodes({ limit: 100, nodeId });
  const own = items.find((node) => node.incarnation === incarnation);
  return own ? new Map(own.cores.map(({ core, debit }) => [String(core), debit])) : null;
}

function shared<T>(read: () => T): () => T {
  let last: { atMs: number; value: T } | null = null;
  return () => {
    const nowMs = performance.now();
    if (!last || nowMs - last.atMs > SAME_SCRAPE_MS) last = { atMs: nowMs, value: read() };
    return last.value;
  };
}
