import { callEveryNode, callNode } from "@fairlead/bus";
import { ERRORS, FairleadError, type NodeCallReply, subjects } from "@fairlead/protocol";
import type { SignalingContext } from "../context.ts";
import type { ServedRoom } from "./ask-owner.ts";
import { rankByRendezvous } from "./rendezvous.ts";

type Described = NodeCallReply<"node.describe">;

const DESCRIBE_TIMEOUT_MS = 200;
/** A node asks the registry itself before it takes the room on its own authority. */
const CLAIM_TIMEOUT_MS = 2_000;
const TRIES = 3;
/** Candidates in the log line that says why a room is where it is. */
const LOGGED = 8;

/**
 * Gives a room that nobody serves to the node that every process would choose, without the registry: the first by rendezvous
 * hash among the ready nodes that answer on the bus, those of the preferred region before all others.
 *
 * @returns null when no node answers that can take it, or the bus has just come back and nodes have not.
 * @throws {FairleadError} `node_timeout`, what the last node refuses with, `bus_disconnected`.
 */
export async function claimRoom(
  context: SignalingContext,
  roomId: string,
  region: string | undefined,
): Promise<ServedRoom | null> {
  // The room's own node may be among those that are missing: the room would run twice.
  if (context.busHistory.isSettling) return null;
  const options = { timeoutMs: DESCRIBE_TIMEOUT_MS };
  const answers = await callEveryNode(context.bus, subjects.nodes, "node.describe", {}, options);
  const ranked = rankByRendezvous(roomId, preferred(answers.filter(canTakeRooms), region));
  let refusal: FairleadError | null = null;
  for (const { incarnation } of ranked.slice(0, TRIES)) {
    const claimed = await tryClaim(context, incarnation, roomId);
    if (claimed instanceof FairleadError) refusal = claimed;
    else {
      const candidates = ranked.slice(0, LOGGED).map(({ nodeId, load }) => ({ nodeId, load }));
      context.log.warn("room.placed", { ...claimed.lease, reason: "rendezvous", candidates });
      return claimed;
    }
  }
  if (refusal) throw refusal;
  return null;
}

/** @returns A refusal after which another node may be asked: not a time-out, as the claim may have been made. */
async function tryClaim(
  { bus }: SignalingContext,
  incarnation: string,
  roomId: string,
): Promise<ServedRoom | FairleadError> {
  try {
    return await callNode(bus, incarnation, "room.claim", { roomId }, { timeoutMs: CLAIM_TIMEOUT_MS });
  } catch (error) {
    if (error instanceof FairleadError && ERRORS[error.code].elsewhere) return error;
    throw error;
  }
}

function canTakeRooms({ state, load }: Described): boolean {
  return state === "ready" && load !== null;
}

function preferred(nodes: Described[], region: string | undefined): Described[] {
  const near = nodes.filter((node) => node.region === region);
  return near.length > 0 ? near : nodes;
}
