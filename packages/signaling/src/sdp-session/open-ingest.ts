import { callNode } from "@fairlead/bus";
import { FairleadError } from "@fairlead/protocol";
import { countRates, ratesOf, refusalOfStranger } from "../abuse/count-rates.ts";
import { stateOf } from "../broadcast/find-broadcast.ts";
import type { Caller } from "../http/caller.ts";
import { openSomewhere } from "../placement/open-somewhere.ts";
import type { PlacedRoom } from "../placement/place-room.ts";
import { admitOpening, assertBus } from "../session/admit-opening.ts";
import { asFullIfOlder } from "./open-at-node.ts";
import { nobody, proveKey } from "./open-whip.ts";

export type IngestRequest = {
  /** As the encoder sent it. */
  key: string;
  /** It had the place, and comes back since its room has moved: it counts for no rate. */
  isReturn: boolean;
  /** Whether the encoder still waits. */
  isWanted: () => boolean;
};

/** A publisher's place at the home of its broadcast. */
export type IngestPlace = { broadcastId: string; incarnation: string; sessionId: string };

/**
 * Gives a broadcast to a publisher whose media this process takes in, as `openWhip` does to one whose media the node takes.
 *
 * @throws {FairleadError} As `openWhip`.
 */
export async function openIngest(caller: Caller, request: IngestRequest): Promise<IngestPlace> {
  const { shared, address } = caller;
  assertBus(shared);
  const { key, isReturn, isWanted } = request;
  // A neighbour who guesses keys must not end a stream that is there already.
  const proving = isReturn ? { ...caller, address: undefined } : caller;
  const { room, keyHash } = await proveKey(proving, { key }).catch(async (error: unknown) => {
    throw await refusalOfStranger(proving, error);
  });
  const { roomId } = room;
  if (stateOf(room, shared.now()) === "ended") {
    if (!isReturn) await countRates(caller, ratesOf(shared.rateLimits, { address }));
    throw new FairleadError("broadcast_ended");
  }
  const rates = isReturn ? [] : ratesOf(shared.rateLimits, { address, room: roomId });
  if (!isReturn) admitOpening(shared);
  const newcomer = { roomId, peer: nobody(), rates, mayClaim: false, isWanted };
  return openSomewhere(caller, newcomer, (placed) => openAtHome(caller, { placed, keyHash, isWanted }));
}

type AtHome = { placed: PlacedRoom; keyHash: string; isWanted: () => boolean };

async function openAtHome(
  { bus, log, address }: Caller,
  { placed, keyHash, isWanted }: AtHome,
): Promise<IngestPlace> {
  const { incarnation, roomId } = placed.lease;
  const request = {
    ...placed,
    kind: "rtmp" as const,
    keyHash,
    ...(address === undefined ? {} : { address }),
  };
  const { sessionId, run } = await callNode(bus, incarnation, "ingest.open", request).catch(asFullIfOlder);
  log.info("ingest.opened", { roomId, incarnation, address, run });
  if (!isWanted()) await callNode(bus, incarnation, "ingest.close", { roomId, sessionId }).catch(() => {});
  return { broadcastId: roomId, incarnation, sessionId };
}
