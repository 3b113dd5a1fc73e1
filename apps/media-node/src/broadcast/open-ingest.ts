import { type NodeCallReply, type NodeCallRequest, randomId } from "@fairlead/protocol";
import { Ingest } from "./ingests.ts";
import { newerPublisherCame } from "./publisher-place.ts";
import type { IngestCallsDeps } from "./sdp-calls-deps.ts";

/**
 * A publisher comes by RTMP: the broadcast is its own once its key and the hook have agreed. Its media comes later, by a pipe.
 * @throws {FairleadError} `stream_key_invalid`, `broadcast_ended`, `hook_…`, `publisher_active`; `lease_lost`, `core_full`, `node_draining`.
 */
export async function openIngest(
  request: NodeCallRequest<"ingest.open">,
  deps: IngestCallsDeps,
): Promise<NodeCallReply<"ingest.open">> {
  const { lease, keyHash, address, debitId, kind } = request;
  const { broadcasts, seating, joins, arrivals, ingests, elapsed = () => performance.now() } = deps;
  const room = await joins.openRoom(request);
  const broadcast = await broadcasts.of(room);
  await broadcast.gate.proveKey(keyHash);
  const openSeat = seating.take(room);
  const ingest = new Ingest({
    ...{ room, broadcast, core: openSeat.core, elapsed },
    onClosed: () => {
      seating.giveBack(openSeat);
      arrivals.noteGone(debitId);
    },
  });
  try {
    const holder = await broadcast.claim({
      kind,
      facts: {
        broadcastId: room.roomId,
        kind,
        // Not the session's own, which is the right to bring its media.
        sessionId: randomId(),
        identity: null,
        cacheKey: keyHash,
        ...(address === undefined ? {} : { address }),
      },
      producers: () => ingest.producers,
      health: () => ingest.health,
      close: () => ingest.close(),
    });
    ingest.hold(holder);
    if (!broadcast.isHeldBy(holder)) throw newerPublisherCame();
    await deps.confirm(room);
    arrivals.note({ debitId, lease, core: ingest.core });
    ingests.add(ingest);
    return { sessionId: ingest.sessionId, run: holder.run, epoch: room.lease.epoch };
  } catch (error) {
    ingest.close();
    throw error;
  }
}
