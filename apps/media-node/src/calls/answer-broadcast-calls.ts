import type { NodeCallHandlers } from "@fairlead/bus";
import { FairleadError } from "@fairlead/protocol";
import type { Broadcasts } from "../broadcast/broadcasts.ts";
import { openWhep } from "../broadcast/open-whep.ts";
import { openWhip } from "../broadcast/open-whip.ts";
import type { SdpCallsDeps } from "../broadcast/sdp-calls-deps.ts";
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
>;

export type BroadcastCallsDeps = SdpCallsDeps & {
  rooms: Rooms;
  broadcasts: Broadcasts;
  revalidation: Revalidation;
  /** Whatever a debit was made for was refused. */
  onRefusal: (debitId: string) => void;
};

/** Answers signaling's calls about broadcasts. */
export function answerBroadcastCalls(deps: BroadcastCallsDeps): BroadcastHandlers {
  const { rooms, broadcasts, sessions, revalidation, onRefusal } = deps;
  const admit = async <T>(debitId: string, open: () => Promise<T>): Promise<T> => {
    try {
      if (revalidation.isDue) await revalidation.pass();
      return await open();
    } catch (error) {
      onRefusal(debitId);
      throw error;
    }
  };
  const refuse = () => {
    throw new FairleadError("broadcast_not_found");
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
    "ingest.open": refuse,
    "ingest.connect": refuse,
    "ingest.prove": refuse,
    "ingest.close": refuse,
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
