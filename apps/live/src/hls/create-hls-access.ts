import { type HlsAccess, StalledError, type View } from "@fairlead/hls";
import {
  type BroadcastRecord,
  currentState,
  FairleadError,
  type RoomRecord,
  type ViewClaims,
} from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { Segments } from "@fairlead/segments";
import { KnownRecords } from "./known-records.ts";
import { KnownViews, type KnownViewsOptions } from "./known-views.ts";

export type HlsAccessOptions = KnownViewsOptions & {
  registry: Pick<Registry, "describeRoom">;
  segments: Pick<Segments, "nextSequence" | "end">;
  /** Whether the home asks somebody about each viewer of this broadcast, as it has ordered last. */
  asksAboutViewers: (broadcastId: string) => boolean;
  /** Milliseconds that never run back. */
  elapsed: () => number;
};

/** What a viewer of a public broadcast has without a ticket. */
const PUBLIC_TOKEN = /^p-[A-Za-z0-9_-]{1,64}$/;
/** Players learn of the end by a playlist: so long after it there are some. */
const ENDED_MS = 60_000;
/** Clocks of two hosts may differ by so much. */
const CLOCKS_MS = 10_000;

/** Who may watch the broadcasts that are packaged here: as the record says, and a view ticket where it says `private`. */
export function createHlsAccess(options: HlsAccessOptions): HlsAccess {
  const { registry, segments, asksAboutViewers, now, elapsed } = options;
  const records = new KnownRecords(registry, elapsed);
  const views = new KnownViews(options);
  return {
    check: async (broadcastId, token) => {
      const isStored = (await segments.nextSequence(broadcastId)) !== null;
      const isOpen = token === null || PUBLIC_TOKEN.test(token);
      // Nobody makes the registry be asked for ids that were made up. If this process was started anew, media comes soon.
      if (isOpen && !isStored) throw new StalledError();
      const claims = isOpen ? null : await views.verify(broadcastId, token);
      const record = await records.read(broadcastId);
      if (!record?.broadcast) throw new FairleadError("broadcast_not_found");
      if (claims) checkViewer(claims, record, record.broadcast);
      else checkIsOpen(broadcastId, record.broadcast);
      await checkState(record, record.broadcast, isStored);
      return { viewId: claims?.jti ?? token ?? "", isAdmitted: claims !== null } satisfies View;
    },
  };

  function checkViewer({ sub, iat }: ViewClaims, record: RoomRecord, broadcast: BroadcastRecord): void {
    if (sub === undefined && broadcast.visibility !== "public")
      throw new FairleadError("ticket_invalid", { message: "a viewer's ticket is needed" });
    if (sub !== undefined && record.bannedIdentities.includes(sub)) throw new FairleadError("banned");
    // Of a show that had the same id.
    if (iat * 1_000 + CLOCKS_MS < broadcast.createdAtMs) throw new FairleadError("ticket_expired");
  }

  /** Without a view ticket, nobody was asked whether there is a place, and whether this viewer may have it. */
  function checkIsOpen(broadcastId: string, { visibility, maxViewers }: BroadcastRecord): void {
    if (visibility !== "public")
      throw new FairleadError("ticket_invalid", { message: "a viewer's ticket is needed" });
    if (maxViewers !== null || asksAboutViewers(broadcastId))
      throw new FairleadError("ticket_invalid", {
        message: `this broadcast is opened by the API: /v1/broadcasts/${broadcastId}/hls`,
      });
  }

  async function checkState(
    record: RoomRecord,
    broadcast: BroadcastRecord,
    isStored: boolean,
  ): Promise<void> {
    const home = { isServed: record.lease !== null, aliveAtMs: record.aliveAtMs ?? null };
    // The home ends it by its own clock, and says so.
    const state = currentState(broadcast, home, now() - CLOCKS_MS);
    if (state === "created") throw new FairleadError("broadcast_not_live");
    if (state !== "ended") {
      if (!isStored) throw new StalledError();
      return;
    }
    // What only a clock says is no end for good: the home may be late, or this host's clock wrong.
    if (broadcast.state !== "ended" || !isStored) throw new FairleadError("broadcast_ended");
    await segments.end(record.roomId, broadcast.run);
    if (broadcast.endedAtMs !== null && now() - broadcast.endedAtMs > ENDED_MS)
      throw new FairleadError("broadcast_ended");
  }
}
