import type { BroadcastCounts } from "@fairlead/protocol";
import type { Packaging } from "./packaging.ts";
import type { PublisherPlace } from "./publisher-place.ts";
import type { ViewerCount } from "./viewer-count.ts";

/** What the home tells of a broadcast to those who read it. */
export function countsOf(parts: {
  place: PublisherPlace;
  count: ViewerCount;
  packaging: Packaging;
}): BroadcastCounts {
  const { holder, health, refused } = parts.place;
  const { served } = parts.packaging;
  return {
    viewers: parts.count.now,
    peakViewers: parts.count.peak,
    publisher: holder && {
      ...{ kind: holder.kind, sinceMs: holder.sinceMs, ...health },
      ...(holder.health ? { ingest: holder.health() } : {}),
    },
    ...(refused ? { refused } : {}),
    ...(served ? { hls: served } : {}),
  };
}
