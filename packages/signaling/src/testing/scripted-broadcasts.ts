import type { NodeCallHandlers } from "@fairlead/bus";
import {
  type BroadcastRecord,
  BroadcastSettings,
  FairleadError,
  hashStreamKey,
  type IceServer,
  makeStreamKey,
  type NodeCallRequest,
  RoomOptions,
  randomId,
} from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { ScriptedRooms } from "./scripted-rooms.ts";

/** Writes the record of a live broadcast. @returns Its stream key. */
export async function writeBroadcast(
  registry: Pick<Registry, "updateRoom">,
  broadcastId: string,
  given: Partial<BroadcastRecord> = {},
): Promise<string> {
  const key = makeStreamKey(broadcastId);
  const write: BroadcastRecord = {
    ...BroadcastSettings.parse({}),
    revision: 1,
    keyHashes: [await hashStreamKey(key)],
    state: "live",
    run: 1,
    createdAtMs: 0,
    startedAtMs: 0,
    interruptedAtMs: null,
    endedAtMs: null,
    peakViewers: 0,
    ...given,
  };
  const options = RoomOptions.parse({ kind: "broadcast" });
  await registry.updateRoom(broadcastId, { options, broadcast: { write, ifRevision: null } });
  return key;
}

export type SdpCall = "whip.open" | "whep.open" | "sdp_session.patch" | "sdp_session.close";
type Session = { roomId: string; bearer: string | null; ufrag: string };

export const SCRIPTED_OFFER = "v=0\r\na=ice-ufrag:EsAw\r\na=ice-pwd:bP+XJMM09aR8AiX1jdukzR6Y\r\n";
export const SCRIPTED_ANSWER = "v=0\r\na=ice-lite\r\na=recvonly\r\n";
const ICE_SERVERS: IceServer[] = [
  { urls: ["stun:stun.example.org"] },
  {
    urls: ["turn:turn.example.org?transport=udp", "turns:turn.example.org?transport=tcp"],
    username: "1800003600:ann",
    credential: 'pass"word',
  },
];

/** A node's side of WHIP and WHEP without media: it keeps the sessions, and the ufrag of each by which it tells a restart. */
export function answerSdpCalls(rooms: Pick<ScriptedRooms, "open">): Pick<NodeCallHandlers, SdpCall> {
  const sessions = new Map<string, Session>();
  const find = ({ sessionId, roomId, bearer }: NodeCallRequest<"sdp_session.close">) => {
    const session = sessions.get(sessionId);
    if (!session || session.roomId !== roomId || session.bearer !== bearer)
      throw new FairleadError("sdp_session_not_found");
    return session;
  };
  const open = (request: Omit<NodeCallRequest<"whip.open">, "keyHash">, bearer: string | null) => {
    const { offer, lease } = request;
    rooms.open(request);
    if (!offer.startsWith("v=0")) throw new FairleadError("invalid_request");
    const sessionId = randomId();
    const ufrag = ufragOf(offer);
    sessions.set(sessionId, { roomId: lease.roomId, bearer, ufrag });
    const { epoch } = lease;
    return { sessionId, answer: SCRIPTED_ANSWER, etag: etagOf(ufrag), epoch, iceServers: ICE_SERVERS };
  };
  return {
    "whip.open": (request) => open(request, request.keyHash),
    "whep.open": (request) => open(request, request.bearer),
    "sdp_session.patch": ({ fragment, ifMatch, ...access }) => {
      const session = find(access);
      if (ifMatch === null) throw new FairleadError("precondition_required");
      const ufrag = ufragOf(fragment);
      if (ufrag === session.ufrag) {
        if (ifMatch !== etagOf(ufrag)) throw new FairleadError("precondition_failed");
        return { etag: ifMatch };
      }
      if (ifMatch !== "*") throw new FairleadError("precondition_failed");
      session.ufrag = ufrag;
      return { etag: etagOf(ufrag), fragment: `a=ice-lite\r\na=ice-ufrag:of-the-node\r\n` };
    },
    "sdp_session.close": (access) => {
      find(access);
      sessions.delete(access.sessionId);
      return {};
    },
  };
}

/** @throws {FairleadError} `invalid_request`. */
function ufragOf(sdp: string): string {
  const ufrag = /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];
  if (ufrag === undefined) throw new FairleadError("invalid_request", { message: "no ice-ufrag" });
  return ufrag;
}

function etagOf(ufrag: string): string {
  return `"${ufrag}"`;
}
