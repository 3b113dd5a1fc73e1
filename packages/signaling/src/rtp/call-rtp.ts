import { callNode } from "@fairlead/bus";
import {
  FairleadError,
  type NodeCallInput,
  type NodeCallReply,
  type NodeCallRequest,
  type RtpCallName,
  randomId,
} from "@fairlead/protocol";
import type { Caller } from "../http/caller.ts";
import { openSomewhere } from "../placement/open-somewhere.ts";
import { findLease } from "../routes/find-room.ts";
import { assertBus } from "../session/admit-opening.ts";

type InRoomCall = Exclude<RtpCallName, "rtp_ingest.open">;
type Rest<N extends InRoomCall> = Omit<NodeCallInput<N>, "roomId" | "epoch">;
type Room = { roomId: string; epoch: number };

/** Rolling upgrades take minutes. */
const OLDER_RETRY_MS = 10_000;

/**
 * Opens an ingest at the room's home; a room that nobody serves is opened for it. If whoever asked has gone meanwhile, it is closed again.
 *
 * @throws {FairleadError} As `openSomewhere`; what the node refuses with; `no_capacity`: its build knows none.
 */
export async function openRtpIngest(
  caller: Caller,
  {
    roomId,
    ingest,
    isWanted,
  }: Pick<NodeCallRequest<"rtp_ingest.open">, "ingest"> & {
    roomId: string;
    isWanted: () => boolean;
  },
): Promise<NodeCallReply<"rtp_ingest.open">> {
  assertBus(caller.shared);
  const peer = { identity: ingest.identity ?? randomId(), ticketId: randomId() };
  // The API key's own rate counts it.
  const newcomer = { roomId, peer, rates: [], mayClaim: false, isWanted };
  return openSomewhere(caller, newcomer, async (placed) => {
    const { incarnation, epoch } = placed.lease;
    const opened = await unlessOlder(
      callNode(caller.bus, incarnation, "rtp_ingest.open", { ...placed, ingest }),
    );
    const { ingestId } = opened;
    caller.log.info("rtp_ingest.opened", { roomId, incarnation, ingestId });
    if (!isWanted())
      await callNode(caller.bus, incarnation, "rtp_ingest.close", { roomId, epoch, ingestId }).catch(
        () => {},
      );
    return opened;
  });
}

/** Asks the room's home. @throws {FairleadError} As `findLease`; what the node refuses with; `no_capacity`: its build knows no such call. */
export async function callRtp<N extends InRoomCall>(
  caller: Caller,
  name: N,
  room: string,
  rest: Rest<N>,
): Promise<NodeCallReply<N>> {
  const { incarnation, roomId, epoch } = await findLease(caller, room);
  const request = { ...rest, ...({ roomId, epoch } satisfies Room) } as unknown as NodeCallInput<N>;
  return unlessOlder(callNode(caller.bus, incarnation, name, request));
}

async function unlessOlder<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const isOlder = error instanceof FairleadError && error.code === "unknown_command";
    if (!isOlder) throw error;
    throw new FairleadError("no_capacity", {
      message: "the room's node is of an older build, which knows no RTP of encoders and recorders",
      retryAfterMs: OLDER_RETRY_MS,
      cause: error,
    });
  }
}
