import type { HlsAccess, View } from "@fairlead/hls";
import { type BroadcastRecord, currentState, FairleadError, type RoomRecord } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { Segments } from "@fairlead/segments";
import { KnownRecords } from "./known-records.ts";
import { KnownViews, type KnownViewsOptions } from "./known-views.ts";

export type HlsAccessOptions = KnownViewsOptions & {
  registry: Pick<Registry, "describeRoom">;
  segments: Pick<Segments, "nextSequence" | "end">;
  /** Milliseconds that never run back. */
  elapsed: () => number;
};

/** What a viewer of a public broadcast has without a ticket. */
const PUBLIC_TOKEN = /^p-[A-Za-z0-9_-]{1,64}$/;
/** Players learn of the end by a playlist: so long after it there are some. */
const ENDED_MS = 60_000;

/** Who may watch the broadcasts that are packaged here: as the record says, and a view ticket where it says `private`. */
export function createHlsAccess(options: HlsAccessOptions): HlsAccess {
  const { registry, segments, now, elapsed } = options;
  const records = new KnownRecords(registry, elapsed);
  const views = new KnownViews(options);
  return {
    check: async (broadcastId, token) => {
      // Nobody makes the registry be asked for ids that were made up.
      if ((await segments.nextSequence(broadcastId)) === null) throw new FairleadError("broadcast_not_live");
      const isOpen = token === null || PUBLIC_TOKEN.test(token);
      const claims = isOpen ? null : await views.verify(broadcastId, token);
      const record = await records.read(broadcastId);
      if (!record?.broadcast) throw new FairleadError("broadcast_not_found");
      const identity = claims?.sub;
      if (identity === undefined && record.broadcast.visibility !== "public")
        throw new FairleadError("ticket_invalid", { message: "a viewer's ticket is needed" });
      if (identity !== undefined && record.bannedIdentities.includes(identity))
        throw new FairleadError("banned");
      await checkState(record, record.broadcast);
      return { viewId: claims?.jti ?? token ?? "" } satisfies View;
    },
  };

  async function checkState(record: RoomRecord, broadcast: BroadcastRecord): Promise<void> {
    const home = { isServed: record.lease !== null, aliveAtMs: record.aliveAtMs ?? null };
    const state = currentState(broadcast, home, now());
    if (state === "created") throw new FairleadError("broadcast_not_live");
    if (state !== "ended") return;
    await segments.end(record.roomId, broadcast.run);
    if (broadcast.endedAtMs !== null && now() - broadcast.endedAtMs > ENDED_MS)
      throw new FairleadError("broadcast_ended");
  }
}
