import { FairleadError, type NodeCallReply, type NodeCallRequest, randomId } from "@fairlead/protocol";
import type { Rooms } from "../rooms/rooms.ts";
import { assertWelcome, verifyViewer } from "./admit-viewer.ts";
import type { SdpCallsDeps } from "./sdp-calls-deps.ts";

/** Its packager may be on its way. */
const NOT_PACKAGED_RETRY_MS = 2_000;

/**
 * A viewer comes by HLS, with a viewer's ticket or, where the broadcast is public, without one. It watches at the packager's, and the packager
 * counts it: nobody knows when it goes, so hooks are told of no end.
 *
 * @throws {FairleadError} `ticket_…`, `banned`, `broadcast_ended`, `viewer_limit`, `hook_…`; `broadcast_not_live`, also where nobody packages it.
 */
export async function openHlsView(
  { roomId, epoch, ticket, address }: NodeCallRequest<"hls.view">,
  deps: Pick<SdpCallsDeps, "broadcasts" | "hooks" | "keys" | "now"> & { rooms: Rooms },
): Promise<NodeCallReply<"hls.view">> {
  const claims = await verifyViewer(ticket, roomId, deps);
  const room = deps.rooms.room(roomId, epoch);
  const broadcast = await deps.broadcasts.of(room);
  const assertServed = () => {
    assertWelcome(room, broadcast, claims);
    broadcast.gate.assertLive();
    const { served } = broadcast.packaging;
    if (served) return served;
    const message = "nobody makes HLS of it now";
    throw new FairleadError("broadcast_not_live", { message, retryAfterMs: NOT_PACKAGED_RETRY_MS });
  };
  assertServed();
  const sessionId = randomId();
  await deps.hooks.askPlay({
    ...{ broadcastId: roomId, kind: "hls", sessionId, identity: claims?.sub ?? null },
    cacheKey: claims?.jti ?? `${roomId} ${address ?? sessionId}`,
    ...(address === undefined ? {} : { address }),
  });
  // Meanwhile it may have ended.
  const { url } = assertServed();
  return { url, endsAtMs: broadcast.record.endsAtMs, ...(claims ? { identity: claims.sub } : {}) };
}
