import type { NodeCallHandlers } from "@fairlead/bus";
import type { RtpCallName } from "@fairlead/protocol";
import type { Revalidation } from "../heartbeat/revalidation.ts";
import { openRtpEgress, type RtpEgressDeps } from "../plain/open-rtp-egress.ts";
import { openRtpIngest, type RtpIngestDeps } from "../plain/open-rtp-ingest.ts";
import type { Room } from "../room/room.ts";
import type { Rooms } from "../rooms/rooms.ts";

export type RtpHandlers = Pick<NodeCallHandlers, RtpCallName>;

export type RtpCallsDeps = RtpIngestDeps &
  RtpEgressDeps & {
    rooms: Rooms;
    revalidation: Revalidation;
    /** Whatever a debit was made for was refused. */
    onRefusal: (debitId: string) => void;
  };

/** Answers signaling's calls about RTP of encoders and recorders. */
export function answerRtpCalls(deps: RtpCallsDeps): RtpHandlers {
  const { rooms, rtpIngests, rtpEgresses, revalidation, onRefusal } = deps;
  const find = async ({ roomId, epoch }: { roomId: string; epoch: number }): Promise<Room> => {
    if (revalidation.isDue) await revalidation.pass();
    return rooms.room(roomId, epoch);
  };
  return {
    "rtp_ingest.open": async (request) => {
      try {
        if (revalidation.isDue) await revalidation.pass();
        return await openRtpIngest(request, deps);
      } catch (error) {
        onRefusal(request.debitId);
        throw error;
      }
    },
    "rtp_ingest.list": async (request) => ({ ingests: rtpIngests.list(await find(request)) }),
    "rtp_ingest.close": async ({ ingestId, ...request }) => {
      rtpIngests.find(await find(request), ingestId).close();
      return {};
    },
    "rtp_egress.open": async ({ egress, ...request }) => openRtpEgress(await find(request), egress, deps),
    "rtp_egress.list": async (request) => ({ egresses: rtpEgresses.list(await find(request)) }),
    "rtp_egress.close": async ({ egressId, ...request }) => {
      rtpEgresses.find(await find(request), egressId).close();
      return {};
    },
  };
}
