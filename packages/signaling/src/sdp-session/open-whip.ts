import {
  broadcastOfKey,
  FairleadError,
  hashStreamKey,
  hasKeyHash,
  type KeyHash,
  randomId,
  StreamKey,
} from "@fairlead/protocol";
import { countRates, ratesOf } from "../abuse/count-rates.ts";
import { type BroadcastRoom, findBroadcast, stateOf } from "../broadcast/find-broadcast.ts";
import type { Caller } from "../http/caller.ts";
import { openSomewhere } from "../placement/open-somewhere.ts";
import { admitOpening, assertBus } from "../session/admit-opening.ts";
import { type OpenedSdpSession, openAtNode } from "./open-at-node.ts";

export type WhipRequest = {
  /** Of the path; undefined: the key says which one it is. */
  broadcastId?: string;
  /** As it was sent; null: none was. */
  key: string | null;
  offer: string;
  isWanted: () => boolean;
};

/**
 * Opens a publisher's WHIP session. Without the registry nobody's key can be proven: new publishers wait for it.
 *
 * @throws {FairleadError} `stream_key_invalid`, also where there is no such broadcast; `broadcast_ended`, `rate_limited`, `no_capacity`,
 * `registry_…`, `bus_disconnected`; what the node refuses with.
 */
export async function openWhip(caller: Caller, request: WhipRequest): Promise<OpenedSdpSession> {
  const { shared, address } = caller;
  assertBus(shared);
  const { room, keyHash } = await proveKey(caller, request);
  const { roomId } = room;
  if (stateOf(room, shared.now()) === "ended") {
    await countRates(caller, ratesOf(shared.rateLimits, { address }));
    throw new FairleadError("broadcast_ended");
  }
  admitOpening(shared);
  const { offer, isWanted } = request;
  const rates = ratesOf(shared.rateLimits, { address, room: roomId });
  const newcomer = { roomId, peer: nobody(), rates, mayClaim: false, isWanted };
  const whip = { offer, keyHash, ...(address === undefined ? {} : { address }) };
  return openSomewhere(caller, newcomer, (placed) =>
    openAtNode(caller, "whip.open", { ...placed, ...whip }, { bearer: keyHash, isWanted }),
  );
}

/** A broadcast has no bans by stream key: it is given another key. */
export function nobody(): { identity: string; ticketId: string } {
  return { identity: randomId(), ticketId: randomId() };
}

/** Whether the broadcast is another one, or none, or its key another one: the refusal is the same, and tells nothing of what there is. */
export async function proveKey(
  caller: Caller,
  { key, broadcastId }: Pick<WhipRequest, "key" | "broadcastId">,
): Promise<{ room: BroadcastRoom; keyHash: KeyHash }> {
  if (key === null)
    throw new FairleadError("stream_key_invalid", { message: "no stream key: Authorization: Bearer …" });
  const { data } = StreamKey.safeParse(key);
  const roomId = data && broadcastOfKey(data);
  if (!data || !roomId || (broadcastId !== undefined && broadcastId !== roomId)) throw wrongKey();
  const [keyHash, room] = await Promise.all([hashStreamKey(data), readForKey(caller, roomId)]);
  if (!hasKeyHash(room.broadcast.keyHashes, keyHash)) throw wrongKey();
  return { room, keyHash };
}

/** Those who guess keys make no more work once they are refused, though their address may have others. */
async function readForKey(caller: Caller, roomId: string): Promise<BroadcastRoom> {
  const { shared, address } = caller;
  const rates = ratesOf(shared.rateLimits, { address, stranger: address });
  return findBroadcast(caller, roomId, rates).catch((error: unknown) => {
    const isNone = error instanceof FairleadError && error.code === "broadcast_not_found";
    throw isNone ? wrongKey() : error;
  });
}

function wrongKey(): FairleadError {
  return new FairleadError("stream_key_invalid");
}
