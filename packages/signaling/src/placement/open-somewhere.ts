import { type CoreAddress, ERRORS, FairleadError, type Lease } from "@fairlead/protocol";
import type { Rate } from "@fairlead/registry";
import type { Caller } from "../http/caller.ts";
import { pause } from "../session/pause.ts";
import { type PlacedRoom, placeRoom } from "./place-room.ts";

/** Peers leave full rooms at human speed. */
const FULL_RETRY_MS = 2_000;

/** A peer, publisher or viewer that wants into a room. */
export type Newcomer = {
  roomId: string;
  /** Checked against the room's bans. */
  peer: { identity: string; ticketId: string };
  /** What it counts for: once, however often it is placed. */
  rates: readonly Rate[];
  /** Whether without the registry a node may take a room that nobody serves. */
  mayClaim: boolean;
  /** Whether anybody still waits for the answer. */
  isWanted: () => boolean;
};

/** Places that refusals have ruled out. `lease`: the place that was tried last. */
type Search = {
  full: CoreAddress[];
  draining: CoreAddress[];
  suspect: string | undefined;
  lease: Lease | null;
  /** The rates that the newcomer is not counted for yet. */
  rates: readonly Rate[];
};

type Trial = { newcomer: Newcomer; search: Search };

/**
 * Places a newcomer and has it opened there. A core that is full or a node that does not answer makes it place again, a few times,
 * while the client waits.
 *
 * @param openAt Asks the node. @returns What it resolves with.
 * @throws {FairleadError} As `placeRoom`; what the node refuses with, or its last failure.
 */
export async function openSomewhere<T>(
  caller: Caller,
  newcomer: Newcomer,
  openAt: (placed: PlacedRoom) => Promise<T>,
): Promise<T> {
  const { rates } = newcomer;
  const search: Search = { full: [], draining: [], suspect: undefined, lease: null, rates };
  const trial = { newcomer, search };
  try {
    return await tryPlaces(caller, trial, () => tryPlace(caller, trial, openAt));
  } catch (error) {
    noteCapacity(caller, newcomer, error);
    throw error;
  }
}

/** Nobody else tells the operator that the cluster is too small. */
function noteCapacity({ shared, log }: Caller, { roomId }: Newcomer, error: unknown): void {
  if (!(error instanceof FairleadError) || !ERRORS[error.code].elsewhere) return;
  const { code, retryAfterMs } = error;
  shared.refusals.capacity.warn(log, { roomId, code, retryAfterMs });
}

async function tryPlaces<T>(
  { shared, log }: Caller,
  { newcomer: { roomId, isWanted }, search }: Trial,
  attempt: () => Promise<T>,
): Promise<T> {
  for (const delayMs of shared.limits.retryDelaysMs) {
    try {
      return await attempt();
    } catch (error) {
      if (!learn(search, error)) throw error;
      log.warn("join.retried", { roomId, incarnation: search.lease?.incarnation, error });
      await pause(shared, delayMs);
      if (!isWanted()) {
        log.debug("join.abandoned", { roomId });
        throw error;
      }
    }
  }
  return attempt();
}

async function tryPlace<T>(
  caller: Caller,
  { newcomer, search }: Trial,
  openAt: (placed: PlacedRoom) => Promise<T>,
): Promise<T> {
  search.lease = null;
  const placed = await placeRoom(caller, toPlaceRequest(caller, newcomer, search), newcomer.mayClaim);
  search.rates = [];
  const { lease } = placed;
  if (isFull(search, lease)) throw new FairleadError("core_full", { retryAfterMs: FULL_RETRY_MS });
  search.lease = lease;
  return openAt(placed);
}

function toPlaceRequest(
  { shared: { region, placing } }: Caller,
  { roomId, peer }: Newcomer,
  { full, draining, suspect, rates }: Search,
) {
  const exclude = [...full, ...draining];
  return {
    roomId,
    peer,
    rates,
    ...placing,
    ...(region === undefined ? {} : { region }),
    ...(exclude.length > 0 ? { exclude } : {}),
    ...(suspect === undefined ? {} : { suspect }),
  };
}

/** The registry keeps a live lease where it is: asking the same full core again would change nothing. */
function isFull({ full }: Search, { incarnation, core }: CoreAddress): boolean {
  return full.some((other) => other.incarnation === incarnation && other.core === core);
}

/** @returns Whether placing again may help after this refusal, of a node (not of the registry). */
function learn(search: Search, error: unknown): boolean {
  if (!(error instanceof FairleadError) || !search.lease) return false;
  const { nodeId, incarnation, core } = search.lease;
  switch (error.code) {
    case "core_full":
      search.full.push({ nodeId, incarnation, core });
      return true;
    case "node_draining":
      // Its lease may stand until its next heartbeat: then it is asked again, which is right if it admits the peer after all.
      search.draining.push({ nodeId, incarnation, core });
      return true;
    case "lease_lost":
    case "node_unreachable":
    case "node_timeout":
      search.suspect = incarnation;
      return true;
    default:
      return false;
  }
}
