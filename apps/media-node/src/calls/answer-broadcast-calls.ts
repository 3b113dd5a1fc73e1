import type { NodeCallHandlers } from "@fairlead/bus";
import { FairleadError } from "@fairlead/protocol";
import type { Broadcasts } from "../broadcast/broadcasts.ts";
import { connectIngest } from "../broadcast/connect-ingest.ts";
import { openHlsView } from "../broadcast/open-hls-view.ts";
import { openIngest } from "../broadcast/open-ingest.ts";
import { openWhep } from "../broadcast/open-whep.ts";
import { openWhip } from "../broadcast/open-whip.ts";
import type { IngestCallsDeps } from "../broadcast/sdp-calls-deps.ts";
import type { Revalidation } from "../heartbeat/revalidation.ts";
import type { Rooms } from "../rooms/rooms.ts";

export type BroadcastHandlers = Pick<
  NodeCallHandlers,
  | "whip.open"
  | "whep.open"
  | "sdp_session.patch"
  | "sdp_session.close"
  | `ingest.${"open" | "connect" | "prove" | "close"}`
  | "broadcast.describe"
  | "broadcast.update"
  | `hls.${"view" | "prove" | "leave"}`
>;

export type BroadcastCallsDeps = IngestCallsDeps & {
  rooms: Rooms;
  broadcasts: Broadcasts;
  revalidation: Revalidation;
  /** Whatever a debit was made for was refused. */
  onRefusal: (debitId: string) => void;
};

/** Answers signaling's calls about broadcasts. */
export function answerBroadcastCalls(deps: BroadcastCallsDeps): BroadcastHandlers {
  const { rooms, broadcasts, sessions, ingests, revalidation, onRefusal } = deps;
  const admit = async <T>(debitId: string, open: () => Promise<T>): Promise<T> => {
    try {
      if (revalidation.isDue) await revalidation.pass();
      return await open();
    } catch (error) {
      onRefusal(debitId);
      throw error;
    }
  };
  const packagingOf = (roomId: string) => {
    const room = rooms.roomIfHere(roomId);
    const broadcast = room && broadcasts.known(room);
    if (!broadcast) throw new FairleadError("session_gone");
    return broadcast.packaging;
  };
  return {
    "whip.open": (request) => admit(request.debitId, () => openWhip(request, deps)),
    "whep.open": (request) => admit(request.debitId, () => openWhep(request, deps)),
    // These go by the session alone: it may stand in a room that this node has given up.
    "sdp_session.patch": ({ sessionId, fragment, ifMatch, ...right }) =>
      sessions.find(sessionId, right).patch(fragment, ifMatch),
    "sdp_session.close": ({ sessionId, ...right }) => {
      sessions.find(sessionId, right).close();
      return {};
    },
    "ingest.open": (request) => admit(request.debitId, () => openIngest(request, deps)),
    "ingest.connect": (request) => connectIngest(request, deps),
    "ingest.prove": ({ roomId, sessionId, health, hls }) => {
      const order = ingests.find(sessionId, roomId).prove(health, hls);
      return order ? { hls: order } : {};
    },
    "ingest.close": ({ roomId, sessionId, refused }) => {
      ingests.find(sessionId, roomId).close(refused);
      return {};
    },
    "hls.view": async (request) => {
      if (revalidation.isDue) await revalidation.pass();
      return openHlsView(request, deps);
    },
    "hls.prove": ({ roomId, jobId, report }) => {
      packagingOf(roomId).prove(jobId, report);
      return {};
    },
    "hls.leave": ({ roomId, jobId }) => {
      packagingOf(roomId).leave(jobId);
      return {};
    },
    "broadcast.describe": async ({ roomId, epoch }) => {
      if (revalidation.isDue) await revalidation.pass();
      const { counts, record } = await broadcasts.of(rooms.room(roomId, epoch));
      const { keyHashes: _, ...told } = record;
      return { ...counts, record: told };
    },
    "broadcast.update": async ({ roomId, epoch, record }) => {
      if (revalidation.isDue) await revalidation.pass();
      (await broadcasts.of(rooms.room(roomId, epoch))).note(record);
      return {};
    },
  };
}
