import { callNode } from "@fairlead/bus";
import { ERRORS, FairleadError } from "@fairlead/protocol";
import type { Caller } from "../http/caller.ts";
import type { DescribedNode } from "./answering-nodes.ts";
import type { ServedRoom } from "./ask-owner.ts";
import { rankByRendezvous } from "./rendezvous.ts";

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
  caller: Caller,
  roomId: string,
  region: string | undefined,
): Promise<ServedRoom | null> {
  // The room's own node may be among those that are missing: the room would run twice.
  if (caller.shared.busHistory.isSettling) return null;
  const known = caller.shared.answeringNodes.all();
  let outcome = await claimAmong(caller, await known.answers, { roomId, region });
  if (known.isRemembered && !isClaimed(outcome)) {
    // The nodes have changed since they answered.
    caller.shared.answeringNodes.forget(known);
    outcome = await claimAmong(caller, await caller.shared.answeringNodes.all().answers, { roomId, region });
  }
  if (outcome instanceof FairleadError) throw outcome;
  return outcome;
}

type Outcome = ServedRoom | FairleadError | null;

function isClaimed(outcome: Outcome): boolean {
  return outcome !== null && !(outcome instanceof FairleadError);
}

/** @returns The last refusal if there was one, or null if there is no node to ask. */
async function claimAmong(
  caller: Caller,
  answers: DescribedNode[],
  { roomId, region }: { roomId: string; region: string | undefined },
): Promise<Outcome> {
  const ranked = rankByRendezvous(roomId, preferred(answers.filter(canTakeRooms), region));
  let refusal: FairleadError | null = null;
  for (const { incarnation } of ranked.slice(0, TRIES)) {
    const claimed = await tryClaim(caller, incarnation, roomId);
    if (claimed instanceof FairleadError) refusal = claimed;
    else {
      const candidates = ranked.slice(0, LOGGED).map(({ nodeId, load }) => ({ nodeId, load }));
      caller.log.warn("room.placed", { ...claimed.lease, reason: "rendezvous", candidates });
      return claimed;
    }
  }
  return refusal;
}

/** @returns A refusal after which another node may be asked: not a time-out, as the claim may have been made. */
async function tryClaim(
  { bus }: Caller,
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

function canTakeRooms({ state, load }: DescribedNode): boolean {
  return state === "ready" && load !== null;
}

function preferred(nodes: DescribedNode[], region: string | undefined): DescribedNode[] {
  const near = nodes.filter((node) => node.region === region);
  return near.length > 0 ? near : nodes;
}
